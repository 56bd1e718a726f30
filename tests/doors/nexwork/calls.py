"""The cURL calls of seed 003, run as they are printed but for host, key and ids."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

PAGE = Path(__file__).with_name("page")
HOST, KEY = "https://nxwork.io", "nxw_..."
TIMEOUT_S = 60


def call(name: str, *, url: str, key: str, ids: Mapping[str, str]) -> Any:
    """What the hall answers to a call of the page; with the machine's curl where it has one."""
    command = (PAGE / f"{name}.sh.txt").read_text().strip()
    for printed, real in ((HOST, url), (KEY, key), *ids.items()):
        assert printed in command or printed not in (HOST, KEY), printed
        command = command.replace(printed, real)
    if shutil.which("curl") is None:
        return by_hand(command)
    ran = subprocess.run(
        ["sh", "-c", f"{command} --silent --show-error --noproxy '*'"],
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    return json.loads(ran.stdout)


def by_hand(command: str) -> Any:
    """The same request without curl: the three options that the page uses, read as curl does."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words.pop(0) == "curl"
    method, headers, body, url = "GET", dict[str, str](), None, ""
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            case "-d":
                body = words.pop(0).replace("\n", "")
            case word:
                assert not word.startswith("-"), word
                url = word
    with httpx.Client(trust_env=False, timeout=TIMEOUT_S) as http:
        return http.request(method, url, headers=headers, content=body).json()
