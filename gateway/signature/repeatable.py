"""Linear algebra whose bytes do not depend on the number of threads: a model learnt twice is the same model.

Rules of this file
- A product as a whole is split among threads, and where it is split its last bits change. Blocks of `BLOCK` are too
  small to be split, and are added in one order; what is no product of blocks is einsum, which has one thread.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

BLOCK: Final = 64


def gram(x: Floats, weights: Floats) -> Floats:
    """Return x.T @ diag(weights) @ x, (p, p), for `x` (n, p) and `weights` (n,)."""
    size = x.shape[1]
    found = np.zeros((size, size))
    starts = range(0, size, BLOCK)
    for top in range(0, x.shape[0], BLOCK):
        rows = x[top : top + BLOCK]
        columns = [np.ascontiguousarray(rows[:, start : start + BLOCK]) for start in starts]
        weighted = [(block * weights[top : top + BLOCK, np.newaxis]).T.copy() for block in columns]
        for left, first in zip(starts, weighted, strict=True):
            for right, second in zip(starts, columns, strict=True):
                if right >= left:
                    found[left : left + BLOCK, right : right + BLOCK] += first @ second
    return np.triu(found) + np.triu(found, 1).T


def solve(a: Floats, b: Floats) -> Floats:
    """Return the solution (p,) of a @ solution = `b` (p,) for a symmetric positive definite `a` (p, p), by Cholesky.

    Raises `ValueError` when `a` is not positive definite.
    """
    size = b.size
    lower = np.zeros((size, size))
    for column in range(size):
        row = lower[column, :column]
        left = a[column:, column] - np.einsum("nk,k->n", lower[column:, :column], row)
        if left[0] <= 0.0:
            raise ValueError("the matrix is not positive definite: hold the weights back more strongly")
        lower[column:, column] = left / np.sqrt(left[0])
    found = np.zeros(size)
    for index in range(size):
        found[index] = (b[index] - np.einsum("k,k->", lower[index, :index], found[:index])) / lower[
            index, index
        ]
    for index in reversed(range(size)):
        after = np.einsum("k,k->", lower[index + 1 :, index], found[index + 1 :])
        found[index] = (found[index] - after) / lower[index, index]
    return found
