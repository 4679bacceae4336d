"""The camera module: one bounded call, `step`. Take a frame when there is one, obey the lines, serve the link.

Frames exist in volatile memory only, and only while ARM is up. What `docs/protocol.md` calls this board's
clock is microseconds since start.
"""

import gc

from firmware.camera.capture import Capture
from firmware.camera.clip import Clip
from firmware.camera.frames import FrameRing
from firmware.camera.lines import SensorLines
from firmware.common import identity, wire
from firmware.common.console import Console
from firmware.common.link import Link
from firmware.common.settings import Settings, load
from firmware.common.ticks import Ticks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Buffer, Json

SETTINGS_FILE = "settings.json"
SECOND_US = 1000000
SILENT_US = 3000000  # opening the sensor takes up to two seconds
KEEP_MS = 60000  # as the sensor's recorder: a gateway that restarts is back within a minute
MAX_HELD = 4  # KEEP edges without a gateway beyond this are refused; the ring could not hold them


class CameraModule:
    """Everything the module does with its `settings`."""

    def __init__(self, settings: Settings, boot: int) -> None:
        self._settings = settings
        self._boot = boot
        self._ring = FrameRing(settings.ring_bytes)
        self._lines = SensorLines(settings.pins)
        self._timer = Ticks()
        self._link = Link(Console(settings.link), boot, self._timer.now, self.hello)
        self._link.prove(settings.key, settings.id)
        self._link.on_done = self._clip_done
        self._clips: list[Clip] = []
        self._count = 0
        self._frames = 0
        self._seen = 0
        self._next_second = SECOND_US
        gc.collect()
        gc.threshold(-1)  # from now on once a second, where there is time for it
        self._capture = Capture(settings)
        self._link.say_hello()

    def step(self) -> None:
        """Do what is to be done now; waits for nothing."""
        jpeg = self._capture.frame() if self._capture.ready() else None
        now = self._timer.now()
        if not self._lines.armed() and not self._open_clip():
            self._ring.wipe()
        elif jpeg is not None:
            self._store(now, jpeg)
        if jpeg is not None:
            self._seen = now
        stamp = self._lines.keep()
        if stamp is not None:
            self._keep(self._timer.at(stamp))
        self._end_clip(now)
        self._link.serve(now // 1000)
        if now >= self._next_second:
            self._next_second = now + SECOND_US
            self._end_second(now)

    def hello(self) -> "Json":
        """Return HELLO's dict (docs/protocol.md)."""
        return identity.hello(self._settings, self._boot, 1000000, self._link.held(), self._checks())

    def _open_clip(self) -> Clip | None:
        """Return the clip whose frames are still coming, or None."""
        return self._clips[-1] if self._clips and not self._clips[-1].ended else None

    def _store(self, now: int, jpeg: "Buffer") -> None:
        entry = self._ring.add(now, jpeg)
        if entry is None:
            return
        self._frames += 1
        clip = self._open_clip()
        if clip and now < clip.end_ticks:
            clip.add(entry)
        self._ring.forget_before(now - (self._settings.before_s + 1) * SECOND_US)

    def _keep(self, edge: int) -> None:
        if not self._lines.armed() or self._open_clip() or len(self._clips) >= MAX_HELD:
            print("KEEP refused: not armed, or the clips before it are not fetched")
            return
        settings = self._settings
        self._count += 1
        clip = Clip(
            self._ring,
            self._count,
            edge,
            edge - settings.before_s * SECOND_US,
            edge + settings.after_s * SECOND_US,
            settings.size,
        )
        self._clips.append(clip)
        self._link.hold(clip)

    def _end_clip(self, now: int) -> None:
        clip = self._open_clip()
        if clip and now >= clip.end_ticks:
            clip.end(self._ring.dropped, now // 1000)
        for held in list(self._clips):
            if held.ended and len(self._clips) > 1 and now // 1000 - held.ended_ms > KEEP_MS:
                self._link.give_up(held, "not fetched in time; its memory was needed")
                self._clip_done(held)

    def _clip_done(self, clip: Clip) -> None:
        self._clips.remove(clip)
        clip.release()

    def _end_second(self, now: int) -> None:
        gc.collect()
        self._link.send_json(
            wire.SECOND,
            {
                "n": now,
                "state": "keep" if self._open_clip() else "armed" if self._lines.armed() else "off",
                "frames": self._frames,
                "dropped": self._ring.dropped,
                "mem_free": gc.mem_free(),
                "checks": self._checks(),
            },
        )

    def _checks(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self._timer.now() - self._seen > SILENT_US:
            found["camera"] = "no frame comes: check the ribbon cable"
        return found


def build() -> CameraModule:
    """Return the module that `settings.json` describes; SettingsError says what is wrong with it."""
    return CameraModule(load(SETTINGS_FILE), identity.next_boot())
