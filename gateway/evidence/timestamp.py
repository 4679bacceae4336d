"""When packages existed at the latest: a trusted timestamp (RFC 3161) over the manifests of a batch of them.

Rules of this file
- The service gets one hash, of the canonical JSON (RFC 8785) of the site, the number of the first package and the
  hashes of the manifests in their order. It learns nothing else.
- The answer lies in a file of its own beside the packages, which were sealed before: `<site>-<first>-<last>.timestamp`.
  Nothing in it is about anybody; it may be kept when the packages are gone.
- Whether the service is to be trusted is said by its root certificate, which only a person can choose.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import rfc3161_client
import rfc8785
from cryptography.x509 import Certificate
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
)

from gateway.errors import PackageError
from gateway.evidence.manifest import LARGEST, Manifest, Sha256
from gateway.evidence.statements import Statement, Verdict

SUFFIX = ".timestamp"
MOST = 1000  # manifests in a batch
CLAIM = "it existed at a time that others vouch for"


class Batch(BaseModel):
    """The content of the file: what was asked, and the answer of the service (DER, base64)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    layout: Literal[1]
    site: str
    first: Annotated[int, Field(ge=1, le=LARGEST)]
    manifests: Annotated[tuple[Sha256, ...], Field(strict=False, min_length=1)]
    response: str

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return f"{self.site}-{self.first}-{self.first + len(self.manifests) - 1}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the packages of `site` from number `first` on; `body` is what goes to the service (DER)."""

    site: str
    first: int
    manifests: tuple[str, ...]
    request: TimeStampRequest

    @property
    def body(self) -> bytes:
        """Return the query as the service reads it."""
        return self.request.as_bytes()


def ask(site: str, first: int, manifests: Sequence[str]) -> Asked:
    """Return the question about `manifests` (SHA-256, in the order of their numbers from `first` on)."""
    message = _message(site, first, manifests)
    builder = rfc3161_client.TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.cert_request(cert_request=True).build()
    return Asked(site, first, tuple(manifests), request)


def answered(asked: Asked, body: bytes) -> Batch:
    """Return the batch when `body` answers the question; `PackageError` says why it does not."""
    response = _decode(body)
    info = response.tst_info
    if info.nonce != asked.request.nonce:
        raise PackageError("the answer is to another question (its nonce is another)")
    batch = Batch(
        layout=1,
        site=asked.site,
        first=asked.first,
        manifests=asked.manifests,
        response=base64.b64encode(body).decode(),
    )
    _check_imprint(batch, response)
    return batch


def to_bytes(batch: Batch) -> bytes:
    """Return the content of the file."""
    return rfc8785.dumps(batch.model_dump(mode="json"))


def from_bytes(data: bytes) -> Batch:
    """Return the batch in `data`; `PackageError` when it is none."""
    try:
        return Batch.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the text"
        raise PackageError(f"the file is no timestamp: {where}: {first['msg']}") from None


def of_package(
    sealed: Manifest, sha256: str, batches: Sequence[Batch], roots: Sequence[Certificate]
) -> Statement:
    """Return what `batches` say of the package with the manifest `sealed`; `roots` are of trusted services."""
    covering = [
        each
        for each in batches
        if each.site == sealed.site
        and 0 <= sealed.number - each.first < len(each.manifests)
        and each.manifests[sealed.number - each.first] == sha256
    ]
    if not covering:
        return Statement(CLAIM, Verdict.UNKNOWN, "no timestamp of it is here")
    batch = covering[0]
    try:
        response = _decode(base64.b64decode(batch.response))
        _check_imprint(batch, response)
        when = response.tst_info.gen_time.strftime("%Y-%m-%d %H:%M:%S UTC")
        if not roots:
            why = f"{batch.name} says {when}; who says so needs the service's root certificate (--tsa)"
            return Statement(CLAIM, Verdict.UNKNOWN, why)
        _check_trusted(batch, response, roots)
    except (PackageError, ValueError) as error:
        return Statement(CLAIM, Verdict.FAILS, f"{batch.name}: {error}")
    return Statement(CLAIM, Verdict.HOLDS, f"at {when} by {batch.name}")


def _message(site: str, first: int, manifests: Sequence[str]) -> bytes:
    return rfc8785.dumps({"first": first, "manifests": list(manifests), "site": site})


def _decode(body: bytes) -> TimeStampResponse:
    try:
        response = rfc3161_client.decode_timestamp_response(body)
    except ValueError as error:
        raise PackageError(f"the answer of the service cannot be read ({error})") from None
    if response.status != rfc3161_client.PKIStatus.GRANTED:
        raise PackageError(f"the service refused ({'; '.join(response.status_string) or 'no reason given'})")
    return response


def _check_imprint(batch: Batch, response: TimeStampResponse) -> None:
    message = _message(batch.site, batch.first, batch.manifests)
    if response.tst_info.message_imprint.message != hashlib.sha256(message).digest():
        raise PackageError("the answer is about something else")


def _check_trusted(batch: Batch, response: TimeStampResponse, roots: Sequence[Certificate]) -> None:
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, _message(batch.site, batch.first, batch.manifests))
    except VerificationError as error:
        raise PackageError(f"it is not of the services that are trusted ({error})") from None
