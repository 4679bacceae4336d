"""Do packages follow each other: is one missing, was one put in, or another put in its place.

Rules of this file
- Packages are put in order by their number; in what order they were given does not matter.
- A package says which manifest was before it. So a chain breaks at the package after the one that was touched.
- A package whose predecessor was not given says nothing about it, unless an earlier one was given: then the ones
  between are missing. Clips that were deleted lawfully are missing too; their tombstones say so.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.evidence.manifest import Manifest
from gateway.evidence.statements import Statement, Verdict, judge

CLAIM = "no package before it is missing"


@dataclass(frozen=True, slots=True)
class Link:
    """A package in a chain: its manifest and the manifest's SHA-256."""

    manifest: Manifest
    sha256: str


def first_key(manifest: Manifest) -> str:
    """Return the first key of the gateway that sealed `manifest`: what its packages have in common."""
    return manifest.handovers[0].old if manifest.handovers else manifest.key


def of_chain(links: Sequence[Link]) -> list[Statement]:
    """Return what is to say of each of `links`, in their order; the same package twice is one."""
    chains: dict[tuple[str, str], dict[str, Link]] = defaultdict(dict)
    for link in links:
        chains[link.manifest.site, first_key(link.manifest)][link.sha256] = link
    return [_of(link, list(chains[link.manifest.site, first_key(link.manifest)].values())) for link in links]


def _of(link: Link, chain: Sequence[Link]) -> Statement:
    sealed = link.manifest
    twins = [each for each in chain if each is not link and each.manifest.number == sealed.number]
    twins = [each for each in twins if each.sha256 != link.sha256]
    problems = [f"{each.manifest.event} is number {sealed.number} of this gateway as well" for each in twins]
    before = [each for each in chain if each.manifest.number == sealed.number - 1]
    earlier = [each for each in chain if each.manifest.number < sealed.number]
    if sealed.number == 1:
        if sealed.previous:
            problems.append("it is number 1 and names a package before it")
        return _verdict(problems, "the first of this gateway")
    if any(each.sha256 == sealed.previous for each in before):
        if any(each.manifest.sealed > sealed.sealed for each in before):
            problems.append("the package before it was sealed later: the clock was wrong, or it was put in")
        return _verdict(problems, f"number {sealed.number} follows number {sealed.number - 1}")
    if before:
        problems.append(
            f"number {sealed.number - 1} ({before[0].manifest.event}) is not the one it was sealed after"
        )
    elif earlier:
        last = max(each.manifest.number for each in earlier)
        missing = (
            f"number {last + 1}"
            if last + 2 == sealed.number
            else f"numbers {last + 1} to {sealed.number - 1}"
        )
        problems.append(f"it is number {sealed.number}, and {missing} of this gateway is not here")
    if problems:
        return _verdict(problems, "")
    why = f"it is number {sealed.number}; that needs the packages before it as well"
    return Statement(CLAIM, Verdict.UNKNOWN, why)


def _verdict(problems: list[str], fine: str) -> Statement:
    return judge(CLAIM, problems, fine, integrity=True)
