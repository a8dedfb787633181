"""What the Hub and its client raise: told in one line, without tokens and signed addresses, or tried again."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from huggingface_hub import errors, get_token

from pix2pix.hub.proxies import check_proxies, describe_proxies
from pix2pix.utils import UserError

NO_TOKEN = "there is no Hub token: log in with `hf auth login`, or set HF_TOKEN"
PASSING = frozenset({408, 412, 425, 429})  # statuses besides 5xx after which the same may succeed
DELAYS = (2.0, 8.0, 30.0, 120.0)  # seconds before each further attempt
Result = TypeVar("Result")
_XET_STATUS = re.compile(r"HTTP status \w+ error \((\d{3})")  # in the errors of hf_xet, which carry it in words only


class Missing(UserError):
    """What was named is not on the Hub, or not to be found out now."""


class Unreachable(Missing):
    """The Hub cannot be reached, or not now: the same may succeed later, after `wait` seconds where it said so."""

    def __init__(self, message: str, wait: float = 0.0):
        super().__init__(message)
        self.wait = wait


@contextmanager
def plain_errors(repo: str) -> Iterator[None]:
    """Turn whatever the Hub's client raises into UserError, or Unreachable where trying again makes sense."""
    check_proxies()  # which the client would not do before it has made one
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, errors.HTTPError, errors.EntryNotFoundError) as error:
        raise explain(error, repo) from None


def explain(error: BaseException, repo: str) -> UserError:
    """The UserError for one of the client's exceptions; our own come back as they are."""
    cause = error.__cause__
    if isinstance(error, Unreachable):
        return error
    if isinstance(error, errors.LocalTokenNotFoundError):
        return UserError(NO_TOKEN)
    if isinstance(error, errors.GatedRepoError):
        return UserError(f"{repo} is gated: accept its terms on its page on the Hub, logged in as the token's owner")
    if isinstance(error, errors.RepositoryNotFoundError):
        return Missing(f"the Hub has no {repo}, or the token may not see it")
    if isinstance(error, errors.RevisionNotFoundError):
        return UserError(f"{repo} has no such revision on the Hub")
    if isinstance(error, errors.HfHubHTTPError):
        wait = _retry_after(error.response.headers.get("Retry-After"))
        return _by_status(error.response.status_code, repo, error.server_message, wait)
    if status := _XET_STATUS.search(str(error)):
        return _by_status(int(status[1]), repo)
    if isinstance(error, errors.LocalEntryNotFoundError | RuntimeError) and cause is not None:
        return explain(cause, repo)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return Unreachable("HF_HUB_OFFLINE forbids asking the Hub")
    if isinstance(error, errors.HTTPError | ConnectionError | TimeoutError):
        return Unreachable(f"the Hub cannot be reached ({type(error).__name__}){describe_proxies()}")
    if isinstance(error, json.JSONDecodeError | KeyError):
        return Unreachable("what answers does not speak as the Hub does")
    if isinstance(error, RuntimeError) or (isinstance(error, OSError) and error.errno is None):
        return Unreachable(f"the transfer broke off: {_safe(str(error))}")
    return UserError(_safe(str(error)))


def _by_status(status: int, repo: str, message: str | None = None, wait: float = 0.0) -> UserError:
    said = f": {_safe(message)}" if message else ""
    if status == 401:
        return UserError("the Hub refuses the token (401): log in again with `hf auth login`, or renew HF_TOKEN")
    if status == 403:
        return UserError(f"the token may not do this to {repo} (403{said}); it needs the right to write")
    if status == 404:
        return Missing(f"the Hub has no {repo}, or the token may not see it")
    if status in PASSING or status >= 500:
        return Unreachable(f"the Hub answers {status}{said}", wait)
    return UserError(f"the Hub refuses this ({status}){said}")


def _retry_after(header: str | None) -> float:
    """Seconds; 0 for the form of the header that is a date."""
    return float(header) if header and header.strip().isdigit() else 0.0


def _safe(text: str) -> str:
    """The first line, short, without tokens and without the signatures in addresses."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
    return without_tokens(re.sub(r"(https?://\S+?)\?\S*", r"\1", line))[:200]


def without_tokens(text: str) -> str:
    """The text with the token in use, and all that looks like one, replaced."""
    token = get_token()
    return re.sub(r"\b(hf|api_org)_[A-Za-z0-9]{8,}", r"\1_…", text.replace(token, "…") if token else text)


def patiently(attempt: Callable[[], Result], delays: Sequence[float] = DELAYS) -> Result:
    """What `attempt()` returns, tried again after each of `delays` in seconds, or the longer wait the Hub asks for."""
    for delay in delays:
        try:
            return attempt()
        except Unreachable as error:
            wait = max(delay, error.wait)
            print(f"{error}; trying again in {wait:.0f} s", file=sys.stderr)
            time.sleep(wait)
    return attempt()
