"""Five packages of a gateway: whatever is done to one of them, to their order or to their number is found and named."""

import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyrage import x25519

from gateway.clips.assemble import assemble
from gateway.clips.contents import camera_clip, sensor_clip
from gateway.clips.measurement import Circumstances
from gateway.evidence import container, manifest
from gateway.evidence.encryption import encrypt
from gateway.evidence.handover import hand_over
from gateway.evidence.manifest import Manifest, Place
from gateway.evidence.package import write
from gateway.evidence.signer import Signer
from gateway.evidence.statements import Verdict
from gateway.evidence.verify import verify_all
from gateway.link.messages import Hello
from gateway.testing.clips import camera_parts, sensor_parts

HELLO = Hello(v=1, kind="sensor", id="genk-1", boot=1, clock_hz=48000)
OLD = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEW = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
FIRST = Signer(OLD)
SECOND = Signer(NEW, (hand_over(OLD, NEW, "2026-11-23T00:00:00.000Z"),))


@dataclass(frozen=True)
class Said:
    """The exit code of the worst, and what does not hold, as one text."""

    code: int
    failed: str


def event(number: int) -> str:
    """Return the id of an event."""
    return f"genk-1-1-{number}"


def seal(folder: Path, number: int, previous: str, signer: Signer = FIRST) -> str:
    """Seal the package `number`; return the hash of its manifest."""
    about = Circumstances(event(number), "genk", "Genk", 10**18, "synchronised", HELLO, None)
    parts = assemble(about, sensor_clip(sensor_parts()), camera_clip(camera_parts())).parts
    written = write(
        folder,
        parts,
        event=event(number),
        site="genk",
        sealed=f"2026-11-23T01:02:{number:02d}.000Z",
        place=Place(number, previous),
        signer=signer,
        missing=(),
    )
    return written.manifest_sha256


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with five packages; the key is renewed after the third."""
    folder = tmp_path_factory.mktemp("genuine")
    previous = ""
    for number in range(1, 6):
        previous = seal(folder, number, previous, FIRST if number <= 3 else SECOND)
    return folder


@pytest.fixture
def folder(genuine: Path, tmp_path: Path) -> Path:
    """Return a folder with copies that may be spoilt."""
    return shutil.copytree(genuine, tmp_path / "copies")


def check(folder: Path, key: Signer = FIRST) -> Said:
    """Verify all packages in `folder` with the public key of `key`."""
    reports = verify_all(sorted(folder.glob("*.zip")), [key.public])
    said = [
        f"{report.path.stem}: {each.claim}: {each.why}"
        for report in reports
        for each in report.statements
        if each.verdict is Verdict.FAILS
    ]
    return Said(max(report.exit_code for report in reports), "; ".join(said))


def package(folder: Path, number: int) -> Path:
    """Return the path of a package."""
    return folder / f"{event(number)}.zip"


def rewrite(path: Path, change: dict[str, object], signer: Signer) -> None:
    """Change fields of a manifest and sign it anew: what somebody with a key of their own can do."""
    parts = container.unpack(path.read_bytes())
    values = manifest.from_bytes(parts[manifest.NAME]).model_dump()
    spelt = manifest.to_bytes(Manifest.model_validate({**values, **change}))
    path.write_bytes(container.pack({**parts, manifest.NAME: spelt, manifest.SIGNATURE: signer.sign(spelt)}))


def test_five_genuine_packages_hold_and_none_is_accused(genuine: Path) -> None:
    """With the first key of the gateway, which handed over to the one of the last two."""
    assert Said(0, "") == check(genuine)


def test_in_which_order_they_are_given_does_not_matter(genuine: Path) -> None:
    """A shell sorts 10 before 2."""
    paths = sorted(genuine.glob("*.zip"))
    random.Random(4).shuffle(paths)
    assert {0} == {report.exit_code for report in verify_all(paths, [FIRST.public])}


@pytest.mark.parametrize("number", [2, 3, 4])
def test_one_that_was_taken_away_is_missed_by_the_one_after_it(folder: Path, number: int) -> None:
    """By its number."""
    package(folder, number).unlink()
    said = check(folder)

    assert 1 == said.code
    assert f"genk-1-1-{number + 1}: no package before it is missing" in said.failed
    assert f"number {number} of this gateway is not here" in said.failed


def test_without_the_first_or_the_last_the_rest_is_not_accused(folder: Path) -> None:
    """They are later ones of a longer chain, or earlier ones: nobody can say more from the files."""
    package(folder, 1).unlink()
    package(folder, 5).unlink()
    assert Said(0, "") == check(folder)


def test_one_in_the_place_of_another_is_found(folder: Path) -> None:
    """Even when the gateway itself had signed it: the next names another hash."""
    seal(folder, 2, "ab" * 32)
    said = check(folder)

    assert 1 == said.code
    assert "number 2 (genk-1-1-2) is not the one it was sealed after" in said.failed


def test_one_that_was_put_in_is_found(folder: Path, tmp_path: Path) -> None:
    """Two have the same number."""
    seal(tmp_path, 3, "cd" * 32)
    shutil.move(package(tmp_path, 3), folder / "genk-1-1-33.zip")
    said = check(folder)

    assert 1 == said.code
    assert "is number 3 of this gateway as well" in said.failed


def test_two_that_changed_places_are_found(folder: Path) -> None:
    """By somebody with the key: what names number 2 was sealed after what names number 3."""
    for number, other in ((2, 3), (3, 2)):
        rewrite(package(folder, number), {"number": other}, FIRST)
    assert 1 == check(folder).code


def test_two_files_that_changed_names_are_found(folder: Path) -> None:
    """The name of a package is its event."""
    package(folder, 2).rename(folder / "x")
    package(folder, 3).rename(package(folder, 2))
    (folder / "x").rename(package(folder, 3))
    said = check(folder)

    assert 1 == said.code
    assert "the file is named genk-1-1-2, the event is genk-1-1-3" in said.failed


def test_a_manifest_of_somebody_else_is_found(folder: Path) -> None:
    """Whole in itself, signed with a key of their own: it is not this gateway's."""
    rewrite(package(folder, 5), {"key": STRANGER.public, "handovers": ()}, STRANGER)
    said = check(folder)

    assert 1 == said.code
    assert "this gateway sealed it" in said.failed


