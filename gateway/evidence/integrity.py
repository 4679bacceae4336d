"""Was a package changed since it was sealed, and who sealed it: the file, its manifest, parts and signature."""

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import PackageError
from gateway.evidence import container, handover, keys, manifest
from gateway.evidence.manifest import Manifest
from gateway.evidence.statements import Statement, Verdict, judge

SIGNED = "the manifest is signed"
NAME = re.compile(r"[a-z0-9]+\.[a-z0-9]+")  # of a part: never a folder, nor a way to one


def of_file(data: bytes, parts: Mapping[str, bytes]) -> Statement:
    """Return whether `data` is the one spelling of a package with `parts`."""
    problems = container.differences(data, parts)
    return judge("the file is as the gateway writes it", problems, "every byte accounted for", integrity=True)


def of_manifest(parts: Mapping[str, bytes]) -> tuple[Manifest | None, Statement]:
    """Return the manifest among `parts` if it can be read, and what is to say of it."""
    claim = "the manifest can be read"
    try:
        if manifest.NAME not in parts:
            raise PackageError(f"{manifest.NAME} is missing")
        sealed = manifest.from_bytes(parts[manifest.NAME])
    except PackageError as error:
        return None, Statement(claim, Verdict.FAILS, str(error), integrity=True)
    return sealed, Statement(claim, Verdict.HOLDS, f"event {sealed.event}", integrity=True)


def of_parts(sealed: Manifest, parts: Mapping[str, bytes]) -> Iterator[Statement]:
    """Return whether `parts` are those that were sealed."""
    here = [name for name in parts if name not in (manifest.NAME, manifest.SIGNATURE)]
    gone = [f"{name} is missing" for name in sealed.parts if name not in parts]
    surplus = [f"{name!a} does not belong to it" for name in here if name not in sealed.parts]
    surplus += [f"{name!a} is no part of a package" for name in sealed.parts if not NAME.fullmatch(name)]
    yield judge("all parts are there and no other", gone + surplus, ", ".join(here), integrity=True)
    for name, part in sealed.parts.items():
        if name in parts:
            same = manifest.sha256(parts[name]) == part.sha256 and len(parts[name]) == part.bytes
            changed = [] if same else [f"{name} was changed after it was sealed"]
            yield judge(f"{name} is unchanged", changed, f"SHA-256 {part.sha256[:16]}…", integrity=True)


def of_signature(sealed: Manifest, parts: Mapping[str, bytes], trusted: Sequence[str]) -> Iterator[Statement]:
    """Return whether the gateway that the manifest names signed it, and whether that is one of the `trusted` keys.

    A key that the `trusted` one handed over to counts as that one (handover.py).
    """
    signature = parts.get(manifest.SIGNATURE)
    problems: list[str] = []
    if signature is None:
        problems.append(f"{manifest.SIGNATURE} is missing")
    elif not keys.holds_raw(sealed.key, signature, parts[manifest.NAME]):
        problems.append(f"{manifest.SIGNATURE} is not one of the key {sealed.key} over this {manifest.NAME}")
    if broken := handover.problem(sealed.handovers, sealed.key):
        problems.append(broken)
    yield judge(SIGNED, problems, f"by the key {sealed.key}", integrity=True)
    claim = "this gateway sealed it"
    if not trusted:
        why = "no public key was given (--key); the gateway's own is shown by: stalenstraat keys show"
        yield Statement(claim, Verdict.UNKNOWN, why)
        return
    known = {sealed.key, *(each.old for each in sealed.handovers)}
    if known.isdisjoint(trusted):
        problems.append(f"the key {sealed.key} is none of those given, nor does one lead to it")
    direct = "signed with a key that was given"
    fine = direct if sealed.key in trusted else "a key that was given led to the one it is signed with"
    yield judge(claim, problems, fine, integrity=True)
