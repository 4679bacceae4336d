"""A labelled session: sounds for learning a signature, under supervision. docs/protocol.md, "A labelled session".

Rules of this file
- It runs only while a gateway asks for it again and again, and an hour at most: it ends by itself.
- The trigger is on level alone, with the site's threshold, hold-off and maximum per hour, counted for the session.
- What it records is never evidence, and does not outlive it: clips that were not fetched are forgotten.
"""

from firmware.common.link import Link
from firmware.common.settings import Settings
from firmware.sensor.recorder import Clip, Recorder
from firmware.sensor.trigger import Trigger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

LONGEST_S = 3600
LONGEST_ASKED_S = 20  # a gateway that is lost leaves a session on for so long at most
SURE = 1.0  # the score that any sound counts with: level alone decides


class Labelling:
    """The sessions of a board whose clips are in `recorder` and go over `link`."""

    def __init__(self, settings: Settings, recorder: Recorder, link: Link) -> None:
        self._settings = settings
        self._recorder = recorder
        self._link = link
        self._trigger = Trigger(settings)
        self._asked = self._last = 0  # samples up to which it was asked for, and may go on
        self._clips: list[Clip] = []

    def obey(self, words: list[str], sample: int) -> None:
        """Begin, go on or end, as the line with `words` after `label` says."""
        if words == ["off"]:
            self._asked = sample
            return
        try:
            seconds = int(words[1]) if words[0] == "on" and len(words) == 2 else 0
        except (ValueError, IndexError):
            seconds = 0
        if not 0 < seconds <= LONGEST_ASKED_S:
            print("no such line: label on 1 to %d, label off" % LONGEST_ASKED_S)
            return
        if self._recorder.clip and not self._clips:
            print("a clip is being recorded: ask again when it is over")
            return
        if sample >= self._asked:
            self._trigger = Trigger(self._settings)
            self._last = sample + LONGEST_S * self._settings.rate
        self._asked = sample + seconds * self._settings.rate

    def left_s(self, sample: int) -> int:
        """Return how many seconds the session still runs, rounded up; 0 without one."""
        return -(-max(min(self._asked, self._last) - sample, 0) // self._settings.rate)

    def frame(self, lafmax_db: float) -> bool:
        """Take one frame's LAFmax (dB(A)) of a session; True when a clip is wanted."""
        return self._trigger.frame(lafmax_db, SURE)

    def take(self, clip: Clip, event: "Json", lafmax_db: float) -> None:
        """Note that `clip` is of a session, here and in its `event`."""
        event["labelled"] = True
        event["why"] = "a labelled session: LAFmax %.1f dB(A) is at least %.1f" % (
            lafmax_db,
            self._settings.threshold_dba,
        )
        self._clips.append(clip)

    def fetched(self, clip: Clip) -> None:
        """Note that the gateway has `clip`."""
        self._clips = [each for each in self._clips if each is not clip]

    def block(self, sample: int) -> bool:
        """Look once a block: True while a session runs or a clip of one is being recorded; forget what it left."""
        running = self.left_s(sample) > 0
        if not running:
            for clip in self._clips:
                self._link.forget(clip)
                if clip.complete:
                    self._recorder.release(clip)
            self._clips = [clip for clip in self._clips if not clip.complete]
        return running or bool(self._clips)
