"""The tests as one package. What is set here keeps them from the real Hub, whatever they call.

The Hub's client reads its settings when it is imported, so they stand here, before any test module.
"""

import atexit
import os
import shutil
import socket
import tempfile

HUB_HOME = tempfile.mkdtemp(prefix="hub-home-")
atexit.register(shutil.rmtree, HUB_HOME, ignore_errors=True)

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    HUB_PORT = probe.getsockname()[1]

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as every command sets it for itself, see pix2pix.cli
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are for the processes that test beside each other
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING"))]:
    del os.environ[name]
os.environ.update(
    HF_ENDPOINT=f"http://127.0.0.1:{HUB_PORT}",  # where tests/helpers/hub_server.py listens while a test uses it
    HF_HOME=HUB_HOME,
    HF_HUB_DISABLE_XET="1",  # a protocol of compiled code that the test server does not speak
    HF_HUB_DISABLE_TELEMETRY="1",
)
