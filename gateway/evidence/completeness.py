"""Is what lies in a package complete as evidence: both sound and picture of one moment, and figures that stand.

Rules of this file
- Sound and pictures are decoded; measurement.json is believed as far as its hash holds, and says its own doubts.
- What was found wrong does not hold; what nobody knows (never calibrated, no time server) cannot be said.
"""

import io
import itertools
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import av
from av.error import FFmpegError

from gateway.errors import PackageError
from gateway.evidence.manifest import Manifest
from gateway.evidence.statements import Statement, Verdict, judge

SOUND_S = 10.0
SOUND_TOLERANCE_S = 0.1
PICTURE_S = 9.0
LONGEST_S = 60.0  # of sound that is decoded: a few bytes can stand for hours of silence
MOST_PICTURES = 3600
MOST_PIXELS = 25_000_000  # of one picture: five times the largest that a camera module sends
ALIGNED_S = 0.25  # two pictures at the least rate of a camera, and a block
SOUND, PICTURE, VIEW, MEASUREMENT = "sound.flac", "picture.mkv", "view.mp4", "measurement.json"
EVIDENCE_PARTS = (SOUND, PICTURE, VIEW, MEASUREMENT)

# What board and gateway doubted themselves: claim, flags (clips/validity.py, clips/calibration.py) that make it false,
# flags that leave it open, and what is said when there is none.
DOUBTS: Final = (
    (
        "the calibration was valid",
        {"calibration_expired", "calibration_drift", "calibration_date"},
        {"never_calibrated", "electronic_check_overdue"},
        "a calibrator was on the microphone in time, and the board's own check passed",
    ),
    (
        "the clock was synchronised",
        set[str](),
        {"clock_not_synchronised", "time_unknown", "time_uncertain"},
        "with a time server; the board's clock was known",
    ),
    (
        "one vehicle was dominant",
        {"two_vehicles"},
        {"several_sources"},
        "nothing else was as loud, by what was heard",
    ),
    (
        "nothing was overloaded",
        {"overload", "clipped", "microphone_clipped"},
        {"no_summary"},
        "the loudest sample is within range",
    ),
    (
        "the microphone worked, and no sound was lost",
        {
            "stuck",
            "floating_data_line",
            "dc_offset",
            "digital_silence",
            "samples_lost",
            "noise_floor",
            "short",
        },
        {"no_summary"},
        "no fault was found",
    ),
    (
        "it comes from the boards that it names",
        set[str](),
        {"board_unproved"},
        "each proved it with its key",
    ),
)


def of_contents(sealed: Manifest, parts: Mapping[str, bytes]) -> Iterator[Statement]:
    """Return what is to say of sound, pictures and measurement among `parts`."""
    sound_s: float | None = None
    if SOUND in parts:
        try:
            sound_s = sound_duration_s(parts[SOUND])
            fits = abs(sound_s - SOUND_S) <= SOUND_TOLERANCE_S
            yield judge(
                "the sound lasts ten seconds", [] if fits else [f"{sound_s:.3f} s"], f"{sound_s:.3f} s"
            )
        except PackageError as error:
            yield Statement("the sound lasts ten seconds", Verdict.FAILS, str(error))
    if PICTURE in parts:
        claim = f"the pictures last at least {PICTURE_S:.0f} seconds"
        try:
            picture_s = picture_duration_s(parts[PICTURE])
            said = f"{picture_s:.3f} s"
            yield judge(claim, [] if picture_s >= PICTURE_S else [said], said)
        except PackageError as error:
            yield Statement(claim, Verdict.FAILS, str(error))
    if VIEW in parts:
        try:
            picture_duration_s(parts[VIEW])
            yield Statement("the view can be played", Verdict.HOLDS, "sound and picture open")
        except PackageError as error:
            yield Statement("the view can be played", Verdict.FAILS, str(error))
    if MEASUREMENT in parts:
        yield from _of_measurement(sealed, parts, sound_s)


def as_evidence(sealed: Manifest | None, said: Collection[Statement]) -> Statement:
    """Return whether it is complete as evidence, after all else that was `said`."""
    problems: list[str] = []
    if sealed is not None:
        problems += sealed.missing
        problems += [f"no {name}" for name in EVIDENCE_PARTS if name not in sealed.parts]
        if sealed.evidence != (not sealed.missing):
            problems.append("the manifest contradicts itself")
    if any(statement.verdict is Verdict.FAILS for statement in said):
        problems.append("something above does not hold")
    fine = "sound, picture and measurement of one event"
    if any(statement.verdict is Verdict.UNKNOWN for statement in said):
        fine += "; what could not be said above is for others to show"
    return judge("it is complete as evidence", problems, fine)


