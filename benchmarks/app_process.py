"""An app as people start it: a process of its own, asked over HTTP until it answers."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import psutil

from benchmarks.measuring import ROOT

PATIENCE = 120  # seconds
OURS = ("app.py",)
STOCK = (
    "-m",
    "benchmarks.stock_gradio",
)


class Serving(NamedTuple):
    url: str  # ends in "/"
    seconds: float  # from the start of the process until the page answered
    process: psutil.Process

    def memory(self) -> float:
        """Resident memory of the process and its children, in MB."""
        return sum(each.memory_info().rss for each in self._all()) / 2**20

    def cpu_seconds(self) -> float:
        """Processor time that they have used."""
        return sum(sum(each.cpu_times()[:2]) for each in self._all())

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def serving(*arguments: str) -> Iterator[Serving]:
    """`python ARGUMENTS...`, a Gradio app, from its first answer until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                    log.seek(0)
                    raise RuntimeError(f"{' '.join(arguments)} does not answer:\n{log.read().decode()}")
                time.sleep(0.02)
            yield Serving(url, time.perf_counter() - start, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
