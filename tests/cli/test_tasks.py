"""`hiringhall tasks`: what each command asks of a hall, prints, and ends with."""

import json
import shlex
import stat
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from hiringhall.cli.outcome import Exit
from hiringhall.doors.agentwork.wire import Status
from tests.cli.conftest import Shell
from tests.support.agentwork_standin import StandIn, refusal


def posted(shell: Shell) -> str:
    made = shell("tasks", "create", "Landing page", "-d", "Hero.")
    assert made.code == 0, made.err
    return made.out.strip()


def test_create_prints_the_id_alone(at_standin: Shell, standin: StandIn) -> None:
    task_id = posted(at_standin)
    assert task_id in standin.tasks
    assert standin.seen[-1].json == {"title": "Landing page", "description": "Hero."}
    assert "idempotency-key" not in standin.seen[-1].headers


def test_create_takes_the_description_from_a_file_or_stdin(
    at_standin: Shell, standin: StandIn, tmp_path: Path
) -> None:
    brief = tmp_path / "brief.md"
    brief.write_text("From a file: ä")
    assert at_standin("tasks", "create", "T", "-f", str(brief)).code == 0
    assert standin.seen[-1].json["description"] == "From a file: ä"
    assert at_standin("tasks", "create", "T", stdin="From stdin").code == 0
    assert standin.seen[-1].json["description"] == "From stdin"
    assert at_standin("tasks", "create", "T", "-f", "-", stdin="Again").code == 0
    assert standin.seen[-1].json["description"] == "Again"
    missing = at_standin("tasks", "create", "T", "-f", str(tmp_path / "none"))
    assert missing.code == Exit.NOT_FOUND
    assert at_standin("tasks", "create", "T", "-d", "x", "-f", "-").code == Exit.USAGE


def test_create_passes_what_goes_beyond_the_seed(at_standin: Shell, standin: StandIn) -> None:
    made = at_standin(
        *("tasks", "create", "T", "-d", "D", "--repository", "https://git.example/r"),
        *("--role", "formatter", "--approve-plan", "--idempotency-key", "once", "--json"),
    )
    assert made.json == {"task_id": next(iter(standin.tasks)), "status": "processing"}
    assert standin.seen[-1].json == {
        "title": "T",
        "description": "D",
        "repository": "https://git.example/r",
        "role": "formatter",
        "require_spec_approval": True,
    }
    assert standin.seen[-1].headers["idempotency-key"] == "once"


def test_list_when_piped_is_one_line_a_task(at_standin: Shell, standin: StandIn) -> None:
    first, second = posted(at_standin), posted(at_standin)
    listed = at_standin("tasks", "list")
    assert [line.split("\t")[0] for line in listed.lines] == [second, first]
    assert listed.lines[0].split("\t")[1:] == [
        "awaiting_reply",
        "2026-02-22T12:00:00",
        "Landing page",
    ]
    assert at_standin("tasks", "list", "--limit", "1").lines == listed.lines[:1]
    assert at_standin("tasks", "list", "--status", "completed").out == ""
    assert len(at_standin("tasks", "list", "--json").json["tasks"]) == 2
    assert standin.seen[-1].path == "/api/v1/tasks/"


def test_list_knows_the_words_of_a_status(at_standin: Shell, standin: StandIn) -> None:
    wrong = at_standin("tasks", "list", "--status", "bogus")
    assert wrong.code == Exit.USAGE
    for word in get_args(Status):
        assert word in wrong.err
        assert at_standin("tasks", "list", "--status", word).code == 0
    assert len(standin.seen) == len(get_args(Status))


def test_show_says_what_a_task_waits_for(at_standin: Shell, standin: StandIn) -> None:
    task_id = posted(at_standin)
    task = standin.tasks[task_id]
    task.log = [("status", "Task received"), ("status", "Waiting: no\nrole"), ("reply", "Hello")]
    assert "no role" not in at_standin("tasks", "show", task_id).out
    task.status = "processing"
    assert at_standin("tasks", "show", task_id).lines[-1] == "Waiting: no role"
    assert at_standin("tasks", "show", task_id, "--json").json["status"] == "processing"
    task.log = []
    assert at_standin("tasks", "show", task_id).code == 0


