"""Packages: written whole or not at all, and every changed byte is found and named."""

import errno
import io
import json
import os
import random
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.clips.assemble import assemble
from gateway.clips.contents import camera_clip, sensor_clip
from gateway.clips.measurement import Circumstances
from gateway.errors import DiskFull, PackageError
from gateway.evidence import container, manifest, package
from gateway.evidence.manifest import Place
from gateway.evidence.package import Written, remove_leftovers, write
from gateway.evidence.signer import Signer
from gateway.evidence.statements import Report, Verdict
from gateway.evidence.verify import verify, verify_and_print, verify_bytes
from gateway.link.messages import Hello
from gateway.testing.clips import camera_parts, sensor_parts

SEALED_AT = "2026-11-23T01:02:03.004Z"
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    """Return the parts of a whole clip."""
    hello = Hello(v=1, kind="sensor", id="genk-1", boot=1, clock_hz=48000)
    about = Circumstances("genk-1-1-1", "genk", "Genk", 10**18, "synchronised", hello, None)
    return assemble(about, sensor_clip(sensor_parts()), camera_clip(camera_parts())).parts


def sealed(
    folder: Path, parts: dict[str, bytes], missing: tuple[str, ...] = (), place: Place | None = None
) -> Written:
    """Write a package of `parts`."""
    return write(
        folder,
        parts,
        event="genk-1-1-1",
        site="genk",
        sealed=SEALED_AT,
        place=place or Place(),
        signer=SIGNER,
        missing=missing,
    )


def failed(report: Report) -> str:
    """Return all that does not hold, as one text."""
    return "; ".join(
        f"{said.claim}: {said.why}" for said in report.statements if said.verdict is Verdict.FAILS
    )


