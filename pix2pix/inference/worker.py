"""The process that a stranger's checkpoint runs in: `python -m pix2pix.inference.worker FOLDER`, see `isolated`.

It reads from stdin and writes to stdout. First one line of JSON tells of the network, or of its error. Then each
request, a line of JSON {"arrays": [[type, shape], …]} and the arrays' bytes, is answered with "+" and the picture's
float32 bytes, or with "-" and a line of words. The line {"cancel": true} ends the picture that is being painted.
"""

import json
import os
import queue
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pix2pix.utils import UserError

MAX_MEMORY = 2 * 2**30  # bytes of data: nine times the paper's generator
LESS_URGENT = 5  # than the painters of the page's own models: niceness


def main(folder: Path) -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    limit()
    try:
        from pix2pix.inference.translator import load

        translator = load(folder)
        network = translator.network
        facts = {"latent_kind": network.latent_kind, "latent_channels": [int(n) for n in network.latent_channels]}
        _tell(answers, {**facts, "color_basis": [np.asarray(each).tolist() for each in network.color_basis]})
    except MemoryError:
        return _tell(answers, {"error": "it takes too much memory"})
    except ValueError as error:
        return _tell(answers, {"error": str(error)})
    jobs: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=listen, args=[sys.stdin.buffer, jobs], daemon=True).start()
    while True:
        inputs, latents, cancel = jobs.get()
        try:
            generated = np.ascontiguousarray(network(inputs, latents, cancel), np.float32)
            if generated.shape != (1, translator.config.architecture.out_channels, *inputs.shape[-2:]):
                raise UserError(f"a picture of shape {generated.shape}")
            answers.write(b"+" + generated.tobytes())
        except Exception as error:
            answers.write(b"-" + str(error).encode("utf-8", "replace").split(b"\n")[0][:400] + b"\n")
        answers.flush()


def listen(requests: BinaryIO, jobs: queue.SimpleQueue) -> None:
    """Read requests into `jobs`; the process ends with the one that asks."""
    cancel = Future()
    while line := requests.readline():
        request = json.loads(line)
        if request.get("cancel"):
            cancel.cancel()
            continue
        inputs, *latents = (read_array(requests, *each) for each in request["arrays"])
        cancel = Future()
        jobs.put((inputs, latents, cancel))
    os._exit(0)


def read_array(file: BinaryIO, kind: str, shape: list[int]) -> np.ndarray:
    """Read an array of numbers of a kind, such as "float32"; raises EOFError where the file ends before it."""
    size = np.dtype(kind).itemsize * int(np.prod(shape))
    data = file.read(size)
    if len(data) != size:
        raise EOFError
    return np.frombuffer(data, kind).reshape(shape)


def limit() -> None:
    """Bound this process's memory, where the system can, and let others go first."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
        os.nice(LESS_URGENT)


def _tell(answers: BinaryIO, what: dict) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
