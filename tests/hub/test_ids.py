"""The form of names on the Hub, beside the rules of its own client."""

import pytest
from huggingface_hub.utils import validate_repo_id

from pix2pix.hub.ids import DATASET, MODEL


@pytest.mark.parametrize("repo", ["anna/facades", "a/b", "Foo-BAR_1/foo.bar-2_3", "0/1", "_x/y_"])
def test_what_the_hub_takes_has_the_form(repo):
    validate_repo_id(repo)
    for revision in (None, "main", "v1.2", "try/out", "refs/pr/1"):
        name = repo if revision is None else f"{repo}@{revision}"
        assert MODEL.fullmatch(name).groups() == (repo, revision)
        assert DATASET.fullmatch(name).groups() == (repo, revision, None, None)
        assert DATASET.fullmatch(f"{name}:photo,drawn in ink").groups() == (repo, revision, "photo", "drawn in ink")


@pytest.mark.parametrize(
    "name",
    ["anna", "/anna", "/data/facades", "./facades", "../facades", "anna/..", "anna/.git", "-x/y", "a/b/c", "anna/",
     "ännä/fäcades", "anna/fa cades", "anna/facades@", "anna/facades@../x", "anna/facades@a/../x", "anna/facades@/x",
     "anna/facades\n", "https://host/x"],
)  # fmt: skip
def test_paths_and_addresses_have_not(name):
    assert not MODEL.fullmatch(name)
    assert not DATASET.fullmatch(name)


@pytest.mark.parametrize("columns", [":photo", ":photo,", ":a,b,c", ":,"])
def test_columns_are_two(columns):
    assert not DATASET.fullmatch(f"anna/facades{columns}")
