"""Steps recorded as CUDA graphs: the host launches one graph where it launched a thousand kernels.

At batch 1 a GPU finishes most of these kernels sooner than a host can launch the next.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

PLAIN_CALLS = 3  # in which cuDNN chooses its algorithms and Adam makes its state: neither can be recorded


class CUDAGraphStep:
    """A function of tensors to a tensor that is recorded once, and replayed for arguments of the shapes it saw then.

    It may change other tensors in place, and draw from the GPU's random stream; its result is overwritten by the next
    call. It must not wait for the GPU, nor depend on numbers of the host that change. Where recording fails, that is
    said, and each call runs the function.
    """

    def __init__(self, function: Callable[..., Tensor], record: Callable | None = None):
        self.function, self.record = function, record or record_cuda_graph
        self.calls, self.replay = 0, None

    def __call__(self, *arguments: Tensor) -> Tensor:
        self.calls += 1
        if self.calls == PLAIN_CALLS + 1:
            self._record(arguments)
        if self.replay is None or any(own.shape != new.shape for own, new in zip(self.own, arguments, strict=True)):
            return self.function(*arguments)
        for own, new in zip(self.own, arguments, strict=True):
            own.copy_(new)
        self.replay()
        return self.result

    def _record(self, arguments: tuple[Tensor, ...]) -> None:
        self.own = [argument.clone() for argument in arguments]
        try:
            self.replay, self.result = self.record(lambda: self.function(*self.own))
        except RuntimeError as error:
            warnings.warn(f"steps are not recorded as a CUDA graph, only slower: {error}", stacklevel=2)


def record_cuda_graph(function: Callable[[], Tensor]) -> tuple[Callable[[], None], Tensor]:
    """What runs the function once more, and the tensor in which it then leaves its result. Runs nothing yet."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = function()
    return graph.replay, result
