"""`stalenstraat open`: whoever has the key gets the parts, it is written down, and nothing else is touched."""

import json
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519

from gateway import cli
from gateway.errors import GatewayError
from gateway.evidence import container, manifest, package
from gateway.evidence.manifest import Place
from gateway.evidence.signer import Signer
from gateway.evidence.verify import verify

CITY = x25519.Identity.generate()
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PARTS = {"sound.flac": b"a loud exhaust" * 100, "measurement.json": b"{}"}


def sealed(folder: Path, recipients: tuple[str, ...] = (str(CITY.to_public()),), **parts: bytes) -> Path:
    """Write a package into `folder`/store and return it."""
    (folder / "store").mkdir(exist_ok=True)
    return package.write(
        folder / "store",
        {**PARTS, **parts},
        event="genk-1-1-1",
        site="genk",
        sealed="2026-11-23T01:02:03.004Z",
        place=Place(),
        signer=SIGNER,
        missing=(),
        recipients=recipients,
    ).path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Return the city's key file."""
    path = tmp_path / "city.key"
    path.write_text(f"# the city\n{CITY}\n")
    return path


def run(*words: object) -> int:
    """Run `stalenstraat open`; return its exit code. What is wrong is on standard error, as on the command line."""
    try:
        return int(cli.app(["open", *map(str, words)], result_action="return_value"))
    except GatewayError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def test_the_parts_are_unpacked_as_they_were_sealed(tmp_path: Path, key: Path, capsys) -> None:
    """Byte for byte, readable by nobody else, with an entry of who and why beside them."""
    path, out = sealed(tmp_path), tmp_path / "clip"
    code = run(path, "--identity", key, "--out", out, "--who", "An", "--reason", "file 12")
    names = {each.name for each in out.iterdir()}
    (entry,) = [json.loads(line) for line in (out / "audit.jsonl").read_text().splitlines()]

    assert code == 0
    assert path.name == "genk-1-1-1.zip.age"
    assert names == {*PARTS, "manifest.json", "manifest.sig", "audit.jsonl"}
    assert {name: (out / name).read_bytes() for name in PARTS} == PARTS
    assert {(out / name).stat().st_mode & 0o077 for name in PARTS} == {0}
    assert (entry["what"], entry["who"], entry["reason"]) == ("package opened", "An", "file 12")
    assert (entry["event"], entry["package"]) == ("genk-1-1-1", manifest.sha256(path.read_bytes()))
    assert "genk-1-1-1" in capsys.readouterr().out


def test_what_is_unpacked_makes_the_package_again(tmp_path: Path, key: Path) -> None:
    """The parts and manifest.sig are all of it: packed again, anybody can check it without the city's key."""
    out = tmp_path / "clip"
    run(sealed(tmp_path), "--identity", key, "--out", out)
    parts = {each.name: each.read_bytes() for each in out.iterdir() if each.name != "audit.jsonl"}
    (tmp_path / "genk-1-1-1.zip").write_bytes(container.pack(parts))

    assert verify(tmp_path / "genk-1-1-1.zip", [SIGNER.public]).intact


def test_an_opening_in_the_cabinet_is_in_the_audit_log_of_its_store(
    tmp_path: Path, key: Path, capsys
) -> None:
    """With a configuration; there nobody opens a clip without saying why."""
    (tmp_path / "site.toml").write_text(
        '[site]\nid = "genk"\nname = "Genk"\n[store]\npath = "store"\n[[sensors]]\nid = "a"\nport = "/dev/null"\n'
    )
    words = (sealed(tmp_path), "--identity", key, "--config", tmp_path / "site.toml")
    unsaid = run(*words, "--out", tmp_path / "one")
    said = run(*words, "--out", tmp_path / "two", "--who", "An", "--reason", "file 12")
    (entry,) = [json.loads(line) for line in (tmp_path / "store" / "audit.jsonl").read_text().splitlines()]

    assert (unsaid, said) == (1, 0)
    assert "--reason" in capsys.readouterr().err
    assert not (tmp_path / "one").exists()
    assert not (tmp_path / "two" / "audit.jsonl").exists()
    assert (entry["what"], entry["who"], entry["reason"]) == ("package opened", "An", "file 12")


