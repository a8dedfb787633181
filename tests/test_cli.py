"""How every command starts and ends."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from pix2pix.__main__ import COMMANDS, read
from pix2pix.cli import run_command
from pix2pix.training import options
from pix2pix.utils import UserError


@pytest.mark.parametrize(("set_by_user", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(set_by_user, kept, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", set_by_user or "")
    if set_by_user is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    seen = []
    run_command(lambda _: seen.append(os.environ["OMP_WAIT_POLICY"]), [])
    assert seen == [kept]


def test_ctrl_c_is_one_line(capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        run_command(interrupted, [])
    assert stop.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("command", ["train.py", "data check", "data pair", "data split", *COMMANDS])
def test_help_names_values_by_words_and_breaks_lines_where_they_are_full(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match=r"^0$"):
        options.read(["--help"]) if command == "train.py" else read([*command.split(), "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if re.search(r"\b(STR|PATH|None)\b|\[\[", line)]
    assert max(map(len, lines)) <= 80
    for line, after in pairwise(lines):
        indent = len(after) - len(after.lstrip())
        assert line.strip() or not after.startswith("  -")
        if indent > 8 and line[indent - 2 : indent] == "  " and line[indent : indent + 1].strip():
            assert len(line) + 1 + len(after.split()[0]) > 78, f"broken too early: {line!r}"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--epochs", "many"], ["--epochs", "'many'"]),
        (["--jiter"], ["--jiter", "--jitter"]),
        (["--depth"], ["--depth"]),
    ],
)
def test_a_wrong_flag_is_one_line_of_words_that_names_it(arguments, named):
    with pytest.raises(UserError) as error:
        options.read(["--data", "synthetic", *arguments])
    assert all(name in str(error.value) for name in named)
    assert not re.search(r"\n|  |---", str(error.value)) and len(str(error.value)) < 200


@pytest.mark.parametrize("command", ["from train import main", "from pix2pix.__main__ import main"])
def test_no_command_loads_torch_before_it_is_called(command):
    """OpenMP reads how its threads shall wait when torch is loaded."""
    code = f"import sys, pix2pix.cli; {command}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def failing(error: Exception):
    def main(_):
        raise error

    return main


def test_what_a_user_can_mend_is_one_line(capsys):
    for error in (UserError("no checkpoint at x:\n name another"), FileNotFoundError(2, "No such file", "x")):
        with pytest.raises(SystemExit) as stop:
            run_command(failing(error), [])
        assert stop.value.code == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ") and len(said.splitlines()) == 1


def test_a_reader_who_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "pix2pix", "translate", "--help"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[1])
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == 141
    process.stderr.close()


def test_what_the_system_says_of_a_file_is_told_without_its_number(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run_command(lambda _: (tmp_path / "none").read_bytes(), [])
    assert capsys.readouterr().err == f"error: {tmp_path / 'none'}: No such file or directory\n"


def test_a_fault_of_the_program_keeps_its_traceback():
    for error in (ValueError("operands could not be broadcast"), KeyError("x"), RuntimeError("x")):
        with pytest.raises(type(error)):
            run_command(failing(error), [])


def test_debugging_shows_the_traceback_of_everything(monkeypatch):
    monkeypatch.setenv("PIX2PIX_DEBUG", "1")
    with pytest.raises(UserError, match="no checkpoint"):
        run_command(failing(UserError("no checkpoint")), [])


def test_what_is_raised_for_people_is_no_plain_value_error():
    """`synthetic` alone raises those: no command hands it what a person wrote."""
    root = Path(__file__).parents[1]
    files = [root / "app.py", root / "train.py", *(root / "pix2pix").rglob("*.py")]
    plain = {path.parent.name for path in files if "raise ValueError" in path.read_text(encoding="utf-8")}
    assert plain == {"synthetic"}
