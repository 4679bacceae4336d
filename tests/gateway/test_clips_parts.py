"""The parts of a package: sound sample for sample, pictures byte for byte, everything at its time."""

import io
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from firmware.common import flags as bits
from gateway.clips import measurement, picture, sound, view
from gateway.clips.assemble import Assembly, assemble
from gateway.clips.background import Exceeded
from gateway.clips.contents import FRAME_RECORD, Parts, camera_clip, sensor_clip
from gateway.clips.measurement import BoardClock, Circumstances
from gateway.errors import RemoteProtocolError
from gateway.link.messages import Hello
from gateway.testing.clips import RATE, camera_parts, pcm, sensor_parts
from gateway.timing import MILLISECOND_NS, SECOND_NS

SENSOR = Hello(v=1, kind="sensor", id="genk-1", boot=3, clock_hz=RATE, code="abc", micropython="1.29.0")
CAMERA = Hello(v=1, kind="camera", id="genk-1-cam", boot=9, clock_hz=1_000_000)
ABOUT = Circumstances(
    event_id="genk-1-3-1",
    site_id="genk",
    site_name="Genk",
    trigger_wall_ns=1_795_000_000 * SECOND_NS,
    clock_state="synchronised",
    sensor_hello=SENSOR,
    sensor_clock=BoardClock(2 * MILLISECOND_NS, 12.0),
    camera_hello=CAMERA,
    camera_clock=BoardClock(2 * MILLISECOND_NS, -8.0),
)


def decoded(data: bytes) -> np.ndarray:
    """Return the samples of a sound file as int64, interleaved."""
    with av.open(io.BytesIO(data), mode="r") as opened:
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in opened.decode(audio=0)]).astype(
            np.int64
        )


def measured(assembly: Assembly) -> dict[str, Any]:
    """Return measurement.json."""
    return json.loads(assembly.parts[measurement.NAME])


def flags(parts: Parts) -> set[str]:
    """Return the names of the validity flags of a sensor clip alone."""
    return {flag["flag"] for flag in measured(assemble(ABOUT, sensor_clip(parts), None))["validity"]}


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_sound_is_what_the_board_sent_sample_for_sample(bits: int, channels: int) -> None:
    """Random samples of full range come back from FLAC unchanged."""
    samples = 12_345
    words = (
        np.random.default_rng(1)
        .integers(-(2 ** (bits - 1)), 2 ** (bits - 1), samples * channels)
        .astype("<i4")
    )
    raw = words.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes()
    parts = sensor_parts(seconds=samples / RATE, bits=bits, channels=channels)
    heard = decoded(sound.flac(sensor_clip((parts[0], raw, b"", b""))))

    assert np.array_equal(heard >> (8 if bits == 24 else 0), words)


def test_pictures_are_copied_byte_for_byte_at_their_times() -> None:
    """The JPEGs in the Matroska file are the camera's, at the times of its counter."""
    clip, camera = sensor_clip(sensor_parts()), camera_clip(camera_parts())
    frames = picture.frames_in_sound(clip, camera, 1_000_000)
    with av.open(io.BytesIO(picture.mkv(frames, camera.event.size)), mode="r") as opened:
        packets = [packet for packet in opened.demux(video=0) if packet.size]

    assert [bytes(packet) for packet in packets] == [frame.jpeg for frame in frames]
    assert [packet.pts for packet in packets] == [round(frame.time_us / 1000) for frame in frames]


def test_the_keep_edge_is_at_the_same_time_in_sound_and_picture() -> None:
    """A frame taken at the KEEP edge has the time of the sample at the KEEP edge."""
    clip, camera = sensor_clip(sensor_parts(keep_s=4.01)), camera_clip(camera_parts(keep=77_000_000))
    frames = picture.frames_in_sound(clip, camera, 1_000_000)
    at_edge = next(frame for frame in camera.frames if frame.ticks == 77_000_000)

    assert next(frame.time_us for frame in frames if frame.jpeg == at_edge.jpeg) == 4_010_000


def test_only_pictures_within_the_ten_seconds_are_kept() -> None:
    """A camera that sends more than was asked for does not widen the clip."""
    clip = sensor_clip(sensor_parts())
    camera = camera_clip(camera_parts(before_s=8.0, after_s=9.0))
    frames = picture.frames_in_sound(clip, camera, 1_000_000)

    assert len(camera.frames) == 170
    assert 0 <= frames[0].time_us
    assert frames[-1].time_us < 10_000_000