def test_a_handover_that_the_old_key_did_not_sign_leads_nowhere(folder: Path) -> None:
    """A stranger says that the old key handed over to theirs."""
    forged = hand_over(STRANGER.private, STRANGER.private, "2026-11-23T00:00:00.000Z")
    forged = forged.model_copy(update={"old": FIRST.public})
    change = {"key": STRANGER.public, "handovers": (forged,)}
    rewrite(package(folder, 5), change, STRANGER)
    said = check(folder)

    assert 1 == said.code
    assert "is not signed by the former" in said.failed


@pytest.mark.parametrize(
    "change",
    [
        {"number": 3},
        {"previous": "ab" * 32},
        {"site": "hasselt"},
        {"event": "genk-1-1-7"},
        {"sealed": "2027-01-01T00:00:00.000Z"},
        {"missing": ("picture.mkv",)},
        {"key": STRANGER.public},
    ],
)
def test_every_field_of_a_manifest_is_under_the_signature(folder: Path, change: dict[str, object]) -> None:
    """The signature of before does not fit any more."""
    parts = container.unpack(package(folder, 2).read_bytes())
    values = manifest.from_bytes(parts[manifest.NAME]).model_dump()
    parts[manifest.NAME] = manifest.to_bytes(Manifest.model_validate({**values, **change}))
    package(folder, 2).write_bytes(container.pack(parts))
    said = check(folder)

    assert 1 == said.code
    assert "genk-1-1-2: the manifest is signed" in said.failed


def test_a_signature_that_is_missing_cut_or_of_another_package_is_found(folder: Path) -> None:
    """Each of them is named as the signature."""
    parts = container.unpack(package(folder, 2).read_bytes())
    other = container.unpack(package(folder, 3).read_bytes())[manifest.SIGNATURE]
    for signature in (None, b"", parts[manifest.SIGNATURE][:-1], other):
        rest = {name: data for name, data in parts.items() if name != manifest.SIGNATURE}
        if signature is not None:
            rest[manifest.SIGNATURE] = signature
        package(folder, 2).write_bytes(container.pack(rest))
        said = check(folder)

        assert 1 == said.code
        assert "manifest.sig" in said.failed


def test_parts_in_another_order_are_found(folder: Path) -> None:
    """The same parts, the same hashes: yet not the file that was sealed."""
    data = package(folder, 2).read_bytes()
    parts = container.unpack(data)
    names = list(parts)
    local = {region.name: data[region.start : region.stop] for region in container.regions(parts)}
    first, second = names[0], names[1]
    swapped = b"".join(local[f"the header of {name}"] + local[name] for name in (second, first, *names[2:]))
    package(folder, 2).write_bytes(swapped + data[len(swapped) :])
    assert 1 == check(folder).code


def test_openssl_checks_the_signature(genuine: Path, tmp_path: Path) -> None:
    """Nobody needs this program: manifest.sig is plain Ed25519 over the bytes of manifest.json."""
    parts = container.unpack(package(genuine, 1).read_bytes())
    for name in (manifest.NAME, manifest.SIGNATURE):
        (tmp_path / name).write_bytes(parts[name])
    pem = OLD.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "gateway.pem").write_bytes(pem)
    command = (
        "openssl pkeyutl -verify -pubin -inkey gateway.pem -rawin -in manifest.json -sigfile manifest.sig"
    )
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "Signature Verified Successfully" in done.stdout, done.stderr


def test_encrypted_packages_are_opened_in_memory_and_checked_as_a_chain(
    genuine: Path, tmp_path: Path
) -> None:
    """Without the key nothing can be said, exit code 2; with another one, or after a change, exit code 1."""
    city, other = x25519.Identity.generate(), x25519.Identity.generate()
    paths: list[Path] = []
    for path in sorted(genuine.glob("*.zip")):
        paths.append(tmp_path / f"{path.name}.age")
        paths[-1].write_bytes(encrypt(path.read_bytes(), [str(city.to_public())]))
    here = sorted(tmp_path.iterdir())

    assert {0} == {report.exit_code for report in verify_all(paths, [FIRST.public], (), [city])}
    assert {2} == {report.exit_code for report in verify_all(paths, [FIRST.public])}
    assert {1} == {report.exit_code for report in verify_all(paths, [FIRST.public], (), [other])}
    del paths[2]
    assert "number 3 of this gateway is not here" in " ".join(
        said.why for report in verify_all(paths, [FIRST.public], (), [city]) for said in report.statements
    )
    spoilt = bytearray(paths[0].read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    paths[0].write_bytes(spoilt)
    assert 1 == verify_all(paths, [FIRST.public], (), [city])[0].exit_code
    assert here == sorted(tmp_path.iterdir())
