"""What stands in the way of believing a clip, in words. A clip says its own weaknesses.

Rules of this file
- A flag is a short name and a sentence; the name never changes, the sentence is for people.
- What is not known is a flag, not a silence.
"""

from collections.abc import Sequence

import numpy as np

from firmware.common import flags as bits
from gateway.clips.bearing import Judgement
from gateway.clips.contents import SensorClip
from gateway.clips.flag import Flag
from gateway.clips.sound import pcm_words
from gateway.timing import MILLISECOND_NS

CLIP_SECONDS = 10.0
TOLERANCE_S = 0.1
FULL_SCALE = 2**31
# Three samples in a row at full scale are a cut-off wave; a single one may be its top.
CLIPPED_RUN = 3
FULL_SCALE_PART = 0.999
# Found with 20 recorded exhausts, alone and with another recording at the same level or 3 dB above it: with these
# numbers 1 of 20 lone exhausts and 11 of 19 mixtures are flagged. It is a hint that somebody should listen.
LOUD_DB = 10.0  # moments within this of the loudest make the level
NO_SIGNATURE = 0.2
SHARE_WITHOUT = 0.3
# What is 10 dB below adds 0.4 dB to the event; less is not of the event alone (ISO 1996-2: correct, or do not use).
EMERGENCE_DB = 10.0
FLAT = "flat"  # the type of a microphone whose response is not corrected
WIDE_UNCERTAINTY_NS = 500 * MILLISECOND_NS  # the trigger's time is then not sure to the second


# What the board itself found, by the bits of firmware/common/flags.py, lowest first.
ON_BOARD = (
    (bits.OVERLOAD, Flag("overload", "the board saw an overload during the event: levels read low")),
    (
        bits.UNDER_RANGE,
        Flag("under_range", "parts of the event are so quiet that the microphone hears itself"),
    ),
    (bits.STUCK, Flag("stuck", "the board heard no microphone for a while: check power, data line and slot")),
    (
        bits.DC_OFFSET,
        Flag("dc_offset", "the mean of the signal was far from zero: the microphone is damaged"),
    ),
    (
        bits.FLOATING,
        Flag("floating_data_line", "the data line was not driven by the microphone alone: check the wiring"),
    ),
    (
        bits.CLIPPED,
        Flag("microphone_clipped", "the microphone cut the wave off below full scale: levels read low"),
    ),
    (
        bits.NOISE_FLOOR,
        Flag(
            "noise_floor", "the noise floor is not that of a working microphone: look for water, dust, damage"
        ),
    ),
    (bits.SAMPLES_LOST, Flag("samples_lost", "the board lost samples during the event: levels miss them")),
)


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
    if clip.event.microphone == FLAT:
        flags.append(
            Flag(
                "response_not_corrected",
                "the type of the microphone is not named: its response is not corrected",
            )
        )
    if clip.summary is None:
        flags.append(Flag("no_summary", "the board's summary has not arrived"))
        return flags
    if clip.summary.overruns:
        flags.append(
            Flag("overruns", f"the board missed sound {clip.summary.overruns} times since it started")
        )
    flags += [flag for bit, flag in ON_BOARD if clip.summary.flags & bit]
    return flags


def of_sources(clip: SensorClip, heard: Judgement) -> list[Flag]:
    """Return the flags on other sources: by what two microphones `heard`, else by the signature."""
    if heard.single_source is not None:
        return [] if heard.single_source else [Flag("several_sources", f"by bearing: {heard.evidence}")]
    flags: list[Flag] = []
    loudest_db = max((record.laeq_db for record in clip.trace), default=0.0)
    loud = [record for record in clip.trace if record.laeq_db >= loudest_db - LOUD_DB]
    without = sum(record.score < NO_SIGNATURE for record in loud)
    if loud and without > SHARE_WITHOUT * len(loud):
        flags.append(
            Flag(
                "several_sources",
                f"{100 * without / len(loud):.0f} % of the loud moments lack the signature of an exhaust: another "
                "source may be in the levels; listen to the clip",
            )
        )
    return flags


def of_bearing(heard: Judgement) -> list[Flag]:
    """Return the flag on where the sound came from."""
    if heard.single_source is not None:
        return []
    return [Flag("bearing_unknown", f"where the sound came from: {heard.reason}")]


def of_emergence(clip: SensorClip, background_db: float | None) -> list[Flag]:
    """Return the flags on how the event stands out of `background_db`, LA95 of the hour before; None: not known."""
    flags: list[Flag] = []
    if background_db is None:
        flags.append(Flag("background_unknown", "the level before the event is not known"))
    elif clip.summary is not None and clip.summary.lafmax - background_db < EMERGENCE_DB:
        flags.append(
            Flag(
                "low_emergence",
                f"the event is only {clip.summary.lafmax - background_db:.1f} dB above the background: other sources "
                "are in the levels",
            )
        )
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


def of_proofs(unproved: Sequence[str]) -> list[Flag]:
    """Return the flag for the boards `unproved` (ids) that did not prove that they sent their part of the clip."""
    if not unproved:
        return []
    return [Flag("board_unproved", f"{' and '.join(unproved)} did not prove with a key that it sent this")]
