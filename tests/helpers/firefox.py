"""A headless Firefox from the PATH, driven over Marionette, its own remote protocol: geckodriver need not be there.

Playwright 1.65 starts Debian's Firefox 153 but cannot open a page: it sends `emulation.setMediaFeaturesOverride`, which
that one does not know yet.
"""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PREFERENCES = {
    "marionette.port": 0,  # any; it is written into the profile
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
PATIENCE = 120  # seconds


class Firefox:
    """One tab."""

    def __init__(self, connection: socket.socket):
        self._file = connection.makefile("rwb")
        self._count = 0
        self._receive()  # its greeting
        capabilities = {"timeouts": {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}}
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": capabilities})

    def ask(self, command: str, **parameters) -> object:
        """Send a command of WebDriver and return its answer."""
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._file.write(b"%d:%s" % (len(message), message))
        self._file.flush()
        _, _, error, result = self._receive()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def open(self, url: str) -> None:
        self.ask("WebDriver:Navigate", url=url)

    def evaluate(self, expression: str) -> object:
        return self.ask("WebDriver:ExecuteScript", script=f"return {expression}", args=[])

    def wait_for(self, expression: str) -> object:
        """Wait until the expression is true; returns what it is."""
        for _ in range(PATIENCE * 5):
            if value := self.evaluate(expression):
                return value
            time.sleep(0.2)
        raise AssertionError(f"never true: {expression}")

    def pointer(self, *actions: dict) -> None:
        """Move, press and lift the mouse, as WebDriver's actions tell it."""
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": list(actions)}
        self.ask("WebDriver:PerformActions", actions=[mouse])

    def screenshot(self) -> bytes:
        return base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=False))

    def _receive(self) -> list:
        length = b""
        while (byte := self._file.read(1)) != b":":
            if not byte:
                raise EOFError("Firefox has gone")
            length += byte
        return json.loads(self._file.read(int(length)))


@contextmanager
def running_firefox() -> Iterator[Firefox]:
    with tempfile.TemporaryDirectory() as profile:
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
        (Path(profile) / "user.js").write_text("".join(lines))
        command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", profile]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with socket.create_connection(
                ("127.0.0.1", _port(Path(profile), process)), timeout=2 * PATIENCE
            ) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            process.wait(30)


def _port(profile: Path, process: subprocess.Popen) -> int:
    """Where Firefox listens, once it does."""
    for _ in range(PATIENCE * 5):
        if process.poll() is not None:
            break
        path = profile / "MarionetteActivePort"
        if path.is_file() and (port := path.read_text().strip()):
            return int(port)
        time.sleep(0.2)
    raise AssertionError("Firefox does not start")
