"""What may be asked of a sandbox, and how it reaches bubblewrap."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.port import BadMount, SandboxError, SandboxSpec
from hiringhall.workers.sandboxes.profile import Profile, build_profile, check_mount


@pytest.fixture
def spec(tmp_path: Path) -> SandboxSpec:
    for name in ("workspace", "session"):
        (tmp_path / name).mkdir()
    return SandboxSpec(
        name="run",
        argv=["program", "--flag"],
        environment={"KEY": "value"},
        workspace=tmp_path / "workspace",
        session=tmp_path / "session",
    )


def build(spec: SandboxSpec, forbidden: tuple[Path, ...] = ()) -> Profile:
    return build_profile(spec, first_fd=4, seccomp=b"filter", forbidden=forbidden)


def has(profile: Profile, *words: str) -> bool:
    options = list(profile.options)
    return any(options[at : at + len(words)] == list(words) for at in range(len(options)))


def test_every_wall_is_asked_for(spec: SandboxSpec) -> None:
    profile = build(spec)
    for name in ("user", "pid", "net", "ipc", "uts", "cgroup"):
        assert has(profile, f"--unshare-{name}")
    for option in ("--disable-userns", "--die-with-parent", "--new-session"):
        assert has(profile, option)
    assert has(profile, "--cap-drop", "ALL")
    assert has(profile, "--setenv", "KEY", "value")
    for path in ("/", "/dev", "/proc"):
        assert has(profile, "--remount-ro", path)


def test_what_tells_of_the_whole_machine_is_covered(spec: SandboxSpec) -> None:
    profile = build(spec)
    for name in ("keys", "kmsg", "kcore", "timer_list", "kpageflags"):
        if Path("/proc", name).exists():
            assert has(profile, "--ro-bind", "/dev/null", f"/proc/{name}")


def test_every_memory_file_system_has_a_size(spec: SandboxSpec) -> None:
    options = list(build(spec).options)
    for at, option in enumerate(options):
        if option == "--tmpfs":
            assert options[at - 2] == "--size", options[at + 1]


def test_files_are_named_by_their_descriptors(spec: SandboxSpec) -> None:
    profile = build(spec)
    at = list(profile.options).index("--seccomp")
    assert profile.files[int(profile.options[at + 1]) - 4] == b"filter"
    passwd = list(profile.options).index("/etc/passwd")
    assert b"root" not in profile.files[int(profile.options[passwd - 1]) - 4]


def test_only_what_the_worker_writes_to_is_writable(spec: SandboxSpec) -> None:
    options = list(build(replace(spec, sockets=spec.session)).options)
    writable = [options[at + 2] for at, option in enumerate(options) if option == "--bind"]
    assert writable == ["/workspace", "/session"]
    assert "--dev-bind" not in options


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"argv": []}, "No program"),
        ({"argv": ["a\0b"]}, "character"),
        ({"environment": {"A": "b\0--bind\0/\0/x"}}, "character"),
        ({"environment": {"A": "\ud800"}}, "character"),
        ({"relays": {"a b": 4000}}, "name of a socket"),
        ({"relays": {"../x": 4000}}, "name of a socket"),
        ({"relays": {"model.sock": 80}}, "port"),
        ({"relays": {"model.sock": 70000}}, "port"),
    ],
)
def test_what_no_sandbox_can_be_given(
    spec: SandboxSpec, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SandboxError, match=sentence):
        build(replace(spec, **change))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "source",
    ["relative", "/no/such/path", "/", "/proc", "/proc/self", "/sys", "/dev", "/dev/null", "/run"],
)
def test_sources_that_are_never_shown(source: str) -> None:
    with pytest.raises(BadMount):
        check_mount(Path(source), "/opt/x", forbidden=())


def test_the_halls_own_folders_are_never_shown(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "runs").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "link").symlink_to(data)
    for source in (data, data / "runs", tmp_path, tmp_path / "tools" / "link"):
        with pytest.raises(BadMount, match="own data"):
            check_mount(source, "/opt/x", forbidden=[data])
    shown = check_mount(tmp_path / "tools", "/opt/tools", forbidden=[data])
    assert shown == (str(tmp_path.resolve() / "tools"), "/opt/tools")


def test_a_socket_is_no_mount(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        with pytest.raises(BadMount, match="folder or a file"):
            check_mount(tmp_path / "docker.sock", "/opt/x", forbidden=())


@pytest.mark.parametrize(
    "destination",
    [
        *("relative", "/", "/tmp", "/var", "/proc", "/proc/x", "/sys/x", "/dev/x", "/run/hall"),  # noqa: S108
        *("/etc/passwd", "/usr/local", "/bin", "/lib64", "/workspace", "/workspace/x", "/session"),
        *("/opt/../etc", "/opt/./x", "/opt//x", "/opt/", "//opt", "/opt/a\0b"),
    ],
)
def test_places_inside_that_are_not_free(tmp_path: Path, destination: str) -> None:
    with pytest.raises(SandboxError):
        check_mount(tmp_path, destination, forbidden=())