def test_a_task_from_question_to_result(
    at_standin: Shell, standin: StandIn, tmp_path: Path
) -> None:
    task_id = posted(at_standin)
    shown = at_standin("tasks", "show", task_id)
    assert "[1] Which framework?" in shown.out
    assert "      - React" in shown.out
    assert f"hiringhall tasks reply {task_id}" in shown.err

    answers = ("-a", "1=React", "-a", "2=Auth", "-a", "2=Payments", "-a", "0=a = b")
    assert at_standin("tasks", "reply", task_id, *answers).code == 0
    assert standin.seen[-1].json == {
        "answers": [
            {"question_index": 1, "selected": "React"},
            {"question_index": 2, "selected": ["Auth", "Payments"]},
            {"question_index": 0, "selected": "a = b"},
        ]
    }
    assert at_standin("tasks", "reject", task_id, "-r", "Too small").code == 0
    assert standin.seen[-1].json == {"status": "REJECTED", "rejection_reason": "Too small"}
    assert "Here is the solution." in at_standin("tasks", "show", task_id).out
    assert "now: completed" in at_standin("tasks", "approve", task_id).out
    assert standin.seen[-1].json == {"status": "CONFIRMED"}

    target = tmp_path / "out"
    result = at_standin("tasks", "result", task_id, "--to", str(target))
    assert result.code == 0
    assert (target / "src" / "App.tsx").read_bytes() == b"export const a = 1;\n"
    assert [one.name for one in (target / "src").iterdir()] == ["App.tsx"]
    again = at_standin("tasks", "result", task_id, "--to", str(target))
    assert again.code == Exit.REFUSED
    assert "--overwrite" in again.err
    assert at_standin("tasks", "result", task_id, "--to", str(target), "--overwrite").code == 0

    refused = at_standin("tasks", "cancel", task_id)
    assert refused.code == Exit.REFUSED
    assert "already completed" in refused.err


def test_no_key_goes_to_where_files_are(
    at_standin: Shell, standin: StandIn, tmp_path: Path
) -> None:
    task_id = posted(at_standin)
    standin.tasks[task_id].status = "completed"
    assert at_standin("tasks", "result", task_id, "-o", str(tmp_path / "o")).code == 0
    download = standin.seen[-1]
    assert download.path.startswith("/download/")
    assert "authorization" not in download.headers


def test_plain_replies(at_standin: Shell, standin: StandIn) -> None:
    task_id = posted(at_standin)
    assert at_standin("tasks", "reply", task_id, "Blue.").code == 0
    assert standin.seen[-1].json == {"message": "Blue."}
    standin.tasks[task_id].status = "awaiting_reply"
    assert at_standin("tasks", "reply", task_id, "-", stdin="From stdin").code == 0
    assert standin.seen[-1].json == {"message": "From stdin"}
    late = at_standin("tasks", "reply", task_id, "Too late")
    assert late.code == Exit.REFUSED


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        (["React"], "write it as"),
        (["x=React"], "write it as"),
        (["-1=React"], "write it as"),
        (["9=React"], "There is no question 9"),
        (["1=React", "1=Vue"], "takes one answer"),
        ([], "--answer"),
    ],
)
def test_answers_that_do_not_fit_are_not_sent(
    at_standin: Shell, standin: StandIn, answers: list[str], complaint: str
) -> None:
    task_id = posted(at_standin)
    flags = [part for answer in answers for part in ("--answer", answer)]
    refused = at_standin("tasks", "reply", task_id, *flags)
    assert refused.code == Exit.USAGE
    assert complaint in refused.err
    assert [seen.method for seen in standin.seen[1:]] == ["GET"]


def test_plans(at_standin: Shell, standin: StandIn) -> None:
    task_id = posted(at_standin)
    assert at_standin("tasks", "plan", task_id).code == Exit.REFUSED
    standin.tasks[task_id].status = "awaiting_spec_approval"
    assert "First A, then B." in at_standin("tasks", "plan", task_id).out
    assert at_standin("tasks", "plan", task_id, "--reject", "-r", "B first").code == 0
    assert standin.seen[-1].path.endswith("/spec-status")
    assert standin.seen[-1].json == {"status": "REJECTED", "rejection_reason": "B first"}
    assert at_standin("tasks", "plan", task_id, "--approve").code == 0


def test_watch_ends_when_it_is_somebodys_turn(at_standin: Shell) -> None:
    task_id = posted(at_standin)
    watched = at_standin("tasks", "watch", task_id)
    assert watched.code == 0
    assert "Analyzing requirements..." in watched.lines[0]
    assert "Which framework?" in watched.out
    in_json = at_standin("tasks", "watch", task_id, "--json")
    lines = [json.loads(line) for line in in_json.lines]
    assert [next(iter(line)) for line in lines] == ["event", "event", "status"]
    assert lines[-1]["status"]["status"] == "awaiting_reply"
    assert in_json.err == ""


