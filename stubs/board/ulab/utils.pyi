"""ulab.utils: samples out of buffers, and spectra without garbage. `out=` saves the allocation."""

from .numpy import ndarray

def from_int16_buffer(
    buffer: bytes | bytearray | memoryview,
    /,
    *,
    count: int = -1,
    offset: int = 0,
    out: ndarray = ...,
    byteswap: bool = False,
) -> ndarray: ...
def from_int32_buffer(
    buffer: bytes | bytearray | memoryview,
    /,
    *,
    count: int = -1,
    offset: int = 0,
    out: ndarray = ...,
    byteswap: bool = False,
) -> ndarray: ...
def from_uint16_buffer(
    buffer: bytes | bytearray | memoryview,
    /,
    *,
    count: int = -1,
    offset: int = 0,
    out: ndarray = ...,
    byteswap: bool = False,
) -> ndarray: ...
def from_uint32_buffer(
    buffer: bytes | bytearray | memoryview,
    /,
    *,
    count: int = -1,
    offset: int = 0,
    out: ndarray = ...,
    byteswap: bool = False,
) -> ndarray: ...
def spectrogram(
    x: ndarray, /, *, out: ndarray = ..., scratchpad: ndarray = ..., log: bool = False
) -> ndarray:
    """Return |FFT(x)| of a power-of-two number of values; `scratchpad` has twice as many."""
