"""From one signing key of a gateway to the next: the old one signs the new one.

Whoever knows the first public key of a gateway can so follow it to the key of any later package, and needs no
other list. What is signed is the canonical JSON (RFC 8785) of `new`, `old` and `time`.
"""

import itertools
from collections.abc import Sequence
from typing import Annotated

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field

from gateway.evidence import keys

PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class Handover(BaseModel):
    """`old` (public key) says at `time` (ISO 8601, UTC) that `new` follows it; `signature` is base64."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    old: PublicKey
    new: PublicKey
    time: str
    signature: str

    @property
    def holds(self) -> bool:
        """True when the signature is one of the old key."""
        return keys.holds(self.old, self.signature, _signed(self.old, self.new, self.time))


def hand_over(old: Ed25519PrivateKey, new: Ed25519PrivateKey, time: str) -> Handover:
    """Return the statement of `old` that `new` follows it."""
    names = keys.public_text(old), keys.public_text(new)
    return Handover(
        old=names[0], new=names[1], time=time, signature=keys.sign(old, _signed(names[0], names[1], time))
    )


def problem(handovers: Sequence[Handover], last: str) -> str | None:
    """Return why `handovers` do not lead, one after the other, to the key `last`; None when they do."""
    for before, after in itertools.pairwise(handovers):
        if before.new != after.old:
            return f"the handover to {after.new[:8]}… is not by {before.new[:8]}…, which was the key then"
    for each in handovers:
        if not each.holds:
            return f"the handover from {each.old[:8]}… to {each.new[:8]}… is not signed by the former"
    if handovers and handovers[-1].new != last:
        return f"the handovers end at {handovers[-1].new[:8]}…, and {last[:8]}… made the signature"
    return None


def _signed(old: str, new: str, time: str) -> bytes:
    return rfc8785.dumps({"new": new, "old": old, "time": time})
