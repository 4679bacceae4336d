"""What is in a package, measured from the package alone: sound, picture, their alignment, and what verify says."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from gateway.evidence.verify import verify as check_package
from gateway.virtual.scene import read_clock
from gateway.virtual.sound import a_weighted_fast_max_db
from gateway.virtual.world import Pace
from tests.chain.cabinet import boards, measurement, play, street, unpack, verify

BLOCK_S = 0.025
FRAME_S = 0.1
LOUD_AT_S = 6.0


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A package of a real run: the noise begins at 6.0 s of the street."""
    folder = tmp_path_factory.mktemp("package")
    with boards() as (sensor, camera):
        return play(folder, sensor, camera, street(20.0, LOUD_AT_S), pace=Pace.FAST)[0]


@pytest.fixture
def parts(package, tmp_path) -> dict[str, Path]:
    """The parts of the package, as files."""
    return unpack(package, tmp_path)


def decode_sound(path: Path) -> tuple[np.ndarray, int]:
    """Return the samples (n,) in -1..1 of the first channel, and the rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        rate = stream.rate
    samples = np.concatenate([frame.reshape(-1) for frame in frames])
    return samples / float(np.iinfo(samples.dtype).max), rate


def decode_picture(path: Path) -> list[tuple[float, np.ndarray]]:
    """Return (seconds from the start of the file's time, RGB) of every frame."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = container.decode(stream)
        return [(float(frame.pts * stream.time_base), frame.to_ndarray(format="rgb24")) for frame in frames]


@pytest.mark.slow
@pytest.mark.timeout(120)
class TestPackage:
    """One package, looked at from all sides."""

    def test_the_sound_lasts_ten_seconds_and_contains_the_trigger(self, parts, package):
        """10.0 s, and the noise is where the measurement says the trigger is."""
        samples, rate = decode_sound(parts["sound.flac"])
        loud = np.flatnonzero(np.abs(samples) > 0.05)[0] / rate
        trigger = measurement(package)["trigger"]["in_sound_s"]

        assert abs(len(samples) / rate - 10.0) <= 0.1
        assert 0.0 < trigger - loud < 0.6  # 0.25 s of condition, counted in frames of 0.125 s
        assert 3.9 <= trigger <= 4.1

    def test_the_picture_lasts_at_least_nine_seconds(self, parts):
        """First to last frame, by the file's own time."""
        times = [at for at, _ in decode_picture(parts["picture.mkv"])]

        assert times[-1] - times[0] + FRAME_S >= 9.0
        assert 0.0 <= times[0]
        assert times[-1] <= 10.0

    def test_sound_and_picture_are_aligned_within_one_frame_plus_one_block(self, parts):
        """The clock drawn in each frame says when the street was so; the noise began at 6.0 s of the street."""
        samples, rate = decode_sound(parts["sound.flac"])
        start_of_sound = LOUD_AT_S - np.flatnonzero(np.abs(samples) > 0.05)[0] / rate
        errors = [read_clock(rgb) - start_of_sound - at for at, rgb in decode_picture(parts["picture.mkv"])]

        assert max(abs(error) for error in errors) <= FRAME_S + BLOCK_S
        assert max(errors) - min(errors) <= 0.002, "the time of the pictures runs at another rate"

    def test_the_view_shows_the_same_instants(self, parts):
        """view.mp4, for people, is aligned as well, and has sound."""
        samples, rate = decode_sound(parts["sound.flac"])
        start_of_sound = LOUD_AT_S - np.flatnonzero(np.abs(samples) > 0.05)[0] / rate
        frames = decode_picture(parts["view.mp4"])
        errors = [read_clock(rgb) - start_of_sound - at for at, rgb in frames]

        assert np.median(np.abs(errors)) <= FRAME_S + BLOCK_S
        with av.open(str(parts["view.mp4"])) as view:
            assert ["aac"] == [stream.codec_context.name for stream in view.streams.audio]

    def test_the_levels_in_the_measurement_are_those_of_the_sound(self, parts, package):
        """LAFmax of the noise recomputed from sound.flac, within 0.5 dB."""
        samples, rate = decode_sound(parts["sound.flac"])

        assert abs(measurement(package)["levels"]["lafmax_db"] - a_weighted_fast_max_db(samples, rate)) < 0.5

    def test_verify_says_that_it_holds(self, package):
        """Exit code 0, and no statement that does not hold."""
        code, said = verify(package)

        assert code == 0, said
        assert "does not hold" not in said

    @pytest.mark.parametrize(
        "part", ["sound.flac", "picture.mkv", "view.mp4", "measurement.json", "manifest.json"]
    )
    def test_verify_says_what_broke_after_one_byte_is_changed(self, package, tmp_path, part):
        """A byte in the middle of a part is flipped; verify names the part."""
        content = bytearray(package.read_bytes())
        stored = unpack(package, tmp_path / "parts")[part].read_bytes()
        at = content.find(stored[:64]) + len(stored) // 2
        content[at] ^= 0x10
        changed = tmp_path / package.name
        changed.write_bytes(content)
        code, said = verify(changed)

        assert code == 1, said
        assert part.removesuffix(".json") in " ".join(
            line for line in said.splitlines() if "does not hold" in line
        )

    def test_every_part_of_the_file_is_covered(self, package, tmp_path):
        """Bytes spread over the whole file, headers and directory included: none can change unseen."""
        content = package.read_bytes()
        spots = np.linspace(0, len(content) - 1, 25).astype(int)
        for spot in [*spots, *range(len(content) - 8, len(content))]:
            changed = tmp_path / package.name
            shutil.copy(package, changed)
            with changed.open("r+b") as file:
                file.seek(int(spot))
                file.write(bytes([content[spot] ^ 1]))
            assert check_package(changed).exit_code == 1, f"byte {spot} of {len(content)}"
