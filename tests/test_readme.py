"""The README and its neighbours: links lead somewhere, commands parse, and what is said in Python runs."""

import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from pix2pix import __main__ as command_line
from pix2pix import images, inference, labels, synthetic
from pix2pix.training import options as training_options
from pix2pix.web import options as app_options
from tests.helpers.hub_helpers import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(python|pix2pix|accelerate launch|torchrun)\s")
LAUNCHERS = re.compile(r"^(accelerate launch|torchrun( --[\w-]+ \d+)?) ")


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, "" for those that name none."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for named, block in fences if named == language]


def commands(page: Path) -> list[str]:
    """Command lines of a page, in blocks and in backticks; of a chain, what stands behind `&&` too."""
    text = read(page)
    lines = [line.split("  #")[0] for block in blocks(text, "") for line in block.splitlines()]
    lines += [" ".join(line.split()) for line in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if COMMAND.match(part) and part != "python -m pix2pix"]


def headings(page: Path) -> set[str]:
    """The anchors that the Hub and GitHub make of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", read(page), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(read(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), link
        assert there.is_relative_to(ROOT), link
        assert not anchor or anchor in headings(there), link


def test_what_is_documented_is_found_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [
            (page.parent / link.partition("#")[0]).resolve()
            for link in LINK.findall(read(page))
            if not link.startswith(("https://", "#"))
        ]
    assert set(PAGES) <= reached


def check(arguments: list[str]) -> None:
    """Parse a command line as the program does that it calls; nothing is run or looked at."""
    program, *rest = arguments
    if program == "python" and rest[0] == "-m":
        program, *rest = rest[1:]
    elif program == "python":
        program, *rest = rest
    if program == "pix2pix":
        command_line.read(rest)
    elif program.removesuffix(".py") == "train":
        training_options.read(rest)
    elif program == "app.py":
        app_options.parse(rest)
    else:
        spec = find_spec(program)
        assert spec and spec.origin, program
        known = Path(spec.origin).read_text(encoding="utf-8") + read(ROOT / "benchmarks" / "measuring.py")
        assert [flag for flag in rest if flag.startswith("--") and f'"{flag}"' not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_is_one_that_the_program_takes(page, monkeypatch):
    monkeypatch.setattr(app_options.checkpoint, "find", lambda name: name)  # runs/first is the reader's
    for line in commands(page):
        try:
            check(shlex.split(LAUNCHERS.sub("", line)))
        except (ValueError, SystemExit) as error:
            pytest.fail(f"{line}: {error}")


def test_the_readme_shows_commands_of_each_kind():
    """The parser of pages finds them: else nothing would have been checked above."""
    lines = commands(ROOT / "README.md")
    for start in ("python app.py", "python train.py", "pix2pix translate", "pix2pix push", "python -m pix2pix deploy"):
        assert any(line.startswith(start) for line in lines), start


def test_a_wrong_flag_in_a_page_would_be_seen():
    for line in ("python train.py --data DIR --nonsense", "pix2pix translate x y", "python -m benchmarks.start --x"):
        with pytest.raises((ValueError, AssertionError)):
            check(line.split())


def test_what_the_readme_says_in_python_runs_from_any_folder(tmp_path, monkeypatch):
    block = next(block for block in blocks(read(ROOT / "README.md"), "python") if "inference.load" in block)
    monkeypatch.chdir(tmp_path)
    images.write_png(tmp_path / "facade-input.png", labels.colorize(synthetic.label_map(1, 256, 256)))
    names = {}
    exec(block, names)
    assert names["photo"].shape == (256, 256, 3)
    assert (names["photo"] != names["brick"]).any()
    expected = inference.load(ROOT / "checkpoints" / "facades-live")(images.read_image(tmp_path / "facade-input.png"))
    assert (names["photo"] == expected).all()
