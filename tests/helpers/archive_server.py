"""A real HTTP server of archives that can be slow, cut connections, or forget how to continue."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

Server = TypeVar("Server", bound=ThreadingHTTPServer)


@dataclass
class Served:
    """One file and how it is handed out."""

    content: bytes
    cut_after: list[int] = field(default_factory=list)  # bytes of each answer that is cut, first answer first
    status: int = 200
    takes_ranges: bool = True
    tells_length: bool = True
    pause: float = 0.0  # seconds between pieces
    version: str = '"1"'
    announced: int | None = None  # a Content-Length that is not true
    ranges: list[str | None] = field(default_factory=list)  # what was asked for


class ArchiveServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # a body without length ends with the connection

    def log_message(self, *_: object) -> None:
        """Silence."""

    def do_GET(self) -> None:
        served = self.server.files.get(self.path)
        if served is None or served.status != 200:
            self.send_error(404 if served is None else served.status)
            return
        asked = self.headers.get("Range")
        served.ranges.append(asked)
        is_current = self.headers.get("If-Range", served.version) == served.version
        start = (
            int(asked.removeprefix("bytes=").removesuffix("-")) if asked and served.takes_ranges and is_current else 0
        )
        total = len(served.content)
        if asked and start >= total:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.end_headers()
            return
        body = served.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", served.version)
        if served.tells_length:
            self.send_header("Content-Length", str(served.announced or len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        if served.cut_after:
            body = body[: served.cut_after.pop(0)]
        piece = 4096 if served.pause else len(body) or 1
        for place in range(0, len(body), piece):
            self.wfile.write(body[place : place + piece])
            time.sleep(served.pause)


def running_server() -> AbstractContextManager[ArchiveServer]:
    return answering(ArchiveServer())


@contextmanager
def answering(server: Server) -> Iterator[Server]:
    """Let a server answer in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
