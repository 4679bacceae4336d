"""The sensor: one bounded call, `step`, per block of 25 ms. Read, analyse, record, decide, serve the link.

Nothing here waits except the microphone. The board counts samples: `samples` is the index of the next one,
and the board's clock is that count, carried on between blocks by the microsecond timer.
"""

import gc
import json
import struct

from ulab import numpy as np

from firmware.common import flags as flag
from firmware.common import identity, wire
from firmware.common.blocks import BLOCKS_PER_FRAME, BLOCKS_PER_SECOND, FRAMES_PER_SECOND, block_samples
from firmware.common.console import Console
from firmware.common.link import Link
from firmware.common.settings import Settings, load
from firmware.common.ticks import Ticks
from firmware.sensor.analysis import Analysis
from firmware.sensor.calibration import Calibration
from firmware.sensor.event import Event, moment
from firmware.sensor.host_lines import HostLines
from firmware.sensor.lines import CameraLines
from firmware.sensor.microphone import Microphone
from firmware.sensor.model_store import ModelStore
from firmware.sensor.overrun import OverrunCounter
from firmware.sensor.recorder import Clip, Recorder
from firmware.sensor.second import Second
from firmware.sensor.slot_search import SlotSearch
from firmware.sensor.trigger import HOLD_OFF, Trigger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json, Moment

SETTINGS_FILE = "settings.json"
NO_SOUND_DB = -99.0