def test_watch_says_nothing_twice(at_standin: Shell, standin: StandIn) -> None:
    task_id = posted(at_standin)
    whole = at_standin("tasks", "watch", task_id).lines
    # A hall that restarts in the middle of it.
    begun = JSONResponse({"task_id": task_id, "status": "processing"})
    standin.answers.extend([begun, refusal(503, "restarting"), refusal(503, "restarting")])
    again = at_standin("tasks", "watch", task_id)
    assert again.code == 0
    assert again.lines == whole
    assert again.err.startswith("The hall does not answer; asking again.\nAnswer with")
    later = at_standin("tasks", "watch", task_id, "--after", "1")
    assert later.lines == whole[1:]
    # One that never answered is not waited for.
    standin.answers.append(refusal(503, "restarting"))
    assert at_standin("tasks", "watch", task_id).code == Exit.LATER
    late = at_standin("tasks", "watch", task_id, "--until-done", "--timeout", "0")
    assert f"'hiringhall tasks watch {task_id} --after 2'" in late.err


def test_watch_says_by_its_code_how_it_ended(at_standin: Shell) -> None:
    task_id = posted(at_standin)
    late = at_standin("tasks", "watch", task_id, "--until-done", "--timeout", "0")
    assert late.code == Exit.LATER
    assert "awaiting_reply" in late.err
    assert at_standin("tasks", "cancel", task_id).code == 0
    assert at_standin("tasks", "watch", task_id).code == Exit.FAILED


def test_events(at_standin: Shell) -> None:
    task_id = posted(at_standin)
    assert at_standin("tasks", "events", task_id).lines[1] == "14:30:01  ? What is it for?"
    assert len(at_standin("tasks", "events", task_id, "--json").json["events"]) == 2


@pytest.mark.parametrize(
    ("status", "detail", "code"),
    [
        (400, "Title cannot be empty", Exit.REFUSED),
        (401, "Invalid or missing API key", Exit.UNAUTHORIZED),
        (404, "Task not found", Exit.NOT_FOUND),
        (409, "Key was used for another body", Exit.REFUSED),
        (413, "Too large", Exit.REFUSED),
        (429, "Out of credits", Exit.LATER),
        (500, "An internal error occurred", Exit.FAILED),
        (302, "", Exit.FAILED),
    ],
)
def test_refusals_end_in_one_sentence_and_a_code(
    at_standin: Shell, standin: StandIn, status: int, detail: str, code: Exit
) -> None:
    standin.answers.append(refusal(status, detail, request_id="a1b2c3d4e5f6"))
    refused = at_standin("tasks", "show", "x")
    assert refused.code == code
    assert detail in refused.err
    assert "a1b2c3d4e5f6" in refused.err
    assert refused.out == ""
    assert len(refused.err.splitlines()) == 1


def test_what_is_no_hall_is_said_to_be_none(at_standin: Shell, standin: StandIn) -> None:
    standin.answers.append(HTMLResponse("<h1>hello</h1>"))
    other = at_standin("tasks", "list")
    assert other.code == Exit.UNREACHABLE
    assert "not as a hall does" in other.err
    nobody = at_standin("tasks", "list", "--url", "http://127.0.0.1:1")
    assert nobody.code == Exit.UNREACHABLE
    assert "hiringhall serve" in nobody.err
    assert at_standin("tasks", "list", "--url", "localhost:8470").code == Exit.USAGE


@pytest.mark.parametrize("task_id", ["../../auth/register", "a/b?c#d", "ä", "%2e%2e"])
def test_an_id_stays_one_step_of_the_path(
    at_standin: Shell, standin: StandIn, task_id: str
) -> None:
    assert at_standin("tasks", "cancel", task_id).code == Exit.NOT_FOUND
    assert len(standin.seen) == 1
    assert standin.seen[0].raw_path == f"/api/v1/tasks/{quote(task_id, safe='')}/cancel"
    assert at_standin("tasks", "cancel", "..").code == Exit.USAGE


def test_a_strangers_text_cannot_act_on_the_terminal(at_standin: Shell, standin: StandIn) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b31m\rfoo\u202egnp.exe\u2028end [red]x[/red] 👩\u200d💻 ä"
    task_id = posted(at_standin)
    task = standin.tasks[task_id]
    task.title = hostile
    task.log = [("status", hostile)]
    standin.answers.append(refusal(400, hostile))
    outputs = [
        at_standin("tasks", "show", task_id),
        at_standin("tasks", "show", task_id),
        at_standin("tasks", "list"),
        at_standin("tasks", "list", "--json"),
        at_standin("tasks", "events", task_id),
        at_standin("tasks", "watch", task_id),
    ]
    for ran in outputs:
        text = ran.out + ran.err
        assert not set("\x1b\x07\x9b\r\u202e\u2028") & set(text), ran
    assert "\\x1b[2J" in outputs[1].out
    assert "[red]x[/red] 👩\u200d💻 ä" in outputs[1].out


