"""What a gateway may change on this board by a line: its calibration, its model, a labelled session.

Rules of this file
- Nothing changes in the middle of a clip: what decided about it and measured it is one thing from end to end.
- A line that cannot be obeyed says why, and HELLO, which answers, shows what is.
- What is needed a few times a year takes no memory before.
"""

from firmware.common import wire
from firmware.common.link import Link
from firmware.common.settings import Settings
from firmware.sensor.analysis import Analysis
from firmware.sensor.calibration import Calibration, CalibrationError
from firmware.sensor.model_store import ModelStore
from firmware.sensor.recorder import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Callable
    from firmware.sensor.labelling import Labelling
    from firmware.sensor.model_transfer import ModelTransfer


class HostLines:
    """Obeys the lines of `link` for these parts of the sensor; `now()` is the sample that was taken last."""

    def __init__(
        self,
        settings: Settings,
        link: Link,
        analysis: Analysis,
        calibration: Calibration,
        models: ModelStore,
        recorder: Recorder | None,
        now: "Callable[[], int]",
    ) -> None:
        self._settings = settings
        self._link = link
        self._analysis = analysis
        self._calibration = calibration
        self._models = models
        self._recorder = recorder
        self._now = now
        self._transfer: ModelTransfer | None = None
        self.labelling: Labelling | None = None
        link.on_line["calibration"] = self._calibrate
        link.on_line["model"] = self._model
        link.on_line["label"] = self._label

    @property
    def label_s(self) -> int:
        """How many seconds a labelled session still runs; 0 without one."""
        return self.labelling.left_s(self._now()) if self.labelling else 0

    def _recording(self) -> bool:
        return self._recorder is not None and self._recorder.clip is not None

    def _calibrate(self, words: list[str]) -> bool:
        """Keep the record in `words` and measure by it from now on."""
        if self._recording():
            print("a clip is being recorded: send the calibration again when it is over")
            return True
        try:
            self._calibration.store(" ".join(words))
        except (CalibrationError, OSError) as error:
            print("the calibration is not kept: %s" % error)
        self._analysis.calibrate(self._calibration.offset_db)
        return True

    def _model(self, words: list[str]) -> bool:
        """Take a piece of a model, or decide by it from now on."""
        if self._transfer is None:
            from firmware.sensor.model_transfer import ModelTransfer

            self._transfer = ModelTransfer(self._models)
        kept = self._transfer.obey(words, self._recording())
        self._analysis.signature.model = self._models.model
        self._link.send_json(wire.MODEL, self._transfer.answer)
        return kept

    def _label(self, words: list[str]) -> bool:
        """Begin a labelled session, go on with it, or end it."""
        if self._recorder is None:
            print("no labelled session in mode %s: no clip can come into being" % self._settings.mode)
            return True
        if self.labelling is None:
            from firmware.sensor.labelling import Labelling

            self.labelling = Labelling(self._settings, self._recorder, self._link)
        self.labelling.obey(words, self._now())
        self.labelling.block(self._now())  # what ended is forgotten before HELLO says that it ended
        return True
