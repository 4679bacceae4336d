"""A reason for doubt: what `validity` of measurement.json is a list of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """`name` never changes, `text` is a sentence for people."""

    name: str
    text: str
