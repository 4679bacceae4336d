"""A board made of software: the firmware's own link over a pseudo terminal, with clips that are given to it.

Rules of this file
- The link is `firmware.common.link`, the code that runs on boards; only microphone and camera are missing.
- Nothing runs by itself: `step` does what a board does in a block, at the time it is told.
"""

import json
import os
import struct
import tty
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from firmware.common import wire
from firmware.common.link import Link
from gateway.clips.contents import Parts
from gateway.testing.clips import FakeClip
from gateway.timing import SECOND_NS

if TYPE_CHECKING:
    from firmware.common.console import Console

FIGURES_MS = 125
SECOND_MS = 1000
LEVELS = (
    6120,
    6300,
    6050,
    6210,
    6540,
    6600,
    7410,
)  # LAF, LAFmax, LAeq, LASmax, LCeq, LZeq, LCpeak in 0.01 dB


class PtyConsole:
    """The board's end of a serial port whose other end is at `path`; moved there by a link when `at` is given."""

    def __init__(self, at: Path | None = None) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        if at is not None:
            at.unlink(missing_ok=True)
            at.symlink_to(self.path)
            self.path = str(at)

    def read(self) -> bytes:
        """Return what the host wrote; b"" when there is nothing."""
        try:
            return os.read(self._master, 4096)
        except OSError:
            return b""

    def write(self, data: memoryview) -> int:
        """Write what fits and return how much that was."""
        try:
            return os.write(self._master, data)
        except OSError:
            return 0

    def close(self) -> None:
        """Pull the plug."""
        os.close(self._master)
        os.close(self._slave)


class FakeBoard:
    """A board of `kind` ("sensor" or "camera") called `id`, at the end of `console`.

    Its counter runs at `clock_hz` and `ppm` parts per million too fast from `start_ns` of the host's clock.
    It proves itself with `key` (64 hex digits), if there is one.
    """

    def __init__(  # noqa: PLR0913 - every argument is one property of a board
        self,
        kind: str,
        board_id: str,
        console: PtyConsole,
        *,
        boot: int = 1,
        start_ns: int = 0,
        ppm: float = 0.0,
        hello: Mapping[str, object] | None = None,
        key: str = "",
    ) -> None:
        self.kind = kind
        self.id = board_id
        self.boot = boot
        self.console = console
        self.clock_hz = 48000 if kind == "sensor" else 1_000_000
        self.done: list[int] = []
        self._start_ns = start_ns
        self._ppm = ppm
        self._now_ns = start_ns
        self._extra = dict(hello or {})
        self._next_figures_ms = 0
        self._next_second_ms = 0
        # Anything with read and write is a console to the link; the board has only one class of it.
        self.link = Link(cast("Console", console), boot, lambda: self.ticks_at(self._now_ns), self._hello)
        self.link.prove(key, board_id)
        self.link.on_done = self._on_done
        self.link.say_hello()

    def ticks_at(self, now_ns: int) -> int:
        """Return what the counter shows at `now_ns` of the host's monotonic clock."""
        return int((now_ns - self._start_ns) * self.clock_hz * (1 + self._ppm / 1e6) // SECOND_NS)

    def hold(self, number: int, parts: Parts, *, media_limit: int | None = None) -> FakeClip:
        """Hold a clip for the gateway."""
        clip = FakeClip(number, parts, media_limit)
        self.link.hold(clip)
        return clip

    def step(self, now_ns: int) -> None:
        """Do what a board does in a block that ends at `now_ns`."""
        self._now_ns = now_ns
        now_ms = (now_ns - self._start_ns) // 1_000_000
        if self.kind == "sensor" and now_ms >= self._next_figures_ms:
            self._next_figures_ms = now_ms + FIGURES_MS
            figures = struct.pack(wire.FIGURES_HEAD, self.ticks_at(now_ns), *LEVELS, 0, 29)
            self.link.send(wire.FIGURES, figures + struct.pack("<29h", *range(29)))
        if now_ms >= self._next_second_ms:
            self._next_second_ms = now_ms + SECOND_MS
            self.link.send_json(wire.SECOND, self._second(now_ns))
        self.link.serve(now_ms)

    def say(self, data: bytes) -> None:
        """Put bytes on the wire that are no frame."""
        self.console.write(memoryview(data))

    def _on_done(self, clip: FakeClip) -> None:
        self.done.append(clip.number)

    def _second(self, now_ns: int) -> dict[str, object]:
        common: dict[str, object] = {
            "n": self.ticks_at(now_ns),
            "dropped": self.link.dropped,
            "mem_free": 100_000,
            "checks": {},
        }
        if self.kind == "sensor":
            levels = {
                "laeq": 60.5,
                "lafmax": 63.0,
                "lasmax": 62.1,
                "lceq": 65.4,
                "lzeq": 66.0,
                "lcpeak": 74.1,
            }
            return {**common, **levels, "flags": 0, "score": 0.12, "state": "watching", "overruns": 0}
        return {**common, "state": "off", "frames": 0}

    def _hello(self) -> dict[str, object]:
        values: dict[str, object] = {
            "v": wire.VERSION,
            "kind": self.kind,
            "id": self.id,
            "uid": "e6614103e7452f2a",
            "boot": self.boot,
            "code": "0123456789abcdef",
            "micropython": "1.29.0",
            "ulab": "6.12.1" if self.kind == "sensor" else None,
            "mem_free": 100_000,
            "clock_hz": self.clock_hz,
            "held": self.link.held() if hasattr(self, "link") else [],
            "checks": {},
        }
        if self.kind == "sensor":
            values |= {"mode": "evidence", "rate": 48000, "channels": 1, "bits": 24}
        return json.loads(json.dumps(values | self._extra))
