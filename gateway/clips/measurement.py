"""`measurement.json`: everything that is known of a clip, in figures. docs/clip.md explains each key.

Rules of this file
- Levels in dB re 20 uPa, times in seconds from the first sample of the sound unless the name says otherwise.
- What is not known is null and has a flag in `validity`; nothing is filled in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from gateway.clips import bearing, calibration, uncertainty
from gateway.clips.background import Exceeded, section
from gateway.clips.contents import CameraClip, SensorClip
from gateway.clips.flag import Flag
from gateway.clips.mask import Mask
from gateway.clips.picture import TimedFrame
from gateway.clips.validity import (
    FLAT,
    of_bearing,
    of_emergence,
    of_measurement,
    of_proofs,
    of_sound,
    of_sources,
    of_time,
)
from gateway.clips.weather import Weather, of_weather
from gateway.link.clock import MAX_PPM
from gateway.link.messages import Hello
from gateway.timing import MILLISECOND_NS, iso_utc

NAME = "measurement.json"
LAYOUT = 1
FRAME_S = 0.125
BLOCK_S = 0.025  # the sensor raises KEEP within the block in which the condition became true
# Nominal third-octave mid-band frequencies, IEC 61260-1:2014 table 1, from the lowest the boards send.
NOMINAL_HZ = (
    25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000,
    2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500, 16000,
)  # fmt: skip
Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class BoardClock:
    """What was known of a board's clock when the clip was joined. `drift_ppm` against the gateway's."""

    uncertainty_ns: int
    drift_ppm: float | None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the gateway knows of a clip that the boards do not. `clock_state` as in validity.of_time."""

    event_id: str
    site_id: str
    site_name: str
    trigger_wall_ns: int
    clock_state: str
    sensor_hello: Hello
    sensor_clock: BoardClock | None
    camera_hello: Hello | None = None
    camera_clock: BoardClock | None = None
    rules: calibration.Rules = field(default_factory=calibration.Rules)
    self_check_wall_ns: int | None = None  # when the sensor's self-check last passed
    weather: Weather | str | None = None  # what was observed, why it is not known, or None: not configured
    weather_max_age_s: float = 900.0
    background: Exceeded | str = "nobody has listened"  # the hour before the clip, or why it is not known
    sensor_proved: bool = False  # by its key, see link/proof.py
    camera_proved: bool = False
    camera_view_deg: float | None = None  # how wide the camera looks, where it is stated
    mask: Mask = ()  # what is painted over in its pictures
    speech_attenuated: bool = False  # in view.mp4


