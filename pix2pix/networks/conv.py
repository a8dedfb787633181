"""The three 4x4 convolutions of all our networks: to half the size, to twice the size, and from place to place.

They are torch's own on a GPU, at test and at export. Training on a CPU, each takes the fastest way to the same result.
"""

import functools

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from pix2pix.utils import is_amd

FEW_PLACES = 64  # up to 8x8: such a layer is mostly weights
FEW_COLUMNS = 16
MIXED_PLACES = 1024  # up to 32x32: channels mixed first, then spread, are faster than spread kernels
FEW_OUTPUTS, MANY_OUTPUTS = 4, 256
TILE = 4  # Winograd: outputs a side that are computed together, from TILE + 3 inputs a side
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0, 2.0)  # where polynomials are evaluated, beside infinity; these round the least


def conv_down(x: Tensor, weight: Tensor, bias: Tensor | None, scale: Tensor | None = None) -> Tensor:
    """4x4 convolution of stride 2, `(N, in, H, W) -> (N, out, H/2, W/2)`, by the filters `weight * scale`.

    `weight` is `(out, in, 4, 4)`, `scale` and `bias` are `(out,)`.
    """
    height, width = x.shape[2] // 2, x.shape[3] // 2
    if _trains_on_cpu(x) and _is_mostly_weights(len(x) * height * width):
        x = _product(weight.flatten(1), F.unfold(x, 4, stride=2, padding=1))
        return _scale_and_shift(x.unflatten(2, (height, width)), scale, bias)
    if scale is not None:
        weight = weight * scale[:, None, None, None]
    return F.conv2d(x, weight, bias, stride=2, padding=1)


def conv_up(
    x: Tensor, weight: Tensor, bias: Tensor | None, scale: Tensor | None = None, spread: Tensor | None = None
) -> Tensor:
    """4x4 transposed convolution of stride 2, `(N, in, H, W) -> (N, out, 2H, 2W)`, by the filters `weight * scale`.

    `weight` is `(in, out, 4, 4)`, or smaller: row i of `spread`, `(taps, 16)`, then makes its tap i a 4x4 kernel.
    `scale` and `bias` are `(out,)`.
    """
    height, width = x.shape[2:]
    outputs = weight.shape[1]
    places = len(x) * height * width
    mixes_first = spread is not None and places <= MIXED_PLACES
    if _trains_on_cpu(x) and (outputs <= FEW_OUTPUTS or mixes_first or _is_mostly_weights(places)):
        x = _product(weight.flatten(1).T, x.flatten(2)).unflatten(1, (outputs, -1))  # (N, out, taps, H * W)
        if spread is not None:
            x = spread.T @ x
        x = F.fold(x.flatten(1, 2), (2 * height, 2 * width), 4, stride=2, padding=1)
        return _scale_and_shift(x, scale, bias)
    if scale is not None:
        weight = weight * scale[:, None, None]
    if spread is not None:
        weight = (weight.flatten(2) @ spread).unflatten(2, (4, 4))
    return F.conv_transpose2d(x, weight, bias, stride=2, padding=1)


def conv(x: Tensor, weight: Tensor) -> Tensor:
    """4x4 convolution of stride 1, `(N, in, H, W) -> (N, out, H - 1, W - 1)`, by the filters `(out, in, 4, 4)`."""
    if _trains_on_cpu(x):
        if len(weight) <= FEW_OUTPUTS:
            # Each place gives its share to 16 places of the output, instead of each output asking 16 places.
            shares = _product(weight.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2), x.flatten(2))
            return F.fold(shares, (x.shape[2] - 1, x.shape[3] - 1), 4, padding=2)
        precise = not torch.is_autocast_enabled("cpu")  # half precision has no digits to spare
        if precise and len(weight) >= MANY_OUTPUTS:
            return _winograd(x, weight)
    return F.conv2d(x, weight, padding=1)


def _trains_on_cpu(x: Tensor) -> bool:
    return torch.is_grad_enabled() and x.device.type == "cpu" and not torch.compiler.is_compiling()


def _is_mostly_weights(places: int) -> bool:
    """Whether a layer of so many places trains faster as a matrix product.

    A convolution first brings its weights into another order, and their gradient back: a quarter of the paper's whole
    step goes there, for layers whose maps are at most 8x8. A matrix product takes them as they are.
    """
    return places <= FEW_PLACES


