"""Names on the Hugging Face Hub.

Here without the Hub's client, which takes half a second to import: most names are folders.
"""

import re

from pix2pix.utils import UserError

REPO = r"(?a:\w[\w.-]*/\w[\w.-]*)"  # USER/REPO
MODEL = re.compile(rf"({REPO})(?:@((?a:\w[\w.-]*(?:/\w[\w.-]*)*)))?")  # and a revision: a branch, a tag or a commit
DATASET = re.compile(rf"{MODEL.pattern}(?::([^,:]+),([^,:]+))?")  # and the columns of input and target


def parse(name: str) -> tuple[str, str | None]:
    """USER/REPO@REVISION -> (USER/REPO, REVISION or None). Raises UserError for what is no valid id."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    match = MODEL.fullmatch(name)
    if match is None:
        raise UserError(f"{name[:100]!r} is no name on the Hub: those are USER/REPO or USER/REPO@REVISION")
    try:
        validate_repo_id(match[1])
    except HFValidationError as error:
        raise UserError(f"{name[:100]!r} is no name on the Hub: {error}") from None
    return match[1], match[2]
