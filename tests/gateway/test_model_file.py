"""A model as a file: what is not one, what its hash is, and whose signature on it is believed."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import KeyFileError
from gateway.evidence import keys
from gateway.signature.model_file import ModelFileError, check_trusted, parse, read

DEFAULT = Path(__file__).parents[2] / "firmware/sensor/signature.json"
# RFC 8032, section 7.1, test 1: the secret key, the public key, and the signature of nothing.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
OF_NOTHING = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
KEY = Ed25519PrivateKey.from_private_bytes(SECRET)
SMALL = json.dumps(
    {
        "features": 2,
        "format": 1,
        "kind": "linear",
        "name": "own",
        "threshold": 0.5,
        "training": "",
        "version": "1",
        "weights": {"bias": "AAAAAA=="},
    },
    sort_keys=True,
    separators=(",", ":"),
)
SIGNED = parse(SMALL).signed_with(KEY)


def test_signatures_are_those_of_rfc_8032() -> None:
    """The standard's own example, in the spelling of these files."""
    assert keys.public_text(KEY) == base64.b64encode(PUBLIC).decode()
    assert keys.sign(KEY, b"") == base64.b64encode(OF_NOTHING).decode()
    assert keys.holds(keys.public_text(KEY), keys.sign(KEY, b""), b"")
    assert not keys.holds(keys.public_text(KEY), keys.sign(KEY, b""), b" ")


def test_the_default_model_is_a_model_file_without_a_signature() -> None:
    """What flash.py puts on a board can be shown, signed and loaded like any other; signing changes no hash."""
    model = read(DEFAULT)

    assert model.signed is None
    assert parse(model.signed_with(KEY).text).hash == model.hash
    assert parse(model.signed_with(KEY).text).line == model.line


@given(st.integers(0, len(SMALL) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_a_model_with_any_byte_changed_is_not_trusted(at: int, other: str) -> None:
    """It is no model any more, or not the one that was signed."""
    text = SIGNED.text[:at] + other + SIGNED.text[at + 1 :]
    if text == SIGNED.text:
        check_trusted(parse(text), [keys.public_text(KEY)], "own.json")
        return
    with pytest.raises(ModelFileError):
        check_trusted(parse(text), [keys.public_text(KEY)], "own.json")


@pytest.mark.parametrize("second", ["{}", "[]", '{"key":"","signature":""}', "x"])
def test_a_second_line_that_is_no_signature_is_said(second: str) -> None:
    """Not a model without one: somebody meant to sign it."""
    with pytest.raises(ModelFileError, match=r"no signature|not one of"):
        check_trusted(parse(f"{SMALL}\n{second}\n"), ["AAAA"], "own.json")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (b"no key", "no private key in PEM"),
        (
            KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
            "is encrypted",
        ),
        (
            rsa.generate_private_key(65537, 2048).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "not one of Ed25519",
        ),
    ],
    ids=["no key", "encrypted", "rsa"],
)
def test_a_file_that_is_no_key_says_what_it_is_instead(tmp_path: Path, key: bytes, why: str) -> None:
    """With the command that mends it."""
    (tmp_path / "key.pem").write_bytes(key)

    with pytest.raises(KeyFileError, match=why) as caught:
        keys.read_private(tmp_path / "key.pem")
    assert "openssl" in str(caught.value)
