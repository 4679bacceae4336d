"""`manifest.json`: what is in a package, and the hash of each part.

Rules of this file
- Canonical JSON: keys sorted, no spaces, UTF-8. The same content has one spelling, so its hash means something.
- `previous` is the SHA-256 of the manifest this gateway sealed before: a package that was taken away or
  put in later breaks the chain. "" is the first of a gateway.
- `evidence` is true only when `missing` is empty.

The signature (manifest.sig, over these bytes) belongs beside it in the package.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import PackageError

NAME = "manifest.json"
LAYOUT = 1
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """One part: its length in bytes and its SHA-256."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bytes: int
    sha256: Sha256


class Manifest(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layout: Literal[1]
    event: str
    site: str
    sealed: str
    previous: Sha256 | Literal[""]
    evidence: bool
    missing: Annotated[tuple[str, ...], Field(strict=False)]
    parts: dict[str, Part]


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def make(
    parts: Mapping[str, bytes], *, event: str, site: str, sealed: str, previous: str, missing: Sequence[str]
) -> Manifest:
    """Return the manifest of `parts` (bytes by file name). `sealed` is the time in ISO 8601, UTC."""
    return Manifest(
        layout=LAYOUT,
        event=event,
        site=site,
        sealed=sealed,
        previous=previous,
        evidence=not missing,
        missing=tuple(missing),
        parts={name: Part(bytes=len(data), sha256=sha256(data)) for name, data in parts.items()},
    )


def to_bytes(manifest: Manifest) -> bytes:
    """Return the canonical spelling of `manifest`."""
    values = manifest.model_dump(mode="json")
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


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
