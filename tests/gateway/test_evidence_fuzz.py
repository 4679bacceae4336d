"""Files that somebody made to break the reader: each gives sentences and exit code 1, quickly, never a traceback."""

import io
import json
import random
import struct
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clips.assemble import assemble
from gateway.clips.contents import camera_clip, sensor_clip
from gateway.clips.measurement import Circumstances
from gateway.evidence import container, manifest
from gateway.evidence.manifest import Place
from gateway.evidence.signer import Signer
from gateway.evidence.verify import MAX_BYTES, verify, verify_and_print
from gateway.link.messages import Hello
from gateway.testing.clips import camera_parts, sensor_parts

REST = b'"validity":[],"alignment":null,"bearing":{"single_source":null}}'
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    """Return the parts of a whole clip."""
    hello = Hello(v=1, kind="sensor", id="genk-1", boot=1, clock_hz=48000)
    about = Circumstances("genk-1-1-1", "genk", "Genk", 10**18, "synchronised", hello, None)
    return assemble(about, sensor_clip(sensor_parts()), camera_clip(camera_parts())).parts


def sealed(parts: dict[str, bytes], change: dict[str, object] | None = None) -> dict[str, bytes]:
    """Return `parts` with a manifest and a signature, of whoever has any key."""
    values = manifest.make(
        parts, event="genk-1-1-1", site="genk", sealed="x", place=Place(), key=SIGNER.public, missing=()
    ).model_dump(mode="json")
    text = json.dumps({**values, **(change or {})}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    spelt = text.encode("utf-8", "surrogatepass")
    return {**parts, manifest.NAME: spelt, manifest.SIGNATURE: SIGNER.sign(spelt)}


def check(path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    """Verify `data` as the command does; return what it printed after it ended with exit code 1."""
    path.write_bytes(data)
    assert 1 == verify_and_print([path])
    printed = capsys.readouterr().out
    assert "does not hold" in printed
    assert "Traceback" not in printed
    return printed


def test_a_thousand_damaged_packages_are_each_refused(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """Bits flipped, lengths forged, pieces cut out, doubled, moved, and the end cut off, up to five at once."""
    small = {name: data[:200] for name, data in parts.items()}
    genuine = container.pack(sealed(small))
    chance = random.Random(7)
    path = tmp_path / "genk-1-1-1.zip"
    for _ in range(1000):
        data = bytearray(genuine)
        for _ in range(chance.randint(1, 5)):
            damage(data, chance)
        if bytes(data) != genuine:
            path.write_bytes(data)
            report = verify(path)
            assert 1 == report.exit_code
            assert not report.intact


def damage(data: bytearray, chance: random.Random) -> None:
    """Spoil `data` in one way."""
    size = len(data)
    start = chance.randrange(max(size, 1))
    stop = min(size, start + chance.randint(1, 300))
    match chance.randrange(6):
        case 0 if size:
            data[start] ^= 1 << chance.randrange(8)
        case 1:
            data[start : start + 4] = struct.pack("<I", chance.choice([0, 1, 2**31, 2**32 - 1]))
        case 2:
            del data[start:stop]
        case 3:
            data[start:start] = data[start:stop]
        case 4:
            data[start:stop] = reversed(data[start:stop])
        case _:
            del data[max(start, 30) :]


@pytest.mark.parametrize(
    "change",
    [
        {"number": 10**400},
        {"number": -1},
        {"number": 1e308},
        {"number": 2**53},
        {"layout": 1},
        {"layout": 10**30},
        {"parts": {"sound.flac": {"bytes": 10**30, "sha256": "0" * 64}}},
        {"parts": {}},
        {"parts": []},
        {"handovers": [{}]},
        {"handovers": "x" * 10000},
        {"key": "é" * 44},
        {"key": ""},
        {"event": None},
        {"sealed": "\ud800"},
        {"surplus": 1},
    ],
)
def test_numbers_and_texts_that_no_manifest_has_are_named(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str], change: dict[str, object]
) -> None:
    """The manifest cannot be read, or does not fit the parts."""
    printed = check(tmp_path / "x.zip", container.pack(sealed(parts, change)), capsys)
    assert "manifest.json" in printed or "does not belong to it" in printed


def test_a_deep_nest_is_no_manifest_and_no_measurement(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred thousand brackets."""
    deep = b"[" * 100_000 + b"]" * 100_000
    whole = sealed(parts)
    check(tmp_path / "x.zip", container.pack({**whole, manifest.NAME: deep}), capsys)
    assert "measurement.json cannot be read" in check(
        tmp_path / "x.zip", container.pack(sealed({**parts, "measurement.json": deep})), capsys
    )


@pytest.mark.parametrize(
    "measurement",
    [
        b"",
        b"null",
        b"[]",
        b'{"event":"genk-1-1-1"}',
        b'{"event":"genk-1-1-1","trigger":{"in_sound_s":1e999},' + REST,
        b'{"event":"genk-1-1-1","trigger":{"in_sound_s":"NaN"},' + REST,
    ],
)
def test_a_measurement_that_is_none_is_named(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str], measurement: bytes
) -> None:
    """Even when somebody signed it."""
    forged = sealed({**parts, "measurement.json": measurement})
    assert "the sound contains the trigger" in check(tmp_path / "x.zip", container.pack(forged), capsys)


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "..\\x", "a\x00b", "sound.flac/", "💥"]
)
def test_a_part_with_a_name_that_leads_elsewhere_is_refused(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Listed or not, it is not a part of a package; nothing is written anywhere."""
    here = sorted(tmp_path.iterdir())
    forged = sealed({**parts, name: b"x"})
    printed = check(tmp_path / "x.zip", container.pack(forged), capsys)
    (tmp_path / "x.zip").unlink()

    assert "is no part of a package" in printed
    assert here == sorted(tmp_path.iterdir())


def test_a_zip_bomb_is_not_unpacked(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """A gigabyte of zeros in a megabyte: stored parts only, so nothing grows."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("sound.flac", "w") as file:
            for _ in range(100):
                file.write(bytes(10_000_000))
        for name, data in sealed(parts).items():
            if name != "sound.flac":
                archive.writestr(name, data)
    check(tmp_path / "x.zip", bomb.getvalue(), capsys)


def test_a_sound_of_hours_in_a_few_bytes_is_not_decoded_to_its_end(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Silence is nearly nothing in FLAC."""
    target = io.BytesIO()
    with av.open(target, "w", format="flac") as written:
        stream = written.add_stream("flac", rate=8000, layout="mono")
        for _ in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 32000), np.int16), format="s16", layout="mono")
            frame.sample_rate = 8000
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    printed = check(
        tmp_path / "x.zip", container.pack(sealed({**parts, "sound.flac": target.getvalue()})), capsys
    )
    assert "lasts more than 60 s" in printed


def test_a_file_too_large_for_a_package_is_not_read(tmp_path: Path) -> None:
    """It has holes, so that the test needs no disk."""
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    report = verify(path)

    assert 1 == report.exit_code
    assert "no package is that large" in report.statements[0].why
