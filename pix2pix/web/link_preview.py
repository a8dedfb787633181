"""A shared link shows a title, a description and a picture of the page's own, instead of Gradio's."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from gradio.route_utils import get_root_url
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PICTURE = Path(__file__).parent / "canvas" / "preview.jpg"  # 1200x630, as sites ask for
PICTURE_PATH = "/preview.jpg"
_GRADIOS = re.compile(rb"""<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*""")


class LinkPreview:
    """ASGI middleware that replaces the tags in the page's head which sites read to show a link."""

    def __init__(self, app: ASGIApp, title: str, description: str, has_picture: bool):
        self.app, self.title, self.description, self.has_picture = app, title, description, has_picture

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and self.has_picture and path == PICTURE_PATH:
            await FileResponse(PICTURE)(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "GET" and path in ("", "/"):
            root = get_root_url(Request(scope), "/", scope.get("root_path"))
            await self.app(scope, receive, _Rewriting(send, self.tags(root)).send)
        else:
            await self.app(scope, receive, send)

    def tags(self, root: str) -> str:
        """Write the tags for a page at the address `root`."""
        picture = [root.rstrip("/") + PICTURE_PATH] if self.has_picture else []
        return "\n".join([
            _tag("name", "description", self.description),
            _tag("property", "og:type", "website"),
            _tag("property", "og:url", root),
            *_both("title", self.title),
            *_both("description", self.description),
            *(tag for address in picture for tag in _both("image", address)),
            _tag("name", "twitter:card", "summary_large_image" if picture else "summary"),
        ]) + "\n"  # fmt: skip


class _Rewriting:
    """Holds back an HTML answer until it is whole, and puts `tags` in the place of Gradio's."""

    def __init__(self, send: Send, tags: str):
        self._send, self._tags = send, tags.encode()
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = MutableHeaders(raw=message["headers"]).get("content-type", "")
            if not kind.startswith("text/html"):
                return await self._send(message)
            self._start = message
            return None
        if self._start is None or message["type"] != "http.response.body":
            return await self._send(message)
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return None
        body = _GRADIOS.sub(b"", self._body).replace(b"<head>", b"<head>\n" + self._tags, 1)
        MutableHeaders(raw=self._start["headers"])["content-length"] = str(len(body))
        await self._send(self._start)
        return await self._send({"type": "http.response.body", "body": body})


def _both(name: str, value: str) -> Sequence[str]:
    return _tag("property", f"og:{name}", value), _tag("name", f"twitter:{name}", value)


def _tag(kind: str, name: str, value: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(value)}" />'