class Sensor:
    """Everything the board does with its `settings` (firmware.common.settings.Settings)."""

    def __init__(self, settings: Settings, boot: int) -> None:
        self._settings = settings
        self._boot = boot
        self._rate = settings.rate
        self._block = block_samples(settings.rate)
        self.raw = bytearray(4 * self._block * settings.channels)
        self._raw_view = np.frombuffer(self.raw, dtype=np.uint8)
        self.samples = 0
        self._blocks = 0
        self._clips = 0
        self._event: Event | None = None
        self._before: list[Moment] = []  # of the frames that a clip would begin with
        self._calibration = Calibration()
        self._models = ModelStore()
        self._analysis = Analysis(settings, self._calibration.offset_db, self._models.model)
        self._trigger = Trigger(settings)
        self._lines = CameraLines(settings.pins)
        # Without `evidence` no clip can come into being: the memory for it does not exist.
        self._recorder = (
            Recorder(settings, len(self._analysis.bands)) if settings.mode == "evidence" else None
        )
        self._display = None
        if settings.mode == "dialogue":
            from firmware.sensor.display import Display

            self._display = Display(settings.pins)
        self._link = Link(Console(settings.link), boot, self.ticks, self.hello)
        self._link.prove(settings.key, settings.id)
        self._link.on_done = self._clip_done
        self._host = HostLines(
            settings,
            self._link,
            self._analysis,
            self._calibration,
            self._models,
            self._recorder,
            lambda: self.samples,
        )
        self._figures = bytearray(wire.FIGURES_HEAD_BYTES + 2 * len(self._analysis.bands))
        self._second = Second()
        gc.collect()
        gc.threshold(-1)  # from now on once a second, where there is time for it
        self._microphone = Microphone(settings)
        self._timer = Ticks()
        self._read_us = 0
        self._overruns = OverrunCounter(settings.rate)
        self._overruns_flagged = 0
        self._search: SlotSearch | None = None
        self._link.say_hello()

    def step(self) -> None:
        """Take one block; waits for the microphone, for nothing else."""
        if self._search:
            self._go_on_searching(self._search)
        else:
            self._microphone.read(self.raw)
        self._read_us = self._timer.now()
        self.samples += self._block
        self._blocks += 1
        self._overruns.block(self.samples, self._read_us)
        if self._recorder:
            self._recorder.write(self.raw, self._raw_view)
        if self._analysis.process(self.raw):
            self._frame()
        now_ms = self._read_us // 1000
        if self._recorder:
            self._record(self._recorder, now_ms)
        self._link.serve(now_ms)
        if self._blocks % BLOCKS_PER_SECOND == 0:
            self._end_second()

    def ticks(self) -> int:
        """Return the board's clock: the index of the sample that is being taken now."""
        return self.samples + (self._timer.now() - self._read_us) * self._rate // 1000000

    def hello(self) -> "Json":
        """Return HELLO's dict (docs/protocol.md)."""
        settings = self._settings
        values = identity.hello(settings, self._boot, self._rate, self._link.held(), self._checks())
        values["mode"] = settings.mode
        values["rate"] = settings.rate
        values["channels"] = settings.channels
        values["bits"] = settings.bits
        values["microphone"] = settings.microphone
        values["calibration"] = self._calibration.record
        values["calibration_check"] = self._calibration.check
        model = self._models.model
        values["model"] = {"name": model.name, "version": model.version, "hash": model.hash}
        if self._host.label_s:
            values["label_s"] = self._host.label_s
        return values

    # -- once a frame

    def _frame(self) -> None:
        analysis = self._analysis
        # Counted at the end of a second, which is that of a frame.
        if self._overruns.count > self._overruns_flagged:
            self._overruns_flagged = self._overruns.count
            analysis.flags |= flag.SAMPLES_LOST
        figures = self._figures
        bands = bytes(analysis.bands)
        struct.pack_into(
            wire.FIGURES_HEAD,
            figures,
            0,
            self.samples,
            wire.level(analysis.laf_db),
            wire.level(analysis.lafmax_db),
            wire.level(analysis.laeq_db),
            wire.level(analysis.lasmax_db),
            wire.level(analysis.lceq_db),
            wire.level(analysis.lzeq_db),
            wire.level(analysis.lcpeak_db),
            analysis.flags,
            len(analysis.bands),
        )
        figures[wire.FIGURES_HEAD_BYTES :] = bands
        self._link.send(wire.FIGURES, figures)
        self._second.add(analysis)
        if self._display:
            self._display.frame(self._trigger.frame(analysis.lafmax_db, analysis.score))
        if self._recorder:
            self._recorder.write_trace(self.samples, analysis)
            self._before.append(moment(analysis))
            if len(self._before) > self._settings.before_s * FRAMES_PER_SECOND:
                self._before.pop(0)
            labelling = self._host.labelling
            if labelling and self._host.label_s:
                wanted = labelling.frame(analysis.lafmax_db)
                self._trigger.frame(NO_SOUND_DB, 0.0)  # its time goes on
            else:
                wanted = self._trigger.frame(analysis.lafmax_db, analysis.score)
            if self._event:
                self._event.add(analysis)
            elif wanted and self._recorder.ready:
                self._open_clip(self._recorder)
            elif wanted:
                print(
                    "a trigger found no memory for its clip: the gateway has not fetched the clips before it"
                )

    def _open_clip(self, recorder: Recorder) -> None:
        labelling = self._host.labelling if self._host.label_s else None
        self._lines.keep(labelling is None)  # of a labelled session there are no pictures
        keep = self.ticks()
        settings = self._settings
        self._clips += 1
        clip = recorder.open(self._clips)
        decimate = settings.decimate
        per_block = self._block // decimate
        frames = (
            clip.end_block - clip.first_block
        ) // BLOCKS_PER_FRAME - settings.after_s * FRAMES_PER_SECOND
        self._event = Event(self._before[-frames:])
        self._event.look(self._analysis)
        event = {
            "trigger": self.samples,
            "keep": keep,
            "laf": round(self._analysis.laf_db, 1),
            "score": round(self._analysis.score, 3),
            "firing_hz": round(self._analysis.firing_hz, 1),
            "why": "LAFmax %.1f dB(A) is at least %.1f and exhaust signature %.2f, at this level %.2f, at least %.2f"
            % (
                self._analysis.lafmax_db,
                settings.threshold_dba,
                self._analysis.score,
                self._trigger.weighed(self._analysis.lafmax_db, self._analysis.score),
                settings.signature_threshold,
            ),
            "rate": settings.rate // decimate,
            "decimate": decimate,
            "bits": settings.bits,
            "channels": settings.channels,
            "spacing_m": settings.spacing_m if settings.channels == 2 else None,
            "first": clip.first_block * self._block,
            "samples": (clip.end_block - clip.first_block) * per_block,
            "full_scale_db": settings.full_scale_db,
            "microphone": settings.microphone,
            "calibration_db": self._calibration.offset_db,
            "calibration": self._calibration.record,
            "calibration_check": self._calibration.check,
            "checks": self._checks(),
        }
        if labelling:
            labelling.take(clip, event, self._analysis.lafmax_db)
        clip.describe(json.dumps(event).encode())
        self._link.hold(clip)

    # -- once a block, in mode evidence

    def _record(self, recorder: Recorder, now_ms: int) -> None:
        if self._event and recorder.ended():
            if self._overruns.pending:
                self._event.flag(flag.SAMPLES_LOST)
            summary = self._event.summary()
            summary["overruns"] = self._overruns.count
            summary["model"] = self._models.model.hash
            recorder.close(json.dumps(summary).encode(), now_ms)
            self._event = None
            self._lines.keep(False)
        overdue = recorder.overdue(now_ms)
        if overdue is not None:
            self._link.give_up(overdue, "not fetched in time; its memory was needed")
            recorder.release(overdue)
        labelling = self._host.labelling
        without_pictures = labelling is not None and labelling.block(self.samples)
        # The camera may fill its ring only while a clip with pictures could come of it.
        self._lines.arm((recorder.ready or recorder.clip is not None) and not without_pictures)

    def _clip_done(self, clip: Clip) -> None:
        if self._host.labelling:
            self._host.labelling.fetched(clip)
        if self._recorder:
            self._recorder.release(clip)

    # -- once a second

    def _end_second(self) -> None:
        # On purpose, here: the I2S buffer has room, and a collection at a moment of its own would be as long.
        gc.collect()
        values = self._second.end(self._state())
        values["n"] = self.samples
        values["overruns"] = self._overruns.count
        values["dropped"] = self._link.dropped
        values["mem_free"] = gc.mem_free()
        values["checks"] = self._checks()
        if self._host.label_s:
            values["label_s"] = self._host.label_s
        if self._display:
            values["shown"] = self._display.count
        self._link.send_json(wire.SECOND, values)
        if self._blocks == BLOCKS_PER_SECOND:
            self._link.say_hello()  # now it knows how it fares
        # Not while a clip is recorded: it would get the silence of before for what comes meanwhile.
        if self._analysis.check.wants_search and self._search is None and self._event is None:
            self._search = SlotSearch(self._microphone, len(self.raw))

    def _go_on_searching(self, search: SlotSearch) -> None:
        """Look for the signal of a silent microphone; the silence of the last block stands for this one."""
        if search.step():
            self._analysis.check.found(search.slots)
            self._search = None
            self._overruns.restart()

    def _state(self) -> str:
        if self._event:
            return "clip"
        if self._recorder is None:
            return "idle"
        if self._trigger.state == HOLD_OFF:
            return "hold_off"
        return "watching" if self._recorder.ready else "idle"

    def _checks(self) -> dict[str, str]:
        found = self._analysis.check.texts()
        if self._overruns.count:
            found["i2s"] = "%d overruns: samples were lost" % self._overruns.count
        if self._calibration.damage:
            found["calibration"] = self._calibration.damage
        if self._models.damage:
            found["model"] = self._models.damage
        return found


def build() -> Sensor:
    """Return the sensor that `settings.json` describes; SettingsError says what is wrong with it."""
    return Sensor(load(SETTINGS_FILE), identity.next_boot())
