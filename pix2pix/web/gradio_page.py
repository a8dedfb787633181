"""What our Gradio pages have in common: bounded uploads that are cleaned up, and errors in one line of our own."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_function_description
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from pix2pix.inference.isolated import ModelError
from pix2pix.utils import UserError
from pix2pix.web.limits import ADDRESS
from pix2pix.web.serving import QueueFull, Superseded

MAX_UPLOAD = "20mb"
MAX_WAITING = 32  # calls in Gradio's queue
HOUR = 3600  # seconds

log = logging.getLogger(__name__)


class Uploads(set):
    """The paths of what was uploaded, as Gradio keeps them. The same file sent for two calls has one path."""

    def __init__(self):
        super().__init__()
        self._calls: Counter[str] = Counter()  # that each upload was sent for and that are not answered yet

    def update(self, paths: Iterable[str]) -> None:
        for path in set(self._calls) - self:  # Gradio deleted it by its age
            del self._calls[path]
        self._calls.update(paths)
        super().update(paths)

    def release(self, path: str) -> None:
        """Delete an upload with the last call that it was sent for."""
        self._calls[path] -= 1
        if self._calls[path] <= 0:
            del self._calls[path]
            self.discard(path)
            Path(path).unlink(missing_ok=True)


class Page(gr.Blocks):
    """Blocks whose uploads are deleted after an hour at most, and whose failures are told as `gr.Error`."""

    def __init__(self, title: str, **options):
        super().__init__(title=title, analytics_enabled=False, delete_cache=(HOUR // 6, HOUR), **options)
        self.upload_file_set = Uploads()
        self.temp_file_sets = [self.upload_file_set]

    @contextmanager
    def releasing(self, file: bytes | Path | None) -> Iterator[None]:
        """Delete the upload that a call came with when the call is answered."""
        try:
            yield
        finally:
            if isinstance(file, Path):
                self.upload_file_set.release(str(file))

    async def process_api(self, *inputs, **options) -> dict:
        """Call the API; what is no gr.Error would be told in Gradio's words, which are for who wrote the page."""
        try:
            return await super().process_api(*inputs, **options)
        except gr.Error:
            raise
        except Exception as error:
            log.warning("a call of the API failed: %s: %s", type(error).__name__, str(error).split("\n")[0][:200])
            message = "this could not be done: an input is of the wrong kind, or the server failed; see its /?view=api"
            raise gr.Error(message, print_exception=False) from None

    async def preprocess_data(self, *inputs, **options):
        """Read the inputs of a call; a value that is none for its component is the caller's error."""
        try:
            return await super().preprocess_data(*inputs, **options)
        except gr.Error:
            raise
        except Exception:
            message = "an input is of the wrong kind: this server's page /?view=api says what each one is"
            raise gr.Error(message, print_exception=False) from None


@contextmanager
def errors_for_people() -> Iterator[None]:
    """Raise what people can mend, or have to wait for, as the error that Gradio shows them."""
    try:
        yield
    except Superseded:
        message = "a newer picture took its place"
    except QueueFull:
        message = "many people are painting right now; try again"
    except (UserError, ModelError) as error:
        message = str(error)
    else:
        return
    raise gr.Error(message, print_exception=False)


def read_upload(file: bytes | Path) -> bytes:
    """The content of an upload. Raises UserError where an earlier call was answered with it."""
    try:
        return file if isinstance(file, bytes) else file.read_bytes()
    except FileNotFoundError:
        raise UserError("this upload is gone: each serves one call; upload it again") from None


def describe_parameters(function: Callable, parameters: Mapping[str, tuple[gr.components.Component, Any]]) -> None:
    """Tell /?view=api and MCP clients what each parameter is, from the docstring of `function`, with an example.

    Args:
        parameters: component and example by name.
    """
    _, descriptions, _ = get_function_description(function)
    for name, (component, example) in parameters.items():
        info = {**component.api_info(), "additional_description": descriptions[name]}
        component.api_info = lambda info=info: info
        component.example_payload = lambda example=example: example


def example_file(name: str) -> dict:
    """An example of a file, as `gradio_client.handle_file` gives it."""
    return {"path": name, "meta": {"_type": "gradio.FileData"}}


def served_options(*middleware: Middleware, routes: Sequence[BaseRoute] = ()) -> dict:
    """Give options of `gr.Blocks.launch`: middleware around Gradio's own routes, further `routes` beside them."""
    return {
        "app_kwargs": {"routes": list(routes), "middleware": list(middleware)},
        "max_file_size": MAX_UPLOAD,
        "show_error": True,
    }


def address_of_call(request: gr.Request) -> str:
    """Where a call of the API comes from, as the bounds of its route found it."""
    asked = getattr(request, "request", request)  # MCP hands over the server's own
    scope = getattr(asked, "scope", None) or {}
    return scope.get(ADDRESS, "")
