"""Ed25519 keys: who made this. RFC 8032 by the library `cryptography`; files as OpenSSL writes them.

Rules of this file
- A private key is a PEM file (PKCS #8, not encrypted): `openssl genpkey -algorithm ed25519 -out city.pem`.
- A public key is written as 44 characters of base64, its 32 bytes.
"""

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.errors import KeyFileError

PUBLIC_BYTES = 32
MAKE_ONE = "make one with: openssl genpkey -algorithm ed25519 -out KEYFILE"


def read_private(path: Path) -> Ed25519PrivateKey:
    """Return the key in the PEM file at `path`; `KeyFileError` when it holds none."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; {MAKE_ONE}") from None
    except TypeError:
        raise KeyFileError(
            f"{path}: the key is encrypted; decrypt it with: openssl pkey -in {path}"
        ) from None
    except ValueError:
        raise KeyFileError(f"{path}: holds no private key in PEM; {MAKE_ONE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: the key is not one of Ed25519; {MAKE_ONE}")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public key that belongs to `key`, as text."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def is_public(text: str) -> bool:
    """Say whether `text` is a public key."""
    return len(_bytes(text)) == PUBLIC_BYTES


def sign(key: Ed25519PrivateKey, data: bytes) -> str:
    """Return the signature of `data`, as base64."""
    return base64.b64encode(key.sign(data)).decode()


def holds(public: str, signature: str, data: bytes) -> bool:
    """Say whether `signature` (base64) is one of `data`, made with the key that belongs to `public`."""
    return holds_raw(public, _bytes(signature), data)


def holds_raw(public: str, signature: bytes, data: bytes) -> bool:
    """Say whether `signature` (64 bytes) is one of `data`, made with the key that belongs to `public`."""
    if not is_public(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(public)).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
