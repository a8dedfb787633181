"""What a run says while it trains: a line in the log, a warning when something begins to go wrong, and the page."""

import time
from collections.abc import Callable
from types import TracebackType

from pix2pix.training.diagnostics import diagnose
from pix2pix.training.report import results
from pix2pix.training.report.results import Final, State
from pix2pix.training.run import Run

PAGE_SECONDS = 5.0  # between two writings of the page, at least: on a GPU a log line may come every tenth of a second
DIAGNOSED_STEPS = 500  # between diagnoses, at least, of lines without scores: all of the log is read for one


class Monitor:
    """Kept by the main process, for as long as the training runs; the last page says how that ended."""

    def __init__(self, run: Run, step: int, total: int, steps_per_epoch: int, say: Callable[[str], None]):
        self.run, self.first, self.total, self.steps_per_epoch, self.say = run, step, total, steps_per_epoch, say
        self.step = step  # the training counts it on: there may be none in the log yet
        self.lines = run.read_log()
        self.warned = {kind for line in self.lines for kind in line.get("warnings", ())}
        self.findings = diagnose(self.lines, run.config)
        self.final: Final | None = None
        self.ended = ""
        self.started, self.written = time.monotonic(), -PAGE_SECONDS

    def __enter__(self) -> "Monitor":
        self._write_page()
        return self

    def add(self, entry: dict) -> None:
        """Log a line; say what it reveals, each kind of finding once in a run; bring the page up to date."""
        before = self.lines[-1]["step"] if self.lines else 0
        self.step = entry["step"]
        self.lines.append(entry)
        if "variety" in entry or entry["step"] // DIAGNOSED_STEPS > before // DIAGNOSED_STEPS:
            self.findings = diagnose(self.lines, self.run.config)
            new = [finding for finding in self.findings if finding.kind not in self.warned]
            if new:
                entry["warnings"] = [finding.kind for finding in new]  # so that a resumed run does not repeat them
                self.warned.update(entry["warnings"])
            for finding in new:
                self.say(f"warning: {finding.text}")
        self.run.log(entry)
        if time.monotonic() - self.written >= PAGE_SECONDS:
            self._write_page()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self.ended:
            self.ended = f"ended: {str(error) or kind.__name__}" if kind else "finished"
        self._write_page()

    def _write_page(self) -> None:
        elapsed, step = time.monotonic() - self.started, self.step
        left = elapsed / (step - self.first) * (self.total - step) if step > self.first else None
        state = State(step, self.total, self.steps_per_epoch, left, self.ended)
        results.write_page(self.run, state, self.lines, self.findings, self.final)
        self.written = time.monotonic()