def _product(filters: Tensor, columns: Tensor) -> Tensor:
    """`(out, in) @ (N, in, places) -> (N, out, places)`."""
    if _multiplies_by_onednn(columns):
        # Whichever way round, the gradient of the weights comes out as they lie in memory.
        if filters.is_contiguous():
            maps = [_OneDnnProduct.apply(filters, each).contiguous() for each in columns]
        else:
            maps = [_OneDnnProduct.apply(each.T, filters.T).T.contiguous() for each in columns]
        return torch.stack(maps) if len(maps) > 1 else maps[0][None]
    if columns.shape[2] <= FEW_COLUMNS:  # MKL is several times slower at few columns than at few rows
        # Contiguous, or the map of one picture has strides for which the gradient of torch's batch norm is wrong.
        return (columns.mT.contiguous() @ filters.mT).mT.contiguous()
    return filters @ columns


def _multiplies_by_onednn(x: Tensor) -> bool:
    """Where torch has oneDNN's product in float32 and MKL's is slow.

    No public function of torch takes it in float32: the operator is one that torch.compile calls.
    """
    precise = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return precise and is_amd() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class _OneDnnProduct(torch.autograd.Function):
    """`(rows, inner) @ (inner, columns)` in float32."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return _linear(a, b.T)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, b = ctx.saved_tensors
        of_a = _linear(gradient, b) if ctx.needs_input_grad[0] else None
        of_b = _linear(a.T, gradient.T) if ctx.needs_input_grad[1] else None
        return of_a, of_b


def _linear(x: Tensor, weight: Tensor) -> Tensor:
    """`x @ weight.T`."""
    if len(weight) <= FEW_PLACES < len(x):  # many rows by few columns are slower than the other way round
        return _linear(weight, x).T
    return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")


def _scale_and_shift(x: Tensor, scale: Tensor | None, bias: Tensor | None) -> Tensor:
    """Scaling a small map costs less than scaling the many weights that it came from."""
    x = x if scale is None else x * scale[:, None, None]
    return x if bias is None else x + bias[:, None, None]


def _winograd(x: Tensor, weight: Tensor) -> Tensor:
    """As `conv`, with 49 multiplications for 16 outputs instead of 256 (Winograd; Lavin & Gray 2016).

    Rounding errors are about eleven times those of a plain convolution: 3e-6 of what is typical of its result.
    """
    to_points, weight_to_points, from_points = (matrix.to(x) for matrix in _winograd_matrices())
    batch, height, width = len(x), x.shape[2] - 1, x.shape[3] - 1
    rows, columns = -(-height // TILE), -(-width // TILE)
    side = TILE + 3
    x = F.pad(x, (1, columns * TILE + 2 - x.shape[3], 1, rows * TILE + 2 - x.shape[2]))
    tiles = x.unfold(2, side, TILE).unfold(3, side, TILE)  # (N, in, rows, columns, 7, 7)
    tiles = to_points @ tiles.permute(4, 5, 1, 0, 2, 3).reshape(side**2, -1)
    filters = weight.flatten(2).flatten(0, 1)
    if _multiplies_by_onednn(filters):
        filters = _OneDnnProduct.apply(filters, weight_to_points.T).T
    else:
        filters = weight_to_points @ filters.T
    products = filters.view(side**2, *weight.shape[:2]) @ tiles.view(side**2, weight.shape[1], -1)
    x = from_points @ products.flatten(1)  # (16, out * N * rows * columns)
    x = x.view(TILE, TILE, len(weight), batch, rows, columns).permute(3, 2, 4, 0, 5, 1)
    return x.reshape(batch, len(weight), rows * TILE, columns * TILE)[:, :, :height, :width]


@functools.cache
def _winograd_matrices() -> tuple[Tensor, Tensor, Tensor]:
    """Tiles to their values at 7x7 points, filters to theirs, products to outputs: (49, 49), (49, 16), (16, 49).

    Four outputs by four taps in a row are a product of polynomials with seven coefficients, so that its values at
    seven points tell all of it.
    """
    taps, outputs = _powers(4), _powers(TILE)
    # What turns a row of inputs to points follows: the others and it must make output i of tap j times input i + j.
    pairs = (outputs[:, :, None] * taps[:, None, :]).flatten(1)  # (7, 4 * 4)
    sums = torch.arange(TILE)[:, None, None] + torch.arange(4)[:, None] == torch.arange(TILE + 3)
    inputs = torch.linalg.lstsq(pairs.T, sums.flatten(0, 1).double()).solution
    return tuple(torch.kron(matrix, matrix) for matrix in (inputs, taps, outputs.T.contiguous()))


def _powers(count: int) -> Tensor:
    """The first powers of each point, `(points + 1, count)`; of infinity the greatest alone counts."""
    finite = torch.vander(torch.tensor(POINTS, dtype=torch.double), count, increasing=True)
    return torch.cat([finite, torch.eye(count, dtype=torch.double)[-1:]])