def test_a_whole_clip_has_four_parts_and_misses_nothing() -> None:
    """Sound, picture, view and measurement; the view shows every frame and has sound."""
    assembly = assemble(ABOUT, sensor_clip(sensor_parts()), camera_clip(camera_parts()))
    with av.open(io.BytesIO(assembly.parts[view.NAME]), mode="r") as opened:
        shown = list(opened.decode(video=0))
    with av.open(io.BytesIO(assembly.parts[view.NAME]), mode="r") as opened:
        heard = sum(frame.samples for frame in opened.decode(audio=0))

    assert set(assembly.parts) == {sound.NAME, picture.NAME, view.NAME, measurement.NAME}
    assert assembly.missing == ()
    assert len(shown) == 100
    assert heard / RATE == pytest.approx(10.0, abs=0.05)


def test_measurement_says_what_is_known_in_figures() -> None:
    """Times, levels, trace, clocks and firmware stand where docs/clip.md says."""
    values = measured(assemble(ABOUT, sensor_clip(sensor_parts()), camera_clip(camera_parts())))

    assert values["trigger"]["in_sound_s"] == 4.0
    assert values["trigger"]["time"] == "2026-11-18T11:06:40.000Z"
    assert values["levels"]["lafmax_db"] == 92.4
    assert values["trace"]["end_s"][:2] == [0.125, 0.25]
    assert len(values["trace"]["third_octave_db"][0]) == len(values["trace"]["third_octave_hz"]) == 29
    assert values["alignment"]["uncertainty_s"] == pytest.approx(0.025 + 0.1 + 10 * 20e-6)
    assert values["firmware"]["sensor"]["code"] == "abc"
    assert {flag["flag"] for flag in values["validity"]} == {
        "response_not_corrected",
        "never_calibrated",
        "electronic_check_overdue",
        "weather_not_observed",
        "background_unknown",
        "bearing_unknown",
        "board_unproved",
    }
    assert values["board_proved"] is False


def test_the_background_before_the_event_and_the_emergence_are_in_figures_or_in_words() -> None:
    """LAFmax over LA95; without figures there is a reason and no number."""
    hour = Exceeded(58.2, 49.6, 44.9, 43.7, over_s=1800.0, frames=14390, left_out=10)
    known = measured(assemble(replace(ABOUT, background=hour), sensor_clip(sensor_parts()), None))
    unknown = measured(assemble(replace(ABOUT, background="just started"), sensor_clip(sensor_parts()), None))

    assert known["background"] == {
        "la10_db": 58.2,
        "la50_db": 49.6,
        "la90_db": 44.9,
        "la95_db": 43.7,
        "over_s": 1800.0,
        "frames": 14390,
        "left_out": 10,
        "emergence_db": 48.7,
        "reason": None,
    }
    assert "background_unknown" not in {flag["flag"] for flag in known["validity"]}
    assert unknown["background"]["reason"] == "just started"
    assert unknown["background"]["la95_db"] is unknown["background"]["emergence_db"] is None
    assert "background_unknown" in {flag["flag"] for flag in unknown["validity"]}


def test_levels_and_flags_of_the_board_reach_the_measurement() -> None:
    """All levels of the summary, two more in the trace, each flag in words, the checks of the trigger."""
    event, media, trace, summary = sensor_parts()
    event = json.dumps(json.loads(event) | {"checks": {"offset": "5.0 % of full scale off zero"}}).encode()
    summary = json.dumps(json.loads(summary) | {"flags": bits.FLOATING | bits.CLIPPED}).encode()
    values = measured(assemble(ABOUT, sensor_clip((event, media, trace, summary)), None))

    levels = {"lafmax_db": 92.4, "lasmax_db": 90.2, "laeq_db": 88.1, "lceq_db": 93.0, "lcpeak_db": 108.5}
    assert levels.items() <= values["levels"].items()
    assert (values["trace"]["laeq_db"][0], values["trace"]["lcpeak_db"][0]) == (49.8, 65.0)
    assert {"floating_data_line", "microphone_clipped"} <= {flag["flag"] for flag in values["validity"]}
    assert values["firmware"]["sensor"]["checks"] == {"offset": "5.0 % of full scale off zero"}


def test_a_drift_that_is_not_known_widens_the_alignment() -> None:
    """What a clock may be off by at most counts, not zero."""
    unknown = replace(ABOUT, camera_clock=BoardClock(2 * MILLISECOND_NS, None))
    values = measured(assemble(unknown, sensor_clip(sensor_parts()), camera_clip(camera_parts())))

    assert values["clocks"]["camera"]["drift_ppm"] is None
    assert values["alignment"]["uncertainty_s"] == pytest.approx(0.025 + 0.1 + 10 * (12e-6 + 300e-6))