def _of_measurement(
    sealed: Manifest, parts: Mapping[str, bytes], sound_s: float | None
) -> Iterator[Statement]:
    claim = "the sound contains the trigger"
    try:
        values: dict[str, Any] = json.loads(parts[MEASUREMENT])
        event, trigger_s = values["event"], float(values["trigger"]["in_sound_s"])
        flags = {str(each["flag"]): str(each["text"]) for each in values["validity"]}
        alignment = values["alignment"]
        if "board_proved" not in values:
            flags["board_unproved"] = "it was sealed before boards could prove themselves"
        apart = values["bearing"]["single_source"] is False
        aligned_s = None if alignment is None else float(alignment["uncertainty_s"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Statement(claim, Verdict.FAILS, f"{MEASUREMENT} cannot be read")
        return
    if event != sealed.event:
        why = f"{MEASUREMENT} is of event {event}, the manifest of {sealed.event}"
        yield Statement(claim, Verdict.FAILS, why)
        return
    if sound_s is None:
        yield Statement(claim, Verdict.FAILS, "there is no sound that can be read")
    else:
        said = f"at {trigger_s:.3f} s of {sound_s:.3f} s"
        yield judge(claim, [] if 0.0 <= trigger_s < sound_s else [said], said)
    if PICTURE in parts:
        yield _of_alignment(aligned_s)
    if apart:  # measured by two microphones, not only a hint
        flags["two_vehicles"] = flags.pop("several_sources", "two microphones heard another source")
    for doubt, wrong, unknown, fine in DOUBTS:
        yield _of_doubt(doubt, flags, wrong, unknown, fine)


def _of_alignment(aligned_s: float | None) -> Statement:
    claim = "sound and pictures are of the same moments"
    if aligned_s is None:
        return Statement(claim, Verdict.FAILS, f"{MEASUREMENT} does not say how they were aligned")
    said = f"within {1000 * aligned_s:.0f} ms"
    return judge(claim, [] if 0.0 <= aligned_s <= ALIGNED_S else [said], said)


def _of_doubt(
    claim: str, flags: Mapping[str, str], wrong: Collection[str], unknown: Collection[str], fine: str
) -> Statement:
    if found := [flags[name] for name in flags if name in wrong]:
        return Statement(claim, Verdict.FAILS, "; ".join(found))
    if found := [flags[name] for name in flags if name in unknown]:
        return Statement(claim, Verdict.UNKNOWN, "; ".join(found))
    return Statement(claim, Verdict.HOLDS, fine)


def sound_duration_s(data: bytes) -> float:
    """Decode a sound file whole and return how long it is; `PackageError` when that cannot be done."""
    try:
        with av.open(io.BytesIO(data), mode="r") as opened:
            samples = rate = 0
            for frame in opened.decode(audio=0):
                samples += frame.samples
                rate = frame.sample_rate
                if samples > LONGEST_S * rate:
                    raise PackageError(f"{SOUND} lasts more than {LONGEST_S:.0f} s; a clip lasts ten")
    except (FFmpegError, ValueError, IndexError) as error:
        raise PackageError(f"{SOUND} cannot be decoded ({error})") from None
    if not rate:
        raise PackageError(f"{SOUND} holds no sound")
    return samples / rate


def picture_duration_s(data: bytes) -> float:
    """Decode all pictures of a file; return the seconds from the first to the end of the last.

    The last picture counts as long as the ones before it on average. `PackageError` when none can be decoded.
    """
    try:
        with av.open(io.BytesIO(data), mode="r") as opened:
            stream = opened.streams.video[0]
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            times = [frame.time for frame in itertools.islice(opened.decode(stream), MOST_PICTURES + 1)]
    except (FFmpegError, ValueError, IndexError) as error:
        raise PackageError(f"the pictures cannot be decoded ({error})") from None
    if not times:
        raise PackageError("there is no picture in it")
    if len(times) > MOST_PICTURES:
        raise PackageError(f"there are more than {MOST_PICTURES} pictures in it; a clip has some hundreds")
    span = times[-1] - times[0]
    return span + (span / (len(times) - 1) if len(times) > 1 else 0.0)