def measurement(
    about: Circumstances,
    clip: SensorClip,
    camera: CameraClip | None,
    frames: Sequence[TimedFrame],
    missing: Sequence[str],
) -> Values:
    """Return the content of the file."""
    event, summary = clip.event, clip.summary
    uncertainty_ns = None if about.sensor_clock is None else about.sensor_clock.uncertainty_ns
    calibrated = calibration.at(
        about.trigger_wall_ns, event.calibration, event.calibration_check, event.microphone, about.rules
    )
    heard = bearing.judge(clip)
    flags = [
        *(Flag("incomplete", text) for text in missing),
        *of_sound(clip),
        *of_measurement(clip),
        *of_bearing(heard),
        *of_sources(clip, heard),
        *of_emergence(clip, about.background.la95_db if isinstance(about.background, Exceeded) else None),
        *calibrated.flags,
        *calibration.of_electronic_check(about.trigger_wall_ns, about.self_check_wall_ns, about.rules),
        *of_weather(about.weather, about.trigger_wall_ns, about.weather_max_age_s),
        *of_time(uncertainty_ns, about.clock_state),
        *of_proofs(_unproved(about)),
    ]
    return {
        "layout": LAYOUT,
        "event": about.event_id,
        "site": {"id": about.site_id, "name": about.site_name},
        "trigger": {
            "time": iso_utc(about.trigger_wall_ns),
            "time_uncertainty_s": None
            if uncertainty_ns is None
            else round(uncertainty_ns / 1e9 + BLOCK_S, 6),
            "in_sound_s": round(event.trigger_s, 6),
            "keep_in_sound_s": round(event.keep_s, 6),
            "laf_db": event.laf,
            "score": event.score,
            "firing_hz": event.firing_hz or None,
            "why": event.why,
        },
        "levels": {
            "lafmax_db": None if summary is None else summary.lafmax,
            "lasmax_db": None if summary is None else summary.lasmax,
            "laeq_db": None if summary is None else summary.laeq,
            "lae_db": None if summary is None else summary.lae,
            "lceq_db": None if summary is None else summary.lceq,
            "lcpeak_db": None if summary is None else summary.lcpeak,
            "counted_from": "the whole clip",
        },
        "background": section(about.background, None if summary is None else summary.lafmax),
        "behaviour": {
            "kind": "unknown" if summary is None else summary.behaviour,
            "reason": "" if summary is None else summary.evidence,
            "firing_hz": None if summary is None or not summary.firing_hz[1] else list(summary.firing_hz),
            "score": None if summary is None else summary.score,
        },
        "bearing": bearing.section(clip, heard),
        "sound": {
            "rate_hz": event.rate,
            "bits": event.bits,
            "channels": event.channels,
            "samples": clip.samples,
            "duration_s": round(clip.duration_s, 6),
            "decimated_by": event.decimate,
        },
        "trace": _trace(clip),
        "picture": None if camera is None else _picture(camera, frames, about),
        "view": {"speech": "attenuated" if about.speech_attenuated else "full"},
        "alignment": None if camera is None else _alignment(clip, frames, about),
        "calibration": _calibration(clip, calibrated, about),
        "uncertainty": _uncertainty(event.microphone, calibrated),
        "weather": _weather(about.weather),
        "clocks": {
            "cabinet": about.clock_state,
            "sensor": _clock(about.sensor_clock),
            "camera": _clock(about.camera_clock),
        },
        "board_proved": not _unproved(about),
        "validity": [{"flag": flag.name, "text": flag.text} for flag in flags],
        "missing": list(missing),
        "model": _model(None if summary is None else summary.model, about.sensor_hello),
        "firmware": {
            "sensor": _firmware(about.sensor_hello, event.checks),
            "camera": None if about.camera_hello is None else _firmware(about.camera_hello),
        },
        "gateway": {"version": _version()},
    }


def trace_times_s(clip: SensorClip) -> list[float]:
    """Return when each record of the trace ends, in seconds from the first sample of the sound."""
    return [round((record.sample - clip.event.first) / clip.event.clock_hz, 6) for record in clip.trace]


def _trace(clip: SensorClip) -> Values:
    count = len(clip.trace[0].bands_db) if clip.trace else 0
    return {
        "interval_s": FRAME_S,
        "end_s": trace_times_s(clip),
        "laf_db": [record.laf_db for record in clip.trace],
        "lafmax_db": [record.lafmax_db for record in clip.trace],
        "laeq_db": [record.laeq_db for record in clip.trace],
        "lcpeak_db": [record.lcpeak_db for record in clip.trace],
        "score": [round(record.score, 3) for record in clip.trace],
        "firing_hz": [record.firing_hz or None for record in clip.trace],
        **bearing.columns(clip),
        "third_octave_hz": list(NOMINAL_HZ) if count == len(NOMINAL_HZ) else None,
        "third_octave_db": [list(record.bands_db) for record in clip.trace],
    }


def _picture(camera: CameraClip, frames: Sequence[TimedFrame], about: Circumstances) -> Values:
    return {
        "size": list(camera.event.size),
        "horizontal_view_deg": about.camera_view_deg,
        "masked": [[list(corner) for corner in polygon] for polygon in about.mask],
        "frames": len(frames),
        "dropped": None if camera.summary is None else camera.summary.dropped,
        "time_us": [frame.time_us for frame in frames],
    }


