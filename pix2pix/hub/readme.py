"""The head of a Space's README, by which the Hub builds and shows it, held to the Hub's rules.

huggingface.co/docs/hub/spaces-config-reference
"""

import logging
import re
import unicodedata
from pathlib import Path

import yaml
from huggingface_hub import ModelCard, RepoCard, metadata_load

from pix2pix.hub.ids import REPO
from pix2pix.utils import UserError

COLORS = frozenset({"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"})
NEEDED = ("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "license")
KNOWN = frozenset({
    *NEEDED, "short_description", "suggested_hardware", "suggested_storage", "app_port", "base_path", "fullWidth",
    "header", "models", "datasets", "tags", "thumbnail", "pinned", "hf_oauth", "hf_oauth_scopes", "disable_embedding",
    "hf_oauth_expiration_minutes", "hf_oauth_authorized_org", "startup_duration_timeout", "custom_headers",
    "preload_from_hub",
})  # fmt: skip
MAX_DESCRIPTION = 60  # characters
PRELOAD = re.compile(rf"{REPO}( [^\s,]+(,[^\s,]+)*( [0-9a-f]{{40}})?)?", re.ASCII)  # repo, files, commit


def read(readme: Path) -> dict:
    """The head of a Space's README. Raises UserError that names the first rule it breaks."""
    try:
        head = metadata_load(readme) or {}
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(error) from None
    if fault := next(_faults(head, readme.parent), None):
        raise UserError(f"{readme}: {fault}")
    return head


def _faults(head: dict, root: Path):
    """Say what is wrong with it, one sentence after the other."""
    from huggingface_hub import SpaceHardware

    for key in NEEDED:
        if not isinstance(head.get(key), str) or not head[key]:
            yield f"{key} is missing, or not a string (3.12 without quotes is a number)"
            return
    if unknown := sorted(head.keys() - KNOWN):
        yield f"{', '.join(unknown)}: the Hub knows no such key"
    if not _is_emoji(head["emoji"]):
        yield f"emoji is {head['emoji']!r}, not one emoji"
    for key in ("colorFrom", "colorTo"):
        if head[key] not in COLORS:
            yield f"{key} is {head[key]}; there are: {', '.join(sorted(COLORS))}"
    if head["sdk"] != "gradio":
        yield f"sdk is {head['sdk']}, and the app is a gradio app"
    if not re.fullmatch(r"3\.\d+(\.\d+)?", head["python_version"]):
        yield f"python_version is {head['python_version']}; it must be 3.x or 3.x.x"
    if (wanted := f"gradio=={head['sdk_version']}") not in (root / "requirements.txt").read_text().split():
        yield f"sdk_version is {head['sdk_version']}, but requirements.txt has no line {wanted}"
    if not (root / head["app_file"]).is_file():
        yield f"app_file is {head['app_file']}, which does not exist"
    if len(head.get("short_description", "")) > MAX_DESCRIPTION:
        yield f"short_description has more than {MAX_DESCRIPTION} characters"
    if "suggested_hardware" in head and head["suggested_hardware"] not in list(SpaceHardware):
        yield f"suggested_hardware is {head['suggested_hardware']}; there are: {', '.join(SpaceHardware)}"
    if not isinstance(head.get("pinned", False), bool):
        yield "pinned is neither true nor false"
    for key, form in (("tags", ".+"), ("models", REPO), ("datasets", REPO), ("preload_from_hub", PRELOAD)):
        entries = head.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(e, str) and re.fullmatch(form, e) for e in entries):
            yield f"{key} is not a list of what it should name"


def _is_emoji(text: str) -> bool:
    """One symbol of Unicode's pictures, with whatever joins or varies it."""
    pictures = [c for c in text if unicodedata.category(c) == "So"]
    rest = [c for c in text if c not in pictures and unicodedata.category(c) not in ("Mn", "Cf", "Sk")]
    return not rest and (len(pictures) == 1 or (len(pictures) > 1 and "\u200d" in text))


def parse(text: str, kind: type[RepoCard] = ModelCard) -> RepoCard:
    """Read a card, or of another `kind` a Space's README. Raises UserError where its head is no YAML mapping."""
    logging.getLogger("huggingface_hub.repocard").setLevel(logging.ERROR)  # a card without a head is no fault
    try:
        return kind(text, ignore_metadata_errors=True)
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(error) from None


def _not_yaml(error: Exception) -> UserError:
    return UserError(f"the head of README.md is no valid YAML: {' '.join(str(error).split())[:200]}")
