"""The mask of a camera: what it covers is in no part of a package, and a package says so."""

import io
import json
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from gateway.clips import mask, measurement, picture, view
from gateway.clips.assemble import Assembly, assemble
from gateway.clips.contents import FRAME_RECORD_BYTES, camera_clip, sensor_clip
from gateway.clips.measurement import Circumstances
from gateway.link.messages import Hello
from gateway.testing.clips import RATE, SIZE, camera_parts, jpeg, sensor_parts
from gateway.timing import SECOND_NS

HOUSES = (((0.0, 0.0), (0.4, 0.0), (0.4, 0.5), (0.0, 0.5)), ((0.75, 0.1), (1.0, 0.3), (0.8, 0.9)))
ABOUT = Circumstances(
    event_id="genk-1-3-1",
    site_id="genk",
    site_name="Genk",
    trigger_wall_ns=1_795_000_000 * SECOND_NS,
    clock_state="synchronised",
    sensor_hello=Hello(v=1, kind="sensor", id="genk-1", boot=3, clock_hz=RATE, code="abc"),
    sensor_clock=None,
    camera_hello=Hello(v=1, kind="camera", id="genk-1-cam", boot=9, clock_hz=1_000_000),
    mask=HOUSES,
)
FAR = 12  # levels of 256; JPEG and H.264 blur a plain surface by less


def pixels(jpeg_bytes: bytes) -> np.ndarray:
    """Return the picture as int (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(jpeg_bytes)).convert("RGB")).astype(int)


def busy(seed: int, size: tuple[int, int] = SIZE) -> bytes:
    """Return a JPEG of light and dark patches: every place looks different."""
    small = np.random.default_rng(seed).integers(20, 236, (size[1] // 16, size[0] // 16)).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(small).convert("RGB").resize(size).save(target, "JPEG", quality=85)
    return target.getvalue()


def packets(mkv: bytes) -> list[bytes]:
    """Return the pictures of picture.mkv as they lie in it."""
    with av.open(io.BytesIO(mkv), mode="r") as opened:
        return [bytes(packet) for packet in opened.demux(video=0) if packet.size]


def assembled(about: Circumstances = ABOUT) -> Assembly:
    """Return the parts of a whole clip."""
    return assemble(about, sensor_clip(sensor_parts()), camera_clip(camera_parts()))


@pytest.mark.parametrize("size", [SIZE, (161, 119), (640, 480)])
def test_what_the_mask_covers_is_one_grey_and_the_street_beside_it_stays(size: tuple[int, int]) -> None:
    """No pixel inside of a polygon differs from the fill; outside, beyond a block of JPEG, nothing moves."""
    original = busy(1, size)
    painted = mask.paint(original, HOUSES)
    assert painted is not None
    before, after = pixels(original), pixels(painted)
    wide, high = round(0.4 * size[0]), round(0.5 * size[1])
    inside = after[: high - 16, : wide - 16]
    outside = (slice(None), slice(round(0.4 * size[0]) + 17, round(0.75 * size[0]) - 17))

    assert np.abs(inside - np.array(mask.FILL)).max() <= FAR
    assert np.abs(before[: high - 16, : wide - 16] - np.array(mask.FILL)).max() > 100
    assert np.abs(after[outside] - before[outside]).mean() < 3


def test_a_corner_covers_the_pixel_that_it_touches() -> None:
    """The last pixel row and column of a polygon are filled, not left as they were."""
    painted = mask.paint(busy(2), (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    assert painted is not None

    assert np.abs(pixels(painted) - np.array(mask.FILL)).max() <= 1


def test_what_hides_in_the_headers_of_a_picture_does_not_go_along() -> None:
    """A thumbnail or a comment of the camera could show the window that the mask covers."""
    secret = b"the window of number 12"
    original = jpeg(1)
    with_comment = original[:2] + b"\xff\xfe" + (len(secret) + 2).to_bytes(2, "big") + secret + original[2:]
    exif = io.BytesIO()
    image = Image.open(io.BytesIO(original))
    image.save(exif, "JPEG", exif=b"Exif\0\0" + secret)

    assert secret in with_comment
    assert secret in exif.getvalue()
    for spoilt in (with_comment, exif.getvalue()):
        assert secret not in (mask.paint(spoilt, HOUSES) or secret)


def test_no_picture_of_a_masked_package_is_the_cameras_and_all_are_masked() -> None:
    """picture.mkv holds masked pictures alone, at the times of the frames; view.mp4 is made of them."""
    camera = camera_clip(camera_parts())
    assembly = assembled()
    kept = packets(assembly.parts[picture.NAME])
    with av.open(io.BytesIO(assembly.parts[view.NAME]), mode="r") as opened:
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(video=0)]
    corner = (slice(0, 40), slice(0, 40))

    assert len(kept) == len(shown) == 100
    assert not {frame.jpeg for frame in camera.frames} & set(kept)
    assert not any(frame.jpeg in assembly.parts[picture.NAME] for frame in camera.frames)
    assert all(np.abs(pixels(each)[corner] - np.array(mask.FILL)).max() <= FAR for each in kept)
    assert all(np.abs(each[corner] - np.array(mask.FILL)).max() <= FAR for each in shown)
    assert assembly.missing == ()


def test_the_measurement_says_what_is_masked() -> None:
    """Whoever sees the grey finds it explained; without a mask the list is empty."""
    masked = json.loads(assembled().parts[measurement.NAME])
    plain = json.loads(assembled(replace(ABOUT, mask=())).parts[measurement.NAME])

    assert masked["picture"]["masked"] == [[list(corner) for corner in polygon] for polygon in HOUSES]
    assert plain["picture"]["masked"] == []


def test_a_picture_that_cannot_be_masked_is_kept_nowhere_and_said() -> None:
    """A damaged frame may still show a window to who repairs it."""
    event, media, index, summary = camera_parts()
    lengths = [
        int.from_bytes(index[at + 8 : at + 12], "little") for at in range(0, len(index), FRAME_RECORD_BYTES)
    ]
    start = lengths[0]
    damaged = b"\xff\xd8" + b"not a picture any more"[: lengths[1] - 2].ljust(lengths[1] - 2, b"!")
    spoilt = media[:start] + damaged + media[start + lengths[1] :]
    assembly = assemble(ABOUT, sensor_clip(sensor_parts()), camera_clip((event, spoilt, index, summary)))

    assert len(packets(assembly.parts[picture.NAME])) == 99
    assert damaged not in assembly.parts[picture.NAME]
    assert any("1 frames cannot be decoded, so not masked" in text for text in assembly.missing)


def test_masking_twice_gives_the_same_bytes() -> None:
    """A clip that is sealed again after a power cut is the same package."""
    assert mask.paint(jpeg(3), HOUSES) == mask.paint(jpeg(3), HOUSES)
