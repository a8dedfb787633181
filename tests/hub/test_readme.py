"""The README's head against the rules by which the Hub builds and shows a Space."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from huggingface_hub import SpaceCard

from pix2pix.hub import readme as front_matter
from pix2pix.hub.readme import parse

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def changed(tmp_path):
    """The README with another value in its head, beside what it refers to; `None` removes a key."""

    def change(**values) -> Path:
        readme = parse(README.read_text(encoding="utf-8"), SpaceCard)
        head = {key: value for key, value in (readme.data.to_dict() | values).items() if value is not None}
        (tmp_path / "README.md").write_text(f"---\n{yaml.safe_dump(head)}---\n{readme.text}", encoding="utf-8")
        for name in ("app.py", "requirements.txt"):
            shutil.copy(README.parent / name, tmp_path)
        return tmp_path / "README.md"

    return change


def test_the_readme_is_valid_for_the_gradio_that_is_installed():
    head = front_matter.read(README)
    assert head["sdk"] == "gradio"
    assert head["sdk_version"] == version("gradio")
    assert head["suggested_hardware"] == "cpu-basic"
    assert head["license"] == "mit"


def test_a_preloaded_model_is_valid(changed):
    for line in ("anna/facades", "anna/facades config.json,model.onnx", f"anna/facades config.json {'a' * 40}"):
        assert front_matter.read(changed(preload_from_hub=[line]))["preload_from_hub"] == [line]


@pytest.mark.parametrize("emoji", ["🏛️", "🏠", "👩‍🎨"])
def test_one_emoji_is_one_emoji(changed, emoji):
    front_matter.read(changed(emoji=emoji))


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"title": None}, "title is missing"),
        ({"title": ["a"]}, "title is missing, or not a string"),
        ({"emoji": "ab"}, "not one emoji"),
        ({"emoji": "🏠🏠"}, "not one emoji"),
        ({"colorFrom": "grey"}, "colorFrom is grey; there are: blue, gray"),
        ({"colorTo": "white"}, "colorTo is white"),
        ({"sdk": "docker"}, "sdk is docker"),
        ({"sdk_version": "5.0.0"}, "requirements.txt has no line gradio==5.0.0"),
        ({"python_version": 3.12}, "python_version is missing, or not a string"),
        ({"python_version": "4"}, "python_version is 4"),
        ({"app_file": "main.py"}, "app_file is main.py, which does not exist"),
        ({"short_description": "x" * 61}, "more than 60 characters"),
        ({"suggested_hardware": "cpu-huge"}, "suggested_hardware is cpu-huge"),
        ({"pinned": "no"}, "pinned is neither true nor false"),
        ({"tags": "pix2pix"}, "tags is not a list"),
        ({"models": ["facades"]}, "models is not a list"),
        ({"preload_from_hub": ["anna/facades config.json main"]}, "preload_from_hub is not a list"),
        ({"colourFrom": "blue"}, "colourFrom: the Hub knows no such key"),
    ],
)
def test_a_broken_rule_is_named(changed, values, fault):
    with pytest.raises(ValueError) as refusal:
        front_matter.read(changed(**values))
    assert fault in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["---\n: :\n- x\n---\n", "---\n- a\n---\n", "no head at all"])
def test_a_head_that_is_none_is_one_line(tmp_path, text):
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(ValueError) as refusal:
        front_matter.read(tmp_path / "README.md")
    assert "\n" not in str(refusal.value)


def test_head_and_text_come_apart_and_together_again():
    first = parse(README.read_text(encoding="utf-8"), SpaceCard)
    again = parse(str(first), SpaceCard)
    assert (again.data.to_dict(), again.text) == (first.data.to_dict(), first.text)
    bare = parse("# Title\n", SpaceCard)
    assert (bare.data.to_dict(), bare.text) == ({}, "# Title\n")
