"""Memory of the tab of a static site: while its models load, at rest, and while a first photo is read.

python -m benchmarks.tab_memory [--model NAME|FOLDER] [--runtime FILE] [--output DIR] [--quick]

New visitors in a real Chromium: the page paints, the large model follows at once, then a house is drawn from a photo.
Memory is what the tab's process alone has (USS), in a Chromium without developer tools, which keep a copy of all that
is fetched.
"""

import contextlib
import functools
import io
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks import measuring
from benchmarks.browser import LARGE, MB, REFINED, Handler, renderers, serving_files
from benchmarks.browser_photo import render_photo
from pix2pix.commands.site import site

VISITS, QUICK_VISITS = 3, 1
REST = 40  # seconds until what loading left is cleared away, and the service worker, in the same process, has ended
WATCHED = 0.1  # seconds from one look at the memory to the next
PATIENCE = 300  # seconds for each part of a visit

VISIT = """
<script type="module">
  const there = async (selector) => {
    while (!document.querySelector(selector)) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await there("%s");
  await fetch("/refined");
  const files = new DataTransfer();
  files.items.add(new File([await (await fetch("/photo.jpg")).blob()], "photo.jpg", { type: "image/jpeg" }));
  const input = document.querySelector(".from-photo input[type=file]");
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
  await there(".from-photo:is([data-corners=guessed], [data-corners=unknown])");
  document.querySelector("[data-action=draw-photo]").click();
  await there(".from-photo:not([open])");
  await fetch("/drawn");
</script>
"""


class Visit:
    """How far a visitor is: what the page has asked for tells it, and its photo waits until it is let through."""

    def __init__(self):
        self.large, self.refined, self.go_on, self.drawn = (threading.Event() for _ in range(4))


class VisitHandler(Handler):
    """Files, with a page that visits by itself."""

    def __init__(self, *arguments, visit: Visit, **options):
        self.visit = visit
        super().__init__(*arguments, **options)

    def send_head(self):
        visit = self.visit
        if LARGE.search(self.path):
            visit.large.set()
        elif self.path == "/refined":
            visit.refined.set()
            visit.go_on.wait()
        elif self.path == "/drawn":
            visit.drawn.set()
        content = self.made()
        if content is None:
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", self.guess_type(self.path))
        self.end_headers()
        return io.BytesIO(content)

    def made(self) -> bytes | None:
        """What is no file of the site."""
        if self.path == "/visit.html":
            return (Path(self.directory) / "index.html").read_bytes() + (VISIT % REFINED).encode()
        if self.path == "/photo.jpg":
            render_photo(0).save(photo := io.BytesIO(), "JPEG", quality=92)
            return photo.getvalue()
        return None


@contextlib.contextmanager
def plain_chromium(url: str) -> Iterator[None]:
    """A new visitor's Chromium at a page, without developer tools."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:  # its processes may outlive it
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", url]
        chromium = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            chromium.terminate()
            chromium.wait()


def watch(until: threading.Event, rest: float = 0) -> list[float]:
    """MB that the largest tab alone has, until `rest` seconds after an event. Raises TimeoutError without the event."""
    seen, end, latest = [0.0], None, time.monotonic() + PATIENCE
    while end is None or time.monotonic() < end:
        with contextlib.suppress(psutil.Error):
            seen.append(max((process.memory_full_info().uss for process in renderers()), default=0) / MB)
        if end is None and until.is_set():
            end = time.monotonic() + rest
        elif end is None and time.monotonic() > latest:
            raise TimeoutError(f"the page got no further within {PATIENCE} seconds, at {seen[-1]:.0f} MB")
        time.sleep(WATCHED)
    return seen


def measure(folder: Path, rest: float = REST) -> dict[str, float]:
    """MB of the tab of a new visitor of a site with two models: at most in each part of the visit, and at rest."""
    visit = Visit()
    handler = functools.partial(VisitHandler, visit=visit)
    with serving_files(folder, handler) as url, plain_chromium(f"{url}visit.html"):
        try:
            live = watch(visit.large)
            large = watch(visit.refined, rest)
            visit.go_on.set()
            photo = watch(visit.drawn, rest)
        finally:
            visit.go_on.set()
    return {"the live model, at most": max(live), "the large model, at most": max(large), "at rest": large[-1],
            "a first photo, at most": max(photo), "after it, at rest": photo[-1]}  # fmt: skip


def main() -> None:
    parser = measuring.flags(__doc__)
    parser.add_argument("--model", default="facades", help="checkpoint by name or folder, with NAME-live beside it")
    parser.add_argument("--runtime", type=Path, help="npm's package onnxruntime-web; fetched unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "site"
        site(options.model, folder, runtime=options.runtime)
        visits = [measure(folder) for _ in range(QUICK_VISITS if options.quick else VISITS)]
    found = {what: sorted(visit[what] for visit in visits) for what in visits[0]}
    measuring.table(("MB of the tab", "least", "most"), [(what, mb[0], mb[-1]) for what, mb in found.items()])
    print()

    def draw(axes) -> None:
        axes.bar(list(found), [mb[-1] for mb in found.values()], color=measuring.OURS)
        axes.set(title="Memory of the tab", ylabel="MB")
        axes.tick_params("x", rotation=15)

    measuring.report(options, "tab_memory", found, draw)


if __name__ == "__main__":
    main()
