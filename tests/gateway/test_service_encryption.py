"""No byte of a clip is readable in a cabinet: not while it is received, not after kill -9, not when it is sealed.

What is looked for are the bytes themselves: of the sound (as WAV has them), of sound.flac, of the JPEG pictures, of
what was measured, and of the finished package. Looked at are all files below the folder of the cabinet, where its
temporary files would be too, and whatever regular file its process has open, deleted ones included.
"""

import base64
import os
import re
import signal
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from pyrage import x25519
from structlog.testing import capture_logs

from gateway.clips.contents import camera_clip, sensor_clip
from gateway.clips.sound import flac
from gateway.errors import KeyFileError
from gateway.evidence.verify import verify
from gateway.opening import Options, contents, open_and_print
from gateway.service.notices import What
from gateway.store.states import ClipState
from gateway.store.store import FILE_NAME, Store
from gateway.testing.board import FakeBoard, PtyConsole
from gateway.testing.clips import camera_parts, sensor_parts
from tests.gateway.test_service import Street, measured
from tests.gateway.test_service_kill import SITE, running, step_until

WINDOW = 24  # bytes; that so many are the same by chance does not happen
WINDOWS = 60  # of each file
DIFFERENT = 10  # values in a window at least: zeros are everywhere


def windows(data: bytes) -> list[bytes]:
    """Return up to `WINDOWS` pieces of `data`, spread over all of it, that are nothing in particular."""
    step = max(len(data) // WINDOWS, 1)
    pieces = [data[start : start + WINDOW] for start in range(0, len(data) - WINDOW + 1, step)]
    return [piece for piece in pieces if len(set(piece)) >= DIFFERENT]


def files_of(folder: Path, process: int | None) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of all files below `folder`, and of those that `process` has open."""
    open_files = [] if process is None else list(Path(f"/proc/{process}/fd").iterdir())
    for path in [*folder.rglob("*"), *open_files]:
        try:
            if stat.S_ISREG(path.stat().st_mode):
                name = str(path.readlink()) if path.is_symlink() else str(path.relative_to(folder))
                yield name, path.read_bytes()
        except FileNotFoundError:  # it was renamed meanwhile, and is found under its new name the next time
            continue


def readable(folder: Path, known: Iterable[bytes], process: int | None = None) -> list[str]:
    """Return the names of the files in which a piece that is `known` can be read."""
    pieces = list(known)
    return [name for name, data in files_of(folder, process) if any(piece in data for piece in pieces)]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_nobody_can_read_a_clip_in_the_cabinet_from_its_first_byte_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it receives, twice, and while it seals; looked through before, after, and all the while it seals."""
    cabinet = tmp_path / "cabinet"
    for folder in ("city", "tmp"):
        (cabinet / folder).mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(cabinet / "tmp"))
    identity = x25519.Identity.generate()
    evidence = f'[evidence]\nrecipients = ["{identity.to_public()}"]\n'
    (cabinet / "site.toml").write_text(SITE.format(folder=cabinet) + evidence, encoding="utf-8")

    began = time.monotonic_ns() - 50_000_000_000
    sensor = FakeBoard("sensor", "genk-1", PtyConsole(cabinet / "genk-1"), start_ns=began)
    camera = FakeBoard("camera", "genk-1-cam", PtyConsole(cabinet / "genk-1-cam"), start_ns=began)
    boards = [sensor, camera]
    edge = time.monotonic_ns()
    heard = sensor_parts(first=sensor.ticks_at(edge) - round(4.01 * 48000))
    seen = camera_parts(keep=camera.ticks_at(edge))
    files = [*heard, flac(sensor_clip(heard)), *(frame.jpeg for frame in camera_clip(seen).frames[::20])]
    known = [piece for data in files for piece in windows(data)]
    few = known[:: len(known) // 40]

    def look(process: int | None = None) -> None:
        assert readable(cabinet, known, process) == []

    clip = sensor.hold(1, heard, media_limit=0)
    camera.hold(1, seen)
    for reach in (300_000, 900_000):
        clip.media_limit = reach
        with running(cabinet) as process:
            step_until(boards, lambda reach=reach: clip.acknowledged_bytes[1] > reach - 5000, cabinet)
            look(process.pid)
            limits = Path(f"/proc/{process.pid}/limits").read_text()
        look()
    assert re.search(r"Max core file size +0 +0 ", limits), "a core dump would be a clip on the disk"
    assert sum(len(data) for _, data in files_of(cabinet / "store", None)) > 900_000, "nothing was received"
    clip.media_limit = None
    with running(cabinet) as process:
        step_until(boards, lambda: sensor.done, cabinet)
        step_until(boards, _look_until(lambda: _sealing(cabinet), cabinet, few, process.pid), cabinet)
        os.kill(process.pid, signal.SIGKILL)
    look()
    with running(cabinet) as process:
        step_until(boards, _look_until(lambda: _delivered(cabinet), cabinet, few, process.pid), cabinet)
        look(process.pid)
    look()

    (package,) = (cabinet / "city").glob("*.zip.age")
    assert [path.name for path in (cabinet / "store" / "packages").iterdir()] == [package.name]
    (cabinet / "city.key").write_text(f"{identity}\n")
    _, parts, _ = contents(package, cabinet / "city.key")
    media = [parts[name] for name in ("sound.flac", "picture.mkv", "view.mp4")]
    assert readable(cabinet, [piece for data in media for piece in windows(data)]) == []
    assert parts["sound.flac"] == files[4]

    open_and_print(Options(package, cabinet / "opened", cabinet / "city.key"))
    assert {"opened/sound.flac", "opened/picture.mkv"} <= set(readable(cabinet, known)), "looked for in vain"
    with closing(Store(cabinet / "store")) as store:
        assert {clip.state for clip in store.clips()} == {ClipState.DELIVERED, ClipState.JOINED}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sensor", "camera"])
async def test_a_clip_that_was_changed_in_the_store_is_never_sealed(tmp_path: Path, kind: str) -> None:
    """Of a sound nothing is sealed; without pictures that can be trusted a sound is no evidence. Both say why."""
    street = Street(tmp_path)
    edge = street.clock.monotonic_ns()
    sound = street.sensor.hold(1, street.sound(edge), media_limit=300_000)
    street.camera.hold(1, camera_parts(keep=street.camera.ticks_at(edge)))
    async with street.gateway():
        await street.until(lambda: sound.acknowledged_bytes[1] > 290_000 and street.camera.done)
    with apsw.Connection(str(tmp_path / "store" / FILE_NAME)) as database:
        database.execute(
            "UPDATE chunks SET data = zeroblob(length(data)) WHERE part = 1 AND start > 0 AND "
            "clip_id = (SELECT id FROM clips WHERE kind = ?)",
            (kind,),
        )
    database.close()
    sound.media_limit = None
    async with street.gateway():
        await street.until(lambda: street.said(What.CLIP_LOST))
        await street.until(lambda: kind == "sensor" or street.said(What.CLIP_DELIVERED))
    packages = street.packages()

    assert "sound or pictures from byte" in street.said(What.CLIP_LOST)[0].text
    assert "is not what was received" in street.said(What.CLIP_LOST)[0].text
    if kind == "sensor":
        assert packages == list((tmp_path / "store" / "packages").iterdir()) == []
    else:
        assert "is not what was received" in measured(packages[0])["missing"][0]
        assert verify(packages[0]).exit_code == 1


@pytest.mark.slow
async def test_the_machine_key_may_be_a_credential_of_the_service_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a disk that is taken out of the cabinet holds no key; and without credentials the gateway does not start."""
    street = Street(tmp_path)
    street.store = {"machine_key": "credential:machine"}
    with pytest.raises(KeyFileError, match="the service manager gave no credentials"):
        async with street.gateway():
            await street.until(lambda: False, seconds=1)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "machine").write_bytes(base64.b64encode(os.urandom(32)))
    (tmp_path / "run" / "machine").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "run"))
    sound = street.sensor.hold(1, street.sound(street.clock.monotonic_ns()), media_limit=300_000)
    async with street.gateway():
        await street.until(lambda: sound.acknowledged_bytes[1] > 290_000)
    sound.media_limit = None
    async with street.gateway():
        await street.until(lambda: street.said(What.CLIP_DELIVERED))

    assert not (tmp_path / "store" / "machine-key").exists()
    assert measured(street.packages()[0])["sound"]["samples"] == 480_000


@pytest.mark.slow
async def test_packages_from_before_there_were_recipients_are_named(tmp_path: Path) -> None:
    """They stay as they are, and whoever runs the cabinet is told."""
    street = Street(tmp_path)
    street.evidence = {"recipients": [str(x25519.Identity.generate().to_public())]}
    packages = tmp_path / "store" / "packages"
    packages.mkdir(parents=True)
    for name in ("genk-1-1-1.zip", "genk-1-1-2.zip.age"):
        (packages / name).write_bytes(b"sealed")
    with capture_logs() as logged:
        async with street.gateway():
            await street.until(lambda: len(street.said(What.BOARD_CONNECTED)) == 2)

    assert [entry["names"] for entry in logged if "names" in entry] == [["genk-1-1-1.zip"]]


def _look_until(
    condition: Callable[[], object], cabinet: Path, known: list[bytes], process: int
) -> Callable[[], bool]:
    """Return a condition that also looks, each time it is asked."""

    def asked() -> bool:
        assert readable(cabinet, known, process) == []
        return bool(condition())

    return asked


def _sealing(cabinet: Path) -> bool:
    """Say whether a package is being written, or was."""
    return any((cabinet / "store" / "packages").iterdir())


def _delivered(cabinet: Path) -> bool:
    """Say whether the gateway has noted that it delivered."""
    return "clip delivered" in (cabinet / "log").read_text()