def test_a_package_that_is_not_encrypted_needs_no_key_and_is_written_down_as_well(tmp_path: Path) -> None:
    """An opening is an opening."""
    out = tmp_path / "clip"

    assert run(sealed(tmp_path, ()), "--out", out) == 0
    assert json.loads((out / "audit.jsonl").read_text())["reason"] == "not said"


def test_a_wrong_key_is_one_sentence_and_opens_nothing(tmp_path: Path, key: Path, capsys) -> None:
    """Of another city, of none, or none at all: which file to take; no folder is made."""
    path, out = sealed(tmp_path), tmp_path / "clip"
    key.write_text(f"{x25519.Identity.generate()}\n")
    codes = [run(path, "--identity", key, "--out", out), run(path, "--out", out)]
    said = capsys.readouterr().err.splitlines()

    assert codes == [1, 1]
    assert len(said) == 2
    assert "not encrypted to this identity" in said[0]
    assert "--identity" in said[1]
    assert not out.exists()


def test_nothing_is_overwritten(tmp_path: Path, key: Path, capsys) -> None:
    """A file of the name of a part stops it before anything is written; so does a link."""
    path, out = sealed(tmp_path), tmp_path / "clip"
    out.mkdir()
    (out / "sound.flac").symlink_to(tmp_path / "elsewhere")

    assert run(path, "--identity", key, "--out", out) == 1
    assert "is there already" in capsys.readouterr().err
    assert [each.name for each in out.iterdir()] == ["sound.flac"]
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/b", "..", "-rf", "Sound.flac"])
def test_nothing_lies_outside_the_folder(tmp_path: Path, key: Path, capsys, name: str) -> None:
    """A package that was signed with such a name is not unpacked, however well it is signed."""
    path, out = sealed_whatever(tmp_path, name), tmp_path / "deep" / "clip"

    assert run(path, "--identity", key, "--out", out) == 1
    assert "nothing was unpacked" in capsys.readouterr().err
    assert not (tmp_path / "deep").exists()


def sealed_whatever(folder: Path, name: str) -> Path:
    """Write a package with a part called `name`, as no gateway would."""
    parts = {**PARTS, name: b"escaped"}
    listed = manifest.make(
        parts, event="genk-1-1-1", site="genk", sealed="", place=Place(), key=SIGNER.public, missing=()
    )
    spelt = manifest.to_bytes(listed)
    path = folder / "genk-1-1-1.zip"
    path.write_bytes(container.pack({**parts, manifest.NAME: spelt, manifest.SIGNATURE: SIGNER.sign(spelt)}))
    return path


def test_what_was_changed_is_not_unpacked(tmp_path: Path, key: Path, capsys) -> None:
    """In the encrypted file, or before somebody encrypted it again: one sentence that names what broke."""
    path, out = sealed(tmp_path), tmp_path / "clip"
    data = bytearray(path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(data)
    changed = run(path, "--identity", key, "--out", out)
    plain = bytearray(sealed(tmp_path, ()).read_bytes())
    plain[plain.index(b"a loud")] ^= 1
    (tmp_path / "x.zip").write_bytes(plain)
    forged = run(tmp_path / "x.zip", "--out", out)
    said = capsys.readouterr().err

    assert (changed, forged) == (1, 1)
    assert "damaged or changed" in said
    assert "sound.flac is changed" in said
    assert not out.exists()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, key: Path, monkeypatch, capsys) -> None:
    """No half of a clip lies about."""
    path, out = sealed(tmp_path), tmp_path / "clip"
    out.mkdir()
    monkeypatch.setattr("gateway.opening.os.fdopen", lambda *_: open("/dev/full", "wb", buffering=0))  # noqa: PTH123, SIM115

    assert run(path, "--identity", key, "--out", out) == 1
    assert "No space left" in capsys.readouterr().err
    assert [each.name for each in out.iterdir()] == ["audit.jsonl"]
