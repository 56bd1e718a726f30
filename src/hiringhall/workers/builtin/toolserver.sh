# Runs scripts in the sandbox, one after another, for the loop of the hall's own agent.
#
# An order is a line:   NUMBER SECONDS BYTES SCRIPT STDIN      (the last two in base64, or -)
# its answer another:   NUMBER CODE SIZE HEAD TAIL             (SIZE bytes were written in all)
#
# What a script leaves running in the background goes on, and ends with the sandbox.
set -f
room=/tmp/.hall
shell=$(command -v bash || command -v sh)
for tool in timeout base64 head tail wc; do
  command -v "$tool" >/dev/null || { echo "lacks $tool"; exit 1; }
done
code64() { base64 | tr -d '\n'; }
plain() { if [ "$1" = - ]; then :; else printf %s "$1" | base64 -d; fi; }

echo ready
while IFS=' ' read -r number seconds bytes script given; do
  mkdir -p "$room" && chmod 700 "$room"
  out=$room/$number.out
  if plain "$script" >"$room/script" && plain "$given" >"$room/given"; then
    timeout -k 2 "$seconds" "$shell" "$room/script" <"$room/given" >"$out" 2>&1
    code=$?
  else
    echo "There is no room left in /tmp" >"$out"
    code=125
  fi
  size=$(wc -c <"$out" 2>/dev/null | tr -d ' ')
  if [ "${size:-0}" -le "$bytes" ]; then
    head=$(code64 <"$out" 2>/dev/null)
    tail=
  else
    head=$(head -c $((bytes / 2)) "$out" | code64)
    tail=$(tail -c $((bytes / 2)) "$out" | code64)
  fi
  rm -f "$out" "$room/script" "$room/given"
  printf '%s %s %s %s %s\n' "$number" "$code" "${size:-0}" "${head:--}" "${tail:--}"
done
