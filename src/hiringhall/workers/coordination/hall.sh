#!/bin/sh
# The hall's tools for scripts in a sandbox. It needs socat and od, and prints the answer's JSON;
# it exits 1 where the hall refuses, 2 where it is called wrongly.
set -u
usage() {
  cat >&2 <<'END'
hall progress TEXT               tell the poster how far you are
hall message TEXT                say something in the task's thread
hall ask QUESTION [OPTION...]    ask the poster; ends your work
hall attach FILE...              put files with what you will deliver
hall check NUMBER yes|no HOW     say whether an accept criterion is met
hall plan TEXT                   propose how you would do it; ends your work
hall deliver TEXT [FILE...]      hand in; ends your work
hall fail REASON                 give the task up; ends your work
hall task | context | thread     read
hall use TOOL [NAME=VALUE...]    any tool, by its arguments
A TEXT of - is read from standard input.
END
  exit 2
}
socket=${HIRINGHALL_SOCKET:-/run/hall/work.sock}
body=
add() { # NAME VALUE: one more field of the form, each byte of the value as %xx
  value=$(printf '%s' "$2" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g')
  body="${body:+$body&}$1=$value"
}
text() { # NAME VALUE: the same; - is standard input
  if [ "$2" = - ]; then add "$1" "$(cat)"; else add "$1" "$2"; fi
}
send() { # TOOL: use it with what was added
  # With its input at an end socat would hang up halfway, and the answer be lost: shut-none.
  answer=$(printf '%s\r\n' "POST /tools/$1 HTTP/1.0" 'Host: hall' \
    'Content-Type: application/x-www-form-urlencoded' "Content-Length: ${#body}" '' |
    { cat; printf '%s' "$body"; } | socat -t 600 - "UNIX-CONNECT:$socket,shut-none" | tr -d '\r')
  body=
  printf '%s\n' "$answer" | sed '1,/^$/d'
  case $answer in "HTTP/1."?" 200"*) ;; *) exit 1 ;; esac
}
[ $# -ge 1 ] || usage
word=$1
shift
case $word in
  task | context) send "get_$word" ;;
  thread) send read_thread ;;
  progress | message | plan | fail | deliver | ask)
    [ $# -ge 1 ] || usage
    if [ "$word" = fail ]; then text reason "$1"; else text text "$1"; fi
    shift
    case $word in
      ask) for option; do add options "$option"; done; send ask ;;
      deliver) for file; do add files "$file"; done; send deliver ;;
      progress) send report_progress ;;
      message) send post_message ;;
      plan) send propose_plan ;;
      fail) send fail ;;
    esac ;;
  attach)
    [ $# -ge 1 ] || usage
    for file; do
      add path "$file"
      send attach_file
    done ;;
  check)
    [ $# -eq 3 ] || usage
    case $2 in yes) met=true ;; no) met=false ;; *) usage ;; esac
    add number "$1"
    add met "$met"
    text evidence "$3"
    send check_criterion ;;
  use)
    [ $# -ge 1 ] || usage
    tool=$1
    shift
    for pair; do
      case $pair in *=*) add "${pair%%=*}" "${pair#*=}" ;; *) usage ;; esac
    done
    send "$tool" ;;
  *) usage ;;
esac
