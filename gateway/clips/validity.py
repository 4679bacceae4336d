"""What stands in the way of believing a clip, in words. A clip says its own weaknesses.

Rules of this file
- A flag is a short name and a sentence; the name never changes, the sentence is for people.
- What is not known is a flag, not a silence.
"""

from dataclasses import dataclass

import numpy as np

from firmware.common import flags as flags_on_board
from gateway.clips.contents import SensorClip
from gateway.clips.sound import pcm_words
from gateway.timing import MILLISECOND_NS

CLIP_SECONDS = 10.0
TOLERANCE_S = 0.1
FULL_SCALE = 2**31
# Three samples in a row at full scale are a cut-off wave; a single one may be its top.
CLIPPED_RUN = 3
FULL_SCALE_PART = 0.999
WIDE_UNCERTAINTY_NS = 500 * MILLISECOND_NS  # the trigger's time is then not sure to the second


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason for doubt."""

    name: str
    text: str


def of_sound(clip: SensorClip) -> list[Flag]:
    """Return the flags that the sound itself raises."""
    flags: list[Flag] = []
    if abs(clip.duration_s - CLIP_SECONDS) > TOLERANCE_S:
        flags.append(Flag("short", f"the sound is {clip.duration_s:.2f} s long, not {CLIP_SECONDS:.0f} s"))
    if not 0.0 <= clip.event.trigger_s < clip.duration_s:
        flags.append(Flag("trigger_outside", "the moment of the trigger is not in the sound"))
    if clip.event.decimate > 1:
        flags.append(
            Flag(
                "decimated", f"the sound was kept at {clip.event.rate} Hz; levels were measured at full rate"
            )
        )
    words = pcm_words(clip)
    if len(words):
        silent = [channel for channel in range(words.shape[1]) if not words[:, channel].any()]
        if silent:
            flags.append(Flag("digital_silence", "every sample of a microphone is zero: it is not connected"))
        at_top = np.abs(words.astype(np.int64)) >= int(FULL_SCALE * FULL_SCALE_PART)
        runs = at_top.copy()
        for shift in range(1, CLIPPED_RUN):
            runs[shift:] &= at_top[:-shift]
        if runs[CLIPPED_RUN - 1 :].any():
            flags.append(
                Flag("clipped", "the sound reached full scale and is cut off there: levels read low")
            )
    return flags


def of_measurement(clip: SensorClip) -> list[Flag]:
    """Return the flags that the board's own figures raise."""
    flags: list[Flag] = []
    if clip.event.calibration_db == 0.0:
        flags.append(
            Flag("never_calibrated", "levels rest on the microphone's data sheet, not on a calibrator")
        )
    if clip.summary is None:
        flags.append(Flag("no_summary", "the board's summary has not arrived"))
        return flags
    if clip.summary.overruns:
        flags.append(
            Flag("overruns", f"the board missed sound {clip.summary.overruns} times since it started")
        )
    if clip.summary.flags & flags_on_board.OVERLOAD:
        flags.append(Flag("overload", "the board saw an overload during the event: levels read low"))
    return flags


def of_time(uncertainty_ns: int | None, clock_state: str) -> list[Flag]:
    """Return the flags on when it was. `clock_state` is "synchronised", or says why it is not."""
    flags: list[Flag] = []
    if clock_state != "synchronised":
        flags.append(Flag("clock_not_synchronised", f"the clock of the cabinet: {clock_state}"))
    if uncertainty_ns is None:
        flags.append(
            Flag("time_unknown", "the clock of the board was not known; the time is that of arrival")
        )
    elif uncertainty_ns > WIDE_UNCERTAINTY_NS:
        flags.append(Flag("time_uncertain", f"the time is known to {uncertainty_ns / 1e9:.1f} s only"))
    return flags
