"""Settings are read once, from the command line, the environment and a file, in that order."""

from pathlib import Path

import pytest

from hiringhall.settings import SettingsError, read_settings


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