def test_a_command_to_paste_holds_no_other_command(at_standin: Shell, standin: StandIn) -> None:
    status = {"task_id": "x; rm -rf ~ #\n$(id)", "status": "completed", "title": "T"}
    standin.answers.append(JSONResponse(status))
    shown = at_standin("tasks", "show", "x")
    (command,) = [line for line in shown.err.splitlines() if "hiringhall tasks" in line]
    words = shlex.split(command)
    assert words[-3:] == ["x; rm -rf ~ # $(id)", "--to", "FOLDER"]


def test_where_the_key_comes_from(shell: Shell, standin: StandIn, tmp_path: Path) -> None:
    shell.set(HIRINGHALL_URL=standin.url)
    nobody = shell("tasks", "list")
    assert nobody.code == Exit.UNAUTHORIZED
    assert "hiringhall register" in nobody.err
    assert standin.seen == []

    registered = shell("register", "--email", "ada@example.org", "--name", "Ada", "--json")
    stored = Path(registered.json["stored_in"])
    assert "api_key" not in registered.json
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700
    assert shell("tasks", "list").code == 0
    assert standin.seen[-1].key == json.loads(stored.read_text())[standin.url]["api_key"]

    other, third = standin.register(), standin.register()
    shell.set(AGENTWORK_API_KEY=other)
    shell("tasks", "list")
    assert standin.seen[-1].key == other
    file = tmp_path / "key"
    file.write_text(f"{third}\n")
    file.chmod(0o600)
    shell("tasks", "list", "--key-file", str(file))
    assert standin.seen[-1].key == third
    file.chmod(0o640)
    open_file = shell("tasks", "list", "--key-file", str(file))
    assert open_file.code == Exit.UNAUTHORIZED
    assert "chmod 600" in open_file.err


def test_a_stored_key_goes_to_its_own_hall_only(shell: Shell, standin: StandIn) -> None:
    shell("register", "--email", "a@example.org", "--name", "A", "--url", standin.url)
    elsewhere = shell("tasks", "list", "--url", f"{standin.url}/agentwork")
    assert elsewhere.code == Exit.UNAUTHORIZED
    assert shell("tasks", "list", "--url", f"{standin.url}/").code == 0
    assert shell("logout", "--url", standin.url).code == 0
    assert shell("tasks", "list", "--url", standin.url).code == Exit.UNAUTHORIZED


def test_register_can_print_the_key(shell: Shell, standin: StandIn) -> None:
    given = ("--email", "a@example.org", "--name", "A", "--url", standin.url)
    silent = shell("register", *given)
    assert "aw_live_" in silent.out
    assert not set(silent.out.split()) & standin.keys
    taken = shell("register", *given)
    assert taken.code == Exit.REFUSED
    assert "already registered" in taken.err
    standin.emails.clear()
    loud = shell("register", *given, "--print-key")
    assert loud.lines[-1] in standin.keys


def test_login_stores_a_key_that_the_hall_takes(shell: Shell, standin: StandIn) -> None:
    shell.set(HIRINGHALL_URL=standin.url)
    key = standin.register()
    assert shell("login", "--key-stdin", stdin="aw_live_wrong\n").code == Exit.UNAUTHORIZED
    assert shell("login", "--key-stdin", stdin="two words\n").code == Exit.UNAUTHORIZED
    assert shell("login", "--key-stdin", stdin=f"{key}\n").code == 0
    assert shell("tasks", "list").code == 0
    assert standin.seen[-1].key == key


def test_login_never_takes_a_password_from_the_command_line(shell: Shell, standin: StandIn) -> None:
    shell.set(HIRINGHALL_URL=standin.url)
    assert shell("login", "--email", "a@example.org", "--password", "x").code == Exit.USAGE
    assert shell("login", "--email", "a@example.org").code == Exit.USAGE
    standin.answers.append(refusal(401, "Invalid credentials"))
    wrong = shell("login", "--email", "a@example.org", "--password-stdin", stdin="secret\n")
    assert wrong.code == Exit.UNAUTHORIZED
    assert standin.seen[-1].json["password"] == "secret"
    assert "secret" not in wrong.err


def test_a_key_is_shown_in_no_error(shell: Shell, standin: StandIn) -> None:
    shell.set(HIRINGHALL_URL=standin.url, HIRINGHALL_API_KEY="aw_live_top secret")
    bad = shell("tasks", "list")
    assert bad.code == Exit.UNAUTHORIZED
    assert "top" not in bad.err
    assert standin.seen == []
    bad_url = shell("tasks", "list", "--url", "https://me:hunter2@hall.example")
    assert bad_url.code == Exit.USAGE
    assert "hunter2" not in bad_url.err
