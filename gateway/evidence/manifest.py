"""`manifest.json`: what is in a package, the hash of each part, who sealed it, and what was sealed before it.

Rules of this file
- Canonical JSON (RFC 8785). The same content has one spelling, so its hash and its signature mean something.
- `number` counts the packages of a gateway from 1, `previous` is the SHA-256 of the manifest before it ("" of the
  first): a package that was taken away or put in later breaks the chain.
- `key` made the signature; `handovers` lead to it from the first key of the gateway (handover.py).
- `evidence` is true only when `missing` is empty.

The signature (manifest.sig: 64 bytes, Ed25519 over these bytes) lies beside it in the package.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import PackageError
from gateway.evidence.handover import Handover, PublicKey

NAME = "manifest.json"
SIGNATURE = "manifest.sig"
LAYOUT = 2
LARGEST = 2**53 - 1  # of a whole number in canonical JSON
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """One part: its length in bytes and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bytes: Annotated[int, Field(ge=0, le=LARGEST)]
    sha256: Sha256


class Manifest(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layout: Literal[2]
    event: str
    site: str
    sealed: str
    number: Annotated[int, Field(ge=1, le=LARGEST)]
    previous: Sha256 | Literal[""]
    key: PublicKey
    handovers: Annotated[tuple[Handover, ...], Field(strict=False)]
    evidence: bool
    missing: Annotated[tuple[str, ...], Field(strict=False)]
    parts: dict[str, Part]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a package is in the chain of its gateway: its `number`, and the SHA-256 of the manifest before it."""

    number: int = 1
    previous: str = ""


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def make(  # noqa: PLR0913  the fields of the file
    parts: Mapping[str, bytes],
    *,
    event: str,
    site: str,
    sealed: str,
    place: Place,
    key: str,
    handovers: Sequence[Handover] = (),
    missing: Sequence[str],
) -> Manifest:
    """Return the manifest of `parts` (bytes by file name). `sealed` is the time in ISO 8601, UTC."""
    return Manifest(
        layout=LAYOUT,
        event=event,
        site=site,
        sealed=sealed,
        number=place.number,
        previous=place.previous,
        key=key,
        handovers=tuple(handovers),
        evidence=not missing,
        missing=tuple(missing),
        parts={name: Part(bytes=len(data), sha256=sha256(data)) for name, data in parts.items()},
    )


def to_bytes(manifest: Manifest) -> bytes:
    """Return the canonical spelling of `manifest`."""
    return rfc8785.dumps(manifest.model_dump(mode="json"))


def from_bytes(data: bytes) -> Manifest:
    """Return the manifest in `data`; `PackageError` when it is none, or not spelt canonically."""
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the text"
        raise PackageError(f"{NAME}: {where}: {first['msg']}") from None
    if to_bytes(manifest) != data:
        raise PackageError(f"{NAME}: is not spelt as the gateway spells it")
    return manifest
