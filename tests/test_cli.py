"""How every command starts and ends."""

import os
import subprocess
import sys

import pytest

from pix2pix.cli import run_command


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


@pytest.mark.parametrize("command", ["from train import main", "from pix2pix.__main__ import main"])
def test_no_command_loads_torch_before_it_is_called(command):
    """OpenMP reads how its threads shall wait when torch is loaded."""
    code = f"import sys, pix2pix.cli; {command}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
