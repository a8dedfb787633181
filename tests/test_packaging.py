"""The package as it is installed: what it asks for, what it holds, and how it is called from any folder."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from pix2pix import __version__
from pix2pix.inference import checkpoint
from tests.helpers.hub_helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DRAWING = ROOT / "pix2pix" / "evaluation" / "test_drawings" / "palazzo.png"


def asked_for(file: str) -> set[str]:
    """The lines of a requirements file that name a package, with those of the files that it includes."""
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    included = (line.removeprefix("-r").strip() for line in lines if line.startswith("-r"))
    named = {line for line in lines if line and not line.startswith("-r")}
    return named.union(*map(asked_for, included))


def declared(*extras: str) -> set[str]:
    """What pyproject.toml asks for with these extras; an extra that names another one includes it."""
    lines = set(PROJECT["project"]["dependencies"])
    for extra in extras:
        for line in PROJECT["project"]["optional-dependencies"][extra]:
            other = re.fullmatch(r"pix2pix\[(\w+)\]", line)
            lines |= declared(other[1]) if other else {line}
    return lines


@pytest.mark.parametrize(
    ("file", "extras"),
    [("requirements.txt", ()), ("requirements-train.txt", ("train",)), ("requirements-dev.txt", ("dev",))],
)
def test_requirements_say_what_the_package_asks_for(file, extras):
    assert asked_for(file) == declared(*extras)


def test_no_package_is_asked_for_in_two_versions():
    lines = declared(*PROJECT["project"]["optional-dependencies"])
    bounds = {}
    for line in lines:
        bounds.setdefault(re.match(r"[\w-]+", line)[0], set()).add(line)
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["project"]["dynamic"] and "version" not in PROJECT["project"]
    assert re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)[1] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_workflow_runs_the_same_script_as_everybody():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert ".ci/run" in [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]


def test_bundled_checkpoints_are_found_by_name_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert checkpoint.find("facades-live") == ROOT / "checkpoints" / "facades-live"


def test_a_folder_of_that_name_comes_before_the_bundled_checkpoint(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "checkpoints" / "facades-live", tmp_path / "facades-live")
    monkeypatch.chdir(tmp_path)
    assert checkpoint.find("facades-live").resolve() == tmp_path / "facades-live"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what a wheel would put there, by pyproject.toml's own list."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    included = {name: name for name in wheel["packages"]} | wheel["force-include"]
    for source, place in included.items():
        shutil.copytree(ROOT / source, folder / place, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def call(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Call the command as an installed program, in another folder."""
    code = "import sys; sys.argv[0] = 'pix2pix'; from pix2pix.__main__ import main; main()"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_an_installed_package_translates_from_another_folder(installed, tmp_path):
    done = call(installed, tmp_path, "translate", "facades-live", str(DRAWING), "--output", "photos")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "pix2pix", "translate", "checkpoints/facades-live", str(DRAWING)]
    subprocess.run([*command, "--output", str(tmp_path / "clone")], cwd=ROOT, check=True)
    assert (tmp_path / "photos" / "palazzo.png").read_bytes() == (tmp_path / "clone" / "palazzo.png").read_bytes()


def test_what_an_installed_package_lacks_is_one_line_that_says_what_there_is(installed, tmp_path):
    done = call(installed, tmp_path, "translate", "facades", str(DRAWING), "--output", "photos")
    assert done.returncode == 2 and "bundled: facades-live" in done.stderr
    done = call(installed, tmp_path, "deploy", "anna/paint")
    assert done.returncode == 2 and "in a clone, python -m pix2pix deploy" in done.stderr


def test_an_installed_package_is_called_by_its_name(installed, tmp_path):
    assert call(installed, tmp_path, "--help").stdout.startswith("usage: pix2pix COMMAND")
    assert "usage: pix2pix translate" in call(installed, tmp_path, "translate", "--help").stdout
    assert call(installed, tmp_path, "--version").stdout == f"pix2pix {__version__}\n"
