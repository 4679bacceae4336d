"""ulab.scipy.signal."""

from typing import overload

from ulab.numpy import ndarray

@overload
def sosfilt(sos: ndarray, x: ndarray, /) -> ndarray: ...
@overload
def sosfilt(sos: ndarray, x: ndarray, /, *, zi: ndarray) -> tuple[ndarray, ndarray]:
    """Filter `x` by second-order sections, shape (n, 6); `zi`, shape (n, 2), is also updated in place."""