def test_a_whole_package_holds_in_every_statement_that_can_be_made(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    """Exit code 0; without its public key, whose it is cannot be said, nor what nobody calibrated."""
    report = verify(sealed(tmp_path, parts).path)
    unknown = {said.claim for said in report.statements if said.verdict is Verdict.UNKNOWN}

    assert failed(report) == ""
    assert report.exit_code == 0
    assert {"this gateway sealed it", "the calibration was valid"} <= unknown
    assert "this gateway sealed it" in {
        said.claim
        for said in verify(sealed(tmp_path, parts).path, [SIGNER.public]).statements
        if said.verdict is Verdict.HOLDS
    }


def test_any_zip_program_opens_it(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """It is a plain zip, stored."""
    with zipfile.ZipFile(sealed(tmp_path, parts).path) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [*sorted(parts), manifest.NAME, manifest.SIGNATURE]
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}


def test_every_changed_byte_is_found_and_what_it_belongs_to_is_named(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    """Some bytes of every region: each header, each part, the directory, the end of the file."""
    small = {name: data[:3000] for name, data in parts.items()}
    small[manifest.NAME] = manifest.to_bytes(
        manifest.make(
            small,
            event="genk-1-1-1",
            site="genk",
            sealed=SEALED_AT,
            place=Place(),
            key=SIGNER.public,
            missing=(),
        )
    )
    small[manifest.SIGNATURE] = SIGNER.sign(small[manifest.NAME])
    genuine = container.pack(small)
    chance = random.Random(5)
    for region in container.regions(small):
        every = range(region.start, region.stop)
        for at in every if len(every) < 120 else chance.sample(every, 25):
            spoilt = bytearray(genuine)
            spoilt[at] ^= 1 << chance.randrange(8)
            found = [said for said in verify_bytes(bytes(spoilt), tmp_path).statements if said.integrity]
            broken = [said for said in found if said.verdict is Verdict.FAILS]

            assert broken, f"byte {at} ({region.name}) was changed and nobody noticed"
            if region.name in parts:
                assert any(region.name in said.why for said in broken)


def test_a_changed_sound_is_named(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """The report says which part was changed after it was sealed, and that it is no evidence."""
    path = sealed(tmp_path, parts).path
    data = bytearray(path.read_bytes())
    data[data.find(b"fLaC") + 5000] ^= 1
    path.write_bytes(data)
    report = verify(path)

    assert report.exit_code == 1
    assert not report.intact
    assert "sound.flac was changed after it was sealed" in failed(report)
    assert "complete as evidence" in failed(report)


def test_a_missing_and_a_surplus_part_are_named(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """Parts taken away or put in are found, even in a proper zip."""
    path = sealed(tmp_path, parts).path
    inside = container.unpack(path.read_bytes())
    inside["face.jpg"] = b"x"
    del inside["picture.mkv"]
    report = verify_bytes(container.pack(inside), path)

    assert "picture.mkv is missing" in failed(report)
    assert "'face.jpg' does not belong to it" in failed(report)


def test_a_package_that_was_cut_short_or_zipped_again_is_not_as_it_was_written(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    """Same parts in another zip, or with something behind: the file is not the one that was sealed."""
    data = sealed(tmp_path, parts).path.read_bytes()
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in container.unpack(data).items():
            archive.writestr(name, content)

    for changed in (data + b"\x00", data[: len(data) // 2], again.getvalue()):
        try:
            assert not verify_bytes(changed, tmp_path).intact
        except PackageError:
            assert changed != data


def test_an_incomplete_clip_is_intact_and_is_not_evidence(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """It says what is missing, in the words of the gateway."""
    why = 'picture.mkv: camera "genk-1-cam" does not answer'
    lacking = {name: data for name, data in parts.items() if name not in ("picture.mkv", "view.mp4")}
    report = verify(sealed(tmp_path, lacking, (why,)).path)

    assert report.intact
    assert report.exit_code == 1
    assert why in failed(report)


def test_a_manifest_without_the_missing_part_does_not_make_evidence(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    """A package that never had pictures is no evidence, whatever its manifest claims."""
    lacking = {name: data for name, data in parts.items() if name != "picture.mkv"}

    assert "no picture.mkv" in failed(verify(sealed(tmp_path, lacking).path))


@pytest.mark.parametrize("content", [b"", b"holiday", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(40)])
def test_a_file_that_is_no_package_gives_exit_code_1(tmp_path: Path, content: bytes) -> None:
    """Something else is not half a package."""
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    report = verify(path)

    assert report.exit_code == 1
    assert not report.intact


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The reason is in the report."""
    report = verify(tmp_path / "nothing.zip")

    assert report.exit_code == 1
    assert "cannot be read" in failed(report)


def test_the_printed_report_and_the_json_say_the_same(
    tmp_path: Path, parts: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Both name the event and every verdict; the exit code is the worst."""
    path = sealed(tmp_path, parts).path
    code = verify_and_print([path, tmp_path / "nothing.zip"])
    words = capsys.readouterr().out
    verify_and_print([path], as_json=True)
    (values,) = json.loads(capsys.readouterr().out)

    assert code == 1
    assert words.count("holds") >= len([said for said in values["statements"] if said["verdict"] == "holds"])
    assert values["event"] == "genk-1-1-1"


def test_manifests_form_a_chain_and_have_one_spelling(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """The hash of the manifest before is in the next; another spelling of the same content is refused."""
    first = sealed(tmp_path, parts)
    second = sealed(tmp_path, parts, place=Place(2, first.manifest_sha256))
    spelt = container.unpack(second.path.read_bytes())[manifest.NAME]

    assert manifest.from_bytes(spelt).previous == first.manifest_sha256
    with pytest.raises(PackageError, match="spelt"):
        manifest.from_bytes(json.dumps(json.loads(spelt)).encode())


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, parts: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half package has the name of a whole one, and the error says that nothing is lost."""

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(package, "write_durably", full)

    with pytest.raises(DiskFull, match="nothing is lost"):
        sealed(tmp_path, parts)
    assert list(tmp_path.iterdir()) == []


def test_what_a_power_cut_left_half_written_is_removed_at_the_next_start(tmp_path: Path) -> None:
    """Temporary files go, packages stay."""
    (tmp_path / ".genk-1-1-1.new").write_bytes(b"half")
    (tmp_path / "genk-1-1-0.zip").write_bytes(b"whole")
    remove_leftovers(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["genk-1-1-0.zip"]
