"""Values of the configuration that have a form of their own: keys. A `ValueError` names the key and the cure.

Rules of this file
- A private key is never repeated in a message: messages end in logs.
"""

import re

import pyrage


def is_public_key(text: str) -> str:
    """Return `text` when it is a public key of Ed25519."""
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}=", text):  # 32 bytes in base64, see evidence/keys.py
        raise ValueError(
            f'signature.trusted_keys: "{text}" is no public key; write the 44 characters that '
            "`stalenstraat signature sign` prints"
        )
    return text


def is_recipient(text: str) -> str:
    """Return `text` when it is a public key of age."""
    if text.startswith("AGE-SECRET-KEY-"):
        raise ValueError(
            "evidence.recipients: a private key stands there; take it out of the cabinet, and write the public key "
            "that belongs to it (age1...)"
        )
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise ValueError(
            f'evidence.recipients: "{text}" is no public key of age; write the age1... that age-keygen prints'
        ) from None
    return text
