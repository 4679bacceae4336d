"""The zip around the parts of a package. Any program opens it; only one spelling of it is genuine.

Rules of this file
- Stored, never compressed; no times, no comments, no extra fields: the parts and their order decide every byte.
- So a package is checked by making it again from its parts and comparing: no byte is outside the check.
- Reading is forgiving, because it must say what broke; it never trusts a length it has not checked.

PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end record).
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import PackageError

LOCAL = "<4s5H3I2H"
LOCAL_BYTES = struct.calcsize(LOCAL)
LOCAL_SIGN = b"PK\x03\x04"
CENTRAL = "<4s6H3I5H2I"
CENTRAL_BYTES = struct.calcsize(CENTRAL)
CENTRAL_SIGN = b"PK\x01\x02"
END_SIGN = b"PK\x05\x06"
END_BYTES = 22
EPOCH = (1980, 1, 1, 0, 0, 0)  # the zero of zip's clock: the true times are in the parts
UNIX = 3
READ_ONLY = 0o100444 << 16
LAST = ("manifest.json", "manifest.sig")


@dataclass(frozen=True, slots=True)
class Region:
    """The bytes from `start` to `stop` of a package, and what they are."""

    start: int
    stop: int
    name: str


def in_order(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return `parts` in the order in which they lie in a package: by name, what seals them last."""
    return dict(sorted(parts.items(), key=lambda part: (part[0] in LAST, part[0])))


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return the package with `parts`."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in in_order(parts).items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = UNIX
            info.external_attr = READ_ONLY
            archive.writestr(info, data)
    return target.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the parts that can be found in `data`, whatever else is wrong with it.

    `PackageError` when it is not a zip at all. A damaged header is stepped over with the help of the
    directory at the end.
    """
    found = _walk(data)
    if found is None:
        found = _by_directory(data)
    if not found:
        raise PackageError("the file is not a package: no part can be found in it")
    return found


def regions(parts: Mapping[str, bytes]) -> list[Region]:
    """Return what each byte of `pack(parts)` is."""
    found: list[Region] = []
    at = 0
    parts = in_order(parts)
    for name, data in parts.items():
        head = at + LOCAL_BYTES + len(name.encode())
        found += [Region(at, head, f"the header of {name}"), Region(head, head + len(data), name)]
        at = head + len(data)
    for name in parts:
        stop = at + CENTRAL_BYTES + len(name.encode())
        found.append(Region(at, stop, f"the directory entry of {name}"))
        at = stop
    found.append(Region(at, at + END_BYTES, "the end of the directory"))
    return found


def differences(data: bytes, parts: Mapping[str, bytes]) -> list[str]:
    """Return in words where `data` is not `pack(parts)`; empty when it is."""
    genuine = pack(parts)
    if data == genuine:
        return []
    found = [
        f"{region.name} is changed"
        for region in regions(parts)
        if data[region.start : region.stop] != genuine[region.start : region.stop]
    ]
    if len(data) != len(genuine):
        found.append(f"the file has {len(data)} bytes and should have {len(genuine)}")
    return found


def _walk(data: bytes) -> dict[str, bytes] | None:
    """Return the parts by their local headers, or None when a header leads nowhere."""
    found: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] != CENTRAL_SIGN:
        if at + LOCAL_BYTES > len(data):
            return None
        head = struct.unpack_from(LOCAL, data, at)
        size, name_size, extra = head[7], head[9], head[10]
        start = at + LOCAL_BYTES + name_size + extra
        if head[0] != LOCAL_SIGN or start + size > len(data):
            return None
        name = data[at + LOCAL_BYTES : at + LOCAL_BYTES + name_size].decode("utf-8", "replace")
        if name in found:
            return None
        found[name] = data[start : start + size]
        at = start + size
    return found


def _by_directory(data: bytes) -> dict[str, bytes]:
    """Return the parts by the directory at the end, as far as it can be followed."""
    found: dict[str, bytes] = {}
    at = data.find(CENTRAL_SIGN, max(data.rfind(END_SIGN) - 65536, 0))
    while at >= 0 and data[at : at + 4] == CENTRAL_SIGN and at + CENTRAL_BYTES <= len(data):
        entry = struct.unpack_from(CENTRAL, data, at)
        size, name_size, extra, comment, offset = entry[8], entry[10], entry[11], entry[12], entry[16]
        raw = data[at + CENTRAL_BYTES : at + CENTRAL_BYTES + name_size]
        start = offset + LOCAL_BYTES + name_size
        if start + size <= len(data):
            found.setdefault(raw.decode("utf-8", "replace"), data[start : start + size])
        at += CENTRAL_BYTES + name_size + extra + comment
    return found