def _alignment(clip: SensorClip, frames: Sequence[TimedFrame], about: Circumstances) -> Values:
    span_us = frames[-1].time_us - frames[0].time_us if len(frames) > 1 else 0
    frame_s = span_us / 1e6 / (len(frames) - 1) if span_us else 0.0
    drift_ppm = _drift_bound_ppm(about.sensor_clock) + _drift_bound_ppm(about.camera_clock)
    drift_s = clip.duration_s * drift_ppm / 1e6
    return {
        "anchor": "KEEP edge, stamped by both boards",
        "uncertainty_s": round(BLOCK_S + frame_s + drift_s, 6),
        "made_of": "one block of the sensor, one frame of the camera, and the drift of both clocks over the clip",
    }


def _calibration(clip: SensorClip, found: calibration.Calibration, about: Circumstances) -> Values:
    event, passed_ns = clip.event, about.self_check_wall_ns
    return {
        "full_scale_db": event.full_scale_db,
        "calibration_db": event.calibration_db,
        "microphone": event.microphone,
        "response_corrected": event.microphone != FLAT,
        "state": str(found.state),
        "record": None if found.record is None else found.record.model_dump(),
        "check": None if found.check is None else found.check.model_dump(),
        "age_days": found.age_days,
        "calibrator_days": about.rules.calibrator_days,
        "self_check_passed": None if passed_ns is None else iso_utc(passed_ns),
        "electronic_check_days": about.rules.electronic_check_days,
    }


def _uncertainty(microphone: str, found: calibration.Calibration) -> Values:
    spread_db = None if found.record is None else found.record.spread_db
    components = uncertainty.budget(microphone, found.state, spread_db)
    combined_db = uncertainty.combined_db(components)
    return {
        "of": "A-weighted levels of one clip",
        "components": [
            {
                "component": each.component,
                "half_width_db": each.half_width_db,
                "distribution": each.distribution,
                "divisor": round(each.divisor, 4),
                "sensitivity": each.sensitivity,
                "standard_db": round(each.standard_db, 3),
                "source": each.source,
            }
            for each in components
        ],
        "combined_db": round(combined_db, 2),
        "expanded_db": round(uncertainty.COVERAGE * combined_db, 2),
        "coverage": uncertainty.COVERAGE,
    }


def _weather(observed: Weather | str | None) -> Values | None:
    if not isinstance(observed, Weather):
        return None
    return {
        "time": iso_utc(observed.wall_ns),
        "wind_m_s": observed.wind_m_s,
        "rain_mm_h": observed.rain_mm_h,
    }


def _drift_bound_ppm(clock: BoardClock | None) -> float:
    return MAX_PPM if clock is None or clock.drift_ppm is None else abs(clock.drift_ppm)


def _clock(clock: BoardClock | None) -> Values | None:
    if clock is None:
        return None
    drift = None if clock.drift_ppm is None else round(clock.drift_ppm, 2)
    return {"uncertainty_s": round(clock.uncertainty_ns / MILLISECOND_NS / 1000, 6), "drift_ppm": drift}


def _unproved(about: Circumstances) -> list[str]:
    """Return the ids of the boards that did not prove what they sent."""
    camera = about.camera_hello
    boards = [(about.sensor_hello.id, about.sensor_proved)]
    boards += [] if camera is None else [(camera.id, about.camera_proved)]
    return [board for board, proved in boards if not proved]


def _firmware(hello: Hello, checks: Mapping[str, str] | None = None) -> Values:
    """Return who a board is. `checks` is what its self-check found at the trigger; without, what its HELLO said."""
    return {
        "board": hello.id,
        "uid": hello.uid,
        "boot": hello.boot,
        "code": hello.code,
        "micropython": hello.micropython,
        "ulab": hello.ulab,
        "checks": dict(hello.checks if checks is None else checks),
    }


def _model(digest: str | None, hello: Hello) -> Values | None:
    """Return which model decided. Its name is known while the board still has it."""
    if digest is None:
        return None
    named = hello.model if hello.model is not None and hello.model.hash == digest else None
    return {
        "hash": digest,
        "name": None if named is None else named.name,
        "version": None if named is None else named.version,
    }


def _version() -> str:
    try:
        return version("stalenstraat")
    except PackageNotFoundError:
        return "not installed"
