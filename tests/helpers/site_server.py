"""A site as its visitors get it: a plain file server without any of our code, and who asked it for what."""

import functools
import http.server
from contextlib import AbstractContextManager
from pathlib import Path

from tests.helpers.archive_server import answering


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Silence."""

    def send_head(self):
        self.server.asked.append((self.command, self.path))
        self.cut = next((place for place in self.server.cut if self.path.endswith(place)), None)
        if self.cut:
            self.server.cut.remove(self.cut)
        return super().send_head()

    def do_POST(self) -> None:
        self.server.asked.append((self.command, self.path))
        self.send_error(501)

    def copyfile(self, source, output) -> None:
        """Send the file, or of one that is to be cut its beginning, padded to its length with what does not belong."""
        content = source.read()
        content = content[:100] + bytes(len(content) - 100) if self.cut else content
        output.write(content)
        self.server.sent += len(content)


class SiteServer(http.server.ThreadingHTTPServer):
    """`cut`: ends of paths whose next answer is damaged; `asked`, `sent`: requests and bytes of files so far."""

    def __init__(self, folder: Path):
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
        self.asked: list[tuple[str, str]] = []
        self.cut: list[str] = []
        self.sent = 0
        self.url = f"http://127.0.0.1:{self.server_port}/"


def serving(folder: Path) -> AbstractContextManager[SiteServer]:
    return answering(SiteServer(folder))
