"""Repositories over ssh, with a real sshd on loopback: by one key, to known hosts, nothing else."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hiringhall.app import open_app
from hiringhall.settings import SettingsError, read_settings
from hiringhall.workers.git.errors import AddressRefused, NoAccess, RepositoryMissing, Unreachable
from hiringhall.workers.git.ssh import SshAccess, read_ssh
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import Origin, fresh_id, write_files

pytestmark = pytest.mark.anyio

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
with_sshd = pytest.mark.skipif(SSHD is None, reason="apt-get install openssh-server")


def make_key(path: Path) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=30
    )
    return path


@dataclass(frozen=True)
class Host:
    """An sshd that takes one key, and notes what it is asked for."""

    folder: Path
    port: int

    @property
    def access(self) -> SshAccess:
        return SshAccess(self.folder / "key", self.folder / "known hosts")

    @property
    def seen(self) -> str:
        path = self.folder / "seen"
        return path.read_text() if path.exists() else ""

    def url(self, folder: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{folder}"


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    assert SSHD is not None
    folder = tmp_path / "ssh host"
    folder.mkdir()
    key, own = make_key(folder / "key"), make_key(folder / "host-key")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    note = f'env >>\\"{folder}/seen\\"; exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"'
    public = key.with_suffix(".pub").read_text()
    (folder / "authorized").write_text(f'command="{note}" {public}')
    line = own.with_suffix(".pub").read_text()
    (folder / "known hosts").write_text(f"[127.0.0.1]:{port} {line}")
    options = {
        "Port": str(port),
        "ListenAddress": "127.0.0.1",
        "HostKey": f'"{own}"',
        "AuthorizedKeysFile": f'"{folder}/authorized"',
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "yes",
        "AllowAgentForwarding": "yes",
    }
    config = folder / "config"
    config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = (folder / "log").open("wb")
    running = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        until = time.monotonic() + 30
        while not listens(port):
            assert running.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until
        yield Host(folder, port)
    finally:
        running.terminate()
        running.wait(30)
        log.close()


def over_ssh(hall: Path, sandbox: SandboxProvider, access: SshAccess, **more: Any) -> Workspaces:
    return Workspaces(hall, allow_local=True, sandbox=sandbox, ssh=access, **more)


async def prepared(workspaces: Workspaces, url: str) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=fresh_id(),
        repository=url,
        token="a-token-that-is-not-for-ssh",
    )


@with_sshd
async def test_the_main_road_over_ssh(
    hall: Path,
    unwalled: SandboxProvider,
    host: Host,
    origin: Origin,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(host.folder / "agent"))
    workspaces = over_ssh(hall, unwalled, host.access)
    workspace = await prepared(workspaces, host.url(origin.folder))
    write_files(workspace.folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="New")
    assert await workspaces.push(workspace, collected)
    assert origin.tip(workspace.branch) == collected.commit
    assert "git-upload-pack" in host.seen
    assert "git-receive-pack" in host.seen
    assert "SSH_AUTH_SOCK" not in host.seen
    assert "a-token" not in host.seen


@with_sshd
async def test_a_host_whose_key_is_not_known_is_told_nothing(
    hall: Path, unwalled: SandboxProvider, host: Host, origin: Origin
) -> None:
    other = make_key(host.folder / "another").with_suffix(".pub").read_text()
    for known in ("", f"[127.0.0.1]:{host.port} {other}"):
        host.access.known_hosts.write_text(known)
        with pytest.raises(NoAccess, match="HIRINGHALL_SSH_KNOWN_HOSTS_FILE"):
            await prepared(over_ssh(hall, unwalled, host.access), host.url(origin.folder))
    assert host.seen == ""


@with_sshd
async def test_another_key_opens_nothing_and_nothing_is_asked(
    hall: Path, unwalled: SandboxProvider, host: Host, origin: Origin
) -> None:
    other = SshAccess(make_key(host.folder / "another"), host.access.known_hosts)
    with pytest.raises(NoAccess, match="HIRINGHALL_SSH_KEY_FILE") as refused:
        await prepared(over_ssh(hall, unwalled, other), host.url(origin.folder))
    assert not refused.value.retryable
    assert host.seen == ""


@with_sshd
async def test_what_is_not_there_is_said(
    hall: Path, unwalled: SandboxProvider, host: Host, origin: Origin
) -> None:
    workspaces = over_ssh(hall, unwalled, host.access)
    with pytest.raises(RepositoryMissing):
        await prepared(workspaces, host.url(origin.folder.with_name("nowhere.git")))
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nobody = Host(host.folder, unheard.getsockname()[1])
        with pytest.raises(Unreachable):
            await prepared(workspaces, nobody.url(origin.folder))


async def test_a_private_address_is_refused_over_ssh_too(
    hall: Path, unwalled: SandboxProvider, tmp_path: Path
) -> None:
    access = SshAccess(tmp_path / "key", tmp_path / "known")
    strict = Workspaces(hall, allow_local=False, sandbox=unwalled, ssh=access)
    with pytest.raises(AddressRefused, match="private network"):
        await prepared(strict, "ssh://git@127.0.0.1/srv/x.git")
    without = Workspaces(hall, allow_local=False, sandbox=unwalled)
    with pytest.raises(AddressRefused, match="HIRINGHALL_SSH_KEY_FILE"):
        await prepared(without, "ssh://git@git.example/srv/x.git")


def test_what_is_set_up_is_judged_at_the_start(tmp_path: Path) -> None:
    key, known = tmp_path / "key", tmp_path / "known"
    assert read_ssh(None, None) is None
    for given in ((key, None), (None, known)):
        with pytest.raises(ValueError, match="go together"):
            read_ssh(*given)
    with pytest.raises(ValueError, match="KEY_FILE cannot be read"):
        read_ssh(key, known)
    key.write_text("a key\n")
    key.chmod(0o644)
    with pytest.raises(ValueError, match="KNOWN_HOSTS_FILE cannot be read"):
        read_ssh(key, known)
    known.write_text("")
    with pytest.raises(ValueError, match="chmod 600"):
        read_ssh(key, known)
    key.chmod(0o600)
    assert read_ssh(key, known) == SshAccess(key, known)
    with pytest.raises(ValueError, match="no plain file"):
        read_ssh(key, tmp_path)


async def test_a_hall_with_half_of_it_does_not_start(tmp_path: Path, database_url: str) -> None:
    settings = read_settings(
        {"HIRINGHALL_SSH_KEY_FILE": str(tmp_path / "key")},
        data_dir=tmp_path / "data",
        database_url=database_url,
    )
    with pytest.raises(SettingsError, match="go together"):
        async with open_app(settings):
            pass
