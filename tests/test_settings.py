"""Settings are read once, from the command line, the environment and a file, in that order."""

from pathlib import Path

import pytest

from hiringhall.settings import SettingsError, describe, read_settings, strange_variables
from hiringhall.workers.sandboxes.choose import NAMES


def test_a_relative_folder_is_meant_from_where_the_command_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({}, data_dir=Path("hall")).data_dir == tmp_path / "hall"
    assert read_settings({"HIRINGHALL_DATA_DIR": "hall"}).data_dir == tmp_path / "hall"


def test_options_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "hiringhall.toml").write_text('port = 1\nhost = "::1"\nlocal_runs = 7\n')
    environment = {"HIRINGHALL_PORT": "2", "HIRINGHALL_HOST": "127.0.0.2"}
    settings = read_settings(environment, data_dir=tmp_path, port=3)
    assert (settings.port, settings.host, settings.local_runs) == (3, "127.0.0.2", 7)


def test_the_file_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("local_runs = 7\n")
    environment = {"HIRINGHALL_CONFIG": str(tmp_path / "other.toml")}
    assert read_settings(environment, data_dir=tmp_path).local_runs == 7


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('colour = "red"', "There is no setting 'colour'"),
        ('port = "many"', "HIRINGHALL_PORT cannot be 'many': it takes a whole number"),
        ("port = ", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "hiringhall.toml").write_text(f"{line}\n")
    with pytest.raises(SettingsError, match=complaint):
        read_settings({}, data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "notaurl"),
        ("PUBLIC_URL", "ftp://hall.example"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://hall.example:http"),
        ("PUBLIC_URL", "https://hall.example/?a=b"),
        ("PUBLIC_URL", "https://me:hunter2@hall.example"),
        ("PUBLIC_URL", "https://hall.example\r\nX: y"),
        ("RUN_TIMEOUT_S", "0"),
        ("RUN_TIMEOUT_S", "99999999999"),
        ("PORT", "65536"),
        ("LOCAL_RUNS", "1001"),
        ("SIGN_INS_PER_HOUR", "99999999999999999999999"),
        ("OPENING_BALANCE_CENTS", str(2**63)),
        ("CREDITS_PER_DAY", str(2**53 + 1)),
        ("STRIPE_SECRET_KEY", "sk_hunter2 "),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1,whsec hunter2"),
        ("DATABASE_URL", "mysql://hunter2@localhost/hall"),
        ("DATABASE_URL", "hall.db"),
        ("DATABASE_URL", "sqlite://hall.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "postgresql://"),
        ("SANDBOX", "podman"),
        ("SANDBOX_IMAGE", "an image"),
        ("KUBERNETES_NAMESPACE", "../default"),
        ("KUBERNETES_CLAIM", "Data"),
        ("KUBERNETES_URL", "tcp://cluster"),
        ("MODEL", "a model"),
        ("SANDBOX", "process"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^HIRINGHALL_{name} cannot be .*: it takes ") as said:
        read_settings({f"HIRINGHALL_{name}": value}, data_dir=tmp_path)
    assert "hunter2" not in str(said.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "https://hall.example"),
        ("PUBLIC_URL", "http://[::1]:8470/"),
        ("PUBLIC_URL", "https://example.org/hall"),
        ("RUN_TIMEOUT_S", "1"),
        ("OPENING_BALANCE_CENTS", "0"),
        ("CREDITS_PER_DAY", str(2**53)),
        ("DATABASE_URL", "sqlite:////srv/hall.db"),
        ("DATABASE_URL", "postgresql:///hall?host=/run/postgresql"),
        ("SANDBOX", "process-unsafe"),
        ("SANDBOX", "docker"),
        ("SANDBOX_IMAGE", "ghcr.io/me/sandbox:1.0"),
        ("MODEL", "openai:llama3.3:70b"),
        ("LOG_LEVEL", "WARNING"),
        ("LOG_FORMAT", "json"),
    ],
)
def test_a_value_at_the_edge_is_taken(tmp_path: Path, name: str, value: str) -> None:
    settings = read_settings({f"HIRINGHALL_{name}": value}, data_dir=tmp_path)
    assert str(getattr(settings, name.lower())) == value


def test_the_defaults_are_fit_to_be_given(tmp_path: Path) -> None:
    given = {name: default for name, default, _ in describe() if default}
    assert read_settings(given, data_dir=tmp_path) == read_settings({}, data_dir=tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_sandbox_there_is_can_be_named(tmp_path: Path, name: str) -> None:
    assert read_settings({"HIRINGHALL_SANDBOX": name}, data_dir=tmp_path).sandbox == name


def test_variables_that_are_no_settings_are_found() -> None:
    environment = {
        "HIRINGHALL_PORTT": "1",
        "HIRINGHALL_port": "1",
        "HIRINGHALL_WEATHER": "fine",
        **{f"HIRINGHALL_{name}": "x" for name in ("PORT", "CONFIG", "URL", "API_KEY", "TEST_X")},
        "OTHER_PORTT": "1",
    }
    assert strange_variables(environment) == {
        "HIRINGHALL_PORTT": "HIRINGHALL_PORT",
        "HIRINGHALL_WEATHER": "",
    }
