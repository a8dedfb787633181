"""Words in place of a white page: what a visitor reads when the page's code does not arrive."""

from html import escape
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WORDS = (Path(__file__).parent / "fallback.html").read_text(encoding="utf-8")
PAGE = b"<gradio-app"  # where Gradio's page begins, which is empty until its code has come


class Fallback:
    """ASGI middleware that puts the words into Gradio's page: its own `head` is put there by the code in question.

    What the CSS selector `started` finds is there as soon as the page's code has come.
    """

    def __init__(self, app: ASGIApp, started: str):
        self.app = app
        self.words = WORDS.replace("{started}", escape(started)).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None  # kept back until the first bytes, which may change its length

        async def send_with_words(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
                return
            if start:
                await send(_put(self.words, start, message))
                start = None
            await send(message)

        await self.app(scope, receive, send_with_words if scope["type"] == "http" else send)


def _is_html(start: Message) -> bool:
    return MutableHeaders(scope=start).get("content-type", "").startswith("text/html")


def _put(words: bytes, start: Message, body: Message) -> Message:
    """Put the words into `body`; returns `start` with the length that follows."""
    before, page, after = body.get("body", b"").partition(PAGE)
    if page:
        body["body"] = before + words + page + after
        headers = MutableHeaders(scope=start)
        if "content-length" in headers:
            headers["content-length"] = str(int(headers["content-length"]) + len(words))
    return start
