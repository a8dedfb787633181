"""The README's map of the house."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_map_names_every_file_and_folder_of_the_package_and_no_other():
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## The house")[1].split("```")[1]
    named = {word.rstrip("/") for word in text.split() if word.endswith((".py", "/"))}
    package = ROOT / "pix2pix"
    there = {path.name for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert named - {"app.py", "train.py", "pix2pix", "checkpoints", "benchmarks", "experiments", "tests"} == there - {
        "__init__.py"
    }