def test_a_decimated_clip_keeps_its_times_and_says_so() -> None:
    """16 kHz sound of a 48 kHz board: counts are at 48 kHz, the sound at 16 kHz."""
    clip = sensor_clip(sensor_parts(rate=16_000, bits=16, decimate=3))

    assert clip.duration_s == pytest.approx(10.0)
    assert clip.event.trigger_s == pytest.approx(4.0)
    assert "decimated" in flags(sensor_parts(rate=16_000, bits=16, decimate=3))


def test_all_zero_sound_is_called_digital_silence() -> None:
    """A microphone that is not connected does not look like a quiet street."""
    parts = sensor_parts()

    assert "digital_silence" in flags((parts[0], bytes(len(parts[1])), parts[2], parts[3]))


def test_sound_cut_off_at_full_scale_is_called_clipped() -> None:
    """Some samples in a row at full scale are a cut-off wave; one alone is not."""
    parts = sensor_parts()
    top = (2**23 - 1).to_bytes(3, "little")
    clipped = parts[1][:30_000] + 3 * top + parts[1][30_009:]
    single = parts[1][:30_000] + top + parts[1][30_003:]

    assert "clipped" in flags((parts[0], clipped, parts[2], parts[3]))
    assert "clipped" not in flags((parts[0], single, parts[2], parts[3]))


def test_a_clip_that_is_too_short_or_misses_its_trigger_says_so() -> None:
    """What a verifier would find is said when it is sealed."""
    assert "short" in flags(sensor_parts(seconds=9.0))
    assert "trigger_outside" in flags(sensor_parts(trigger_s=11.0))


def test_a_sound_that_was_cut_is_kept_as_far_as_it_goes() -> None:
    """Half the bytes give half the sound, whole samples only, and the rest is named as missing."""
    parts = sensor_parts()
    assembly = assemble(
        ABOUT, sensor_clip((parts[0], parts[1][:720_001], b"", b"")), None, ["the board restarted"]
    )

    assert len(decoded(assembly.parts[sound.NAME])) == 240_000
    assert assembly.missing[0] == "the board restarted"
    assert any("240000 of 480000 samples" in text for text in assembly.missing)


def test_a_cut_camera_clip_without_its_index_gives_no_picture() -> None:
    """Without the index the times of the frames are not known, so none is used."""
    event, media, _, _ = camera_parts()
    assembly = assemble(ABOUT, sensor_clip(sensor_parts()), camera_clip((event, media, b"", b"")))

    assert picture.NAME not in assembly.parts
    assert any("no frame" in text for text in assembly.missing)


def test_pictures_that_the_camera_had_no_memory_for_are_named_as_the_cause() -> None:
    """A short picture says how short, and why when the camera said so."""
    event, media, index, _ = camera_parts(after_s=3.0)
    assembly = assemble(
        ABOUT, sensor_clip(sensor_parts()), camera_clip((event, media, index, b'{"frames":70,"dropped":30}'))
    )

    assert assembly.missing == (
        "picture.mkv: the pictures span 6.9 s, not 9 s; the camera had no memory for 30 of its pictures",
    )


def test_a_frame_that_is_no_picture_is_kept_as_evidence_and_said() -> None:
    """picture.mkv holds what the camera sent; view.mp4 leaves the damaged frame out; the clip says so."""
    event, media, index, summary = camera_parts()
    first = struct.unpack_from(FRAME_RECORD, index)[1]
    second = struct.unpack_from(FRAME_RECORD, index, 12)[1]
    spoilt = media[:first] + bytes(second) + media[first + second :]
    assembly = assemble(ABOUT, sensor_clip(sensor_parts()), camera_clip((event, spoilt, index, summary)))

    assert any("1 frames cannot be decoded" in text for text in assembly.missing)


def test_an_event_that_cannot_be_read_is_the_boards_mistake() -> None:
    """The message names the field."""
    with pytest.raises(RemoteProtocolError, match="SensorEvent: trigger"):
        sensor_clip((b'{"keep":1}', b"", b"", b""))


def test_the_tone_of_the_testing_clips_is_not_silent() -> None:
    """The tests above would prove nothing about an empty sound."""
    assert len(set(pcm(480, rate=RATE, bits=24, channels=1))) > 50


def test_the_page_about_clips_names_every_key_of_a_measurement() -> None:
    """docs/clip.md and measurement.json say the same."""
    page = (Path(__file__).parent.parent.parent / "docs" / "clip.md").read_text(encoding="utf-8")
    values = measured(assemble(ABOUT, sensor_clip(sensor_parts()), None))

    assert [key for key in values if f"`{key}" not in page] == []
