"""Counts that tell whether drawn label maps resemble real ones: components per class, and JPEG labels made clean."""

import numpy as np

from pix2pix.labels import CLASSES, PALETTE

_SPECK = 6  # pixels: smaller components in a 256x256 map are leftovers of JPEG, not elements


def components(labels: np.ndarray, smallest: int = _SPECK) -> np.ndarray:
    """How many connected pieces (by edges) of at least `smallest` pixels each class has: `(12,)` int64."""
    parents: list[int] = []
    areas: list[int] = []
    classes: list[int] = []

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    above: list[tuple[int, int, int]] = []  # (start, end, run) of the row above
    for row in labels:
        starts = np.flatnonzero(np.diff(row.astype(np.int16), prepend=-1))
        ends = np.append(starts[1:], row.size)
        current = []
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            run = len(parents)
            parents.append(run)
            areas.append(end - start)
            classes.append(int(row[start]))
            current.append((start, end, run))
            for other_start, other_end, other in above:
                if other_start < end and start < other_end and classes[other] == classes[run]:
                    root_a, root_b = root(run), root(other)
                    if root_a != root_b:
                        parents[root_a] = root_b
                        areas[root_b] += areas[root_a]
        above = current
    kept = [classes[run] for run in range(len(parents)) if parents[run] == run and areas[run] >= smallest]
    return np.bincount(np.array(kept, dtype=np.int64), minlength=len(CLASSES))


def labels_from_jpeg(image: np.ndarray, tolerance: float = 40) -> np.ndarray:
    """Label image `(H, W, 3)` uint8 that went through JPEG -> label map `(H, W)` uint8 without its fringes.

    Only pixels within `tolerance` units of a palette colour are believed; the classes of the others, mostly the
    mixed colours along edges, grow in from their neighbours. A last 3x3 majority takes single specks away.
    """
    distances = np.stack(
        [np.square(image.astype(np.int32) - colour).sum(-1) for colour in PALETTE.astype(np.int32)], -1
    )
    votes = np.eye(len(CLASSES), dtype=np.uint8)[distances.argmin(-1)]
    votes *= (distances.min(-1, keepdims=True) <= tolerance**2).astype(np.uint8)
    for _ in range(max(image.shape[:2])):
        unknown = votes.max(-1) == 0
        counts = _neighbour_votes(votes)
        found = unknown & (counts.max(-1) > 0)
        if not found.any():
            break
        votes[found, counts[found].argmax(-1)] = 1
    return (2 * _neighbour_votes(votes) + votes).argmax(-1).astype(np.uint8)  # ties go to the pixel's own class


def _neighbour_votes(votes: np.ndarray) -> np.ndarray:
    """The sum of the 3x3 neighbourhood: `(H, W, 12)`."""
    height, width = votes.shape[:2]
    padded = np.pad(votes, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return sum(padded[row : row + height, column : column + width] for row in range(3) for column in range(3))
