"""The drawn street: the clock in it is read back as drawn, after every codec on the way, or refused."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.virtual.scene import SQUARES, TIME_BITS, Rgb, Scene, Vehicle, read_clock

SCENE = Scene([Vehicle(at_s=5.0)])


def decoded(jpeg: bytes) -> Rgb:
    """Return the picture in a JPEG file."""
    return np.asarray(Image.open(io.BytesIO(jpeg)))


@settings(max_examples=40, deadline=None)
@given(milliseconds=st.integers(0, (1 << TIME_BITS) - 1))
def test_clock_is_read_back_to_the_millisecond(milliseconds: int) -> None:
    """Any time within 18 hours."""
    assert read_clock(SCENE.frame(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("quality", [90, 60, 20])
def test_clock_survives_jpeg(quality: int) -> None:
    """At every quality a camera would be set to, and well below."""
    scene = Scene([Vehicle(at_s=5.0)], quality=quality)
    times = [0.0, 4.321, 5.0, 59.999, 3599.999, 36_000.5]
    assert [read_clock(decoded(scene.jpeg(t))) for t in times] == times


def test_clock_survives_h264(tmp_path: Path) -> None:
    """A clip of the passing vehicle through H.264 at low quality: every frame still tells its time."""
    path = str(tmp_path / "clip.mp4")
    times = [4.0 + index / 10 for index in range(20)]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "35", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for index, t in enumerate(times):
            frame = av.VideoFrame.from_ndarray(decoded(SCENE.jpeg(t)), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(path) as container:
        read = [read_clock(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert read == times


@pytest.mark.parametrize(("width", "height"), [(320, 240), (800, 600), (1280, 720)])
def test_clock_is_read_at_every_size_and_below_an_added_strip(width: int, height: int) -> None:
    """The geometry follows from the width; what is added below does not matter."""
    picture = Scene(width=width, height=height).frame(12.345)
    assert picture.shape == (height, width, 3)
    extended = np.concatenate([picture, np.zeros((60, width, 3), np.uint8)])
    assert read_clock(extended) == 12.345


def test_clock_is_read_after_scaling() -> None:
    """A viewer's copy may be smaller."""
    small = Image.fromarray(SCENE.frame(77.125)).resize((480, 360), Image.Resampling.BILINEAR)
    assert read_clock(np.asarray(small)) == 77.125


def test_every_damage_of_one_or_two_squares_is_refused() -> None:
    """A square turned over is a wrong check, never another time."""
    side = SCENE.width // SQUARES
    for first in range(SQUARES):
        for second in range(first, SQUARES):
            picture = SCENE.frame(1234.567)
            for square in {first, second}:
                part = picture[:side, square * side : (square + 1) * side]
                part[:] = 251 - part
            with pytest.raises(ValueError, match="check of the time bar"):
                read_clock(picture)


def test_grey_black_white_and_tiny_pictures_have_no_time() -> None:
    """Nothing that is no bar is read as one."""
    for value, reason in ((128, "neither black nor white"), (0, "check"), (255, "check")):
        with pytest.raises(ValueError, match=reason):
            read_clock(np.full((480, 640, 3), value, np.uint8))
    with pytest.raises(ValueError, match="too small"):
        read_clock(np.zeros((48, 64, 3), np.uint8))


def test_digits_are_shown_for_people() -> None:
    """Two times that differ in one digit differ in the picture's clock, below the bar."""
    one, other = SCENE.frame(100.001), SCENE.frame(100.002)
    changed = np.argwhere((one != other).any(axis=2))
    below_the_bar = changed[changed[:, 0] >= SCENE.width // SQUARES]
    assert len(below_the_bar) > 20
    assert below_the_bar[:, 0].max() < 80


def test_vehicle_is_in_the_middle_at_its_time_and_gone_before_and_after() -> None:
    """It moves left to right at its speed; a negative speed is the other way."""
    empty = Scene().frame(5.0)

    def middle(t: float, vehicle: Vehicle) -> float | None:
        here = np.argwhere((Scene([vehicle]).frame(t)[80:] != Scene().frame(t)[80:]).any(axis=2))
        return float(here[:, 1].min() + here[:, 1].max() + 1) / 2 if len(here) else None

    assert empty.shape == (480, 640, 3)
    assert middle(5.0, Vehicle(5.0)) == pytest.approx(320, abs=3)
    assert middle(5.25, Vehicle(5.0)) == pytest.approx(320 + 3 * 40, abs=3)
    assert middle(5.25, Vehicle(5.0, -12.0)) == pytest.approx(320 - 3 * 40, abs=3)
    assert middle(3.0, Vehicle(5.0)) is None
    assert middle(7.0, Vehicle(5.0)) is None


def test_vehicle_that_stands_stays_in_the_middle() -> None:
    """A motorcycle that is revved at the kerb."""
    standing = Vehicle(10.0, 12.0, stands_s=4.0)
    assert [standing.position_m(t) for t in (7.0, 8.0, 10.0, 12.0, 13.0)] == [-12.0, 0.0, 0.0, 0.0, 12.0]


def test_frames_are_repeatable_and_of_a_camera_s_size() -> None:
    """The same time gives the same bytes; 15 - 40 KB each, as a small camera's VGA frames."""
    sizes = [len(SCENE.jpeg(t)) for t in (0.0, 5.0, 5.3)]
    assert SCENE.jpeg(5.0) == Scene([Vehicle(at_s=5.0)]).jpeg(5.0)
    assert all(15_000 < size < 40_000 for size in sizes), sizes
