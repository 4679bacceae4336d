"""Types that board code is written against. For the type checker only: `typing` is not on a board.

Import from here under `if TYPE_CHECKING:`, and quote what you import.
"""

from array import array
from collections.abc import Callable as Callable
from typing import Any as Any
from typing import Protocol, TypeAlias, TypedDict

from _mpy_shed.time_mp import _TicksMs, _TicksUs

Buffer: TypeAlias = bytes | bytearray | memoryview
StampMs: TypeAlias = _TicksMs  # of time.ticks_ms(): goes into ticks_diff and ticks_add, nothing else
StampUs: TypeAlias = _TicksUs
Json: TypeAlias = dict[str, Any]
Rule: TypeAlias = tuple[Any, ...]  # a row of the tables in common/settings.py, after the key
Pins: TypeAlias = dict[str, int]
Bands: TypeAlias = array[int]  # array("h"), 0.01 dB
# LAFmax, LASmax, LCpeak, LAeq, LCeq in dB, flags: see sensor/event.py
Moment: TypeAlias = tuple[float, float, float, float, float, int]

Entry: TypeAlias = tuple[int, int, int]  # a frame in camera/frames.py: ticks, start, size

class LinkSettings(TypedDict):
    """`link` of settings.json; {"port": "usb"} has none of the others."""

    port: str
    id: int
    baud: int
    tx: int
    rx: int

class Port(Protocol):
    """What carries bytes to the host and back; a write that takes nothing may return None."""

    def read(self) -> bytes: ...
    def write(self, view: memoryview, /) -> int | None: ...

class HeldClip(Protocol):
    """A clip that the link can send; see common/link.py."""

    @property
    def number(self) -> int: ...
    def total(self, part: int, /) -> int: ...
    def available(self, part: int, /) -> int: ...
    def read(self, part: int, offset: int, view: memoryview, /) -> None: ...
    def acknowledged(self, part: int, offset: int, /) -> None: ...
