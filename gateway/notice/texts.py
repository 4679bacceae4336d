"""The words of texts.toml and assessment.toml, filled with facts.

Rules of this file
- A text that lacks a language, or names a fact that there is not, is an error when the file is read.
- A document is a title, parts with a heading, and what it was made from; a part none of whose texts apply is left out.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.notice.facts import Facts

Language = Literal["nl", "fr", "en"]
FILES = ("texts.toml", "assessment.toml")
# French has a space before these signs and inside quotation marks, and no line may be broken there.
UNBROKEN = re.compile(r" (?=[;:!?»])|(?<=«) ")


class _Section(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)


class _Words(_Section):
    en: Annotated[str, Field(min_length=1)]
    nl: Annotated[str, Field(min_length=1)]
    fr: Annotated[str, Field(min_length=1)]

    def said(self, language: Language) -> str:
        text: str = getattr(self, language)
        return UNBROKEN.sub("\N{NO-BREAK SPACE}", text) if language == "fr" else text


class _Text(_Words):
    when: str = ""

    def applies(self, holds: frozenset[str]) -> bool:
        return all(
            (name.removeprefix("!") in holds) != name.startswith("!")
            for name in filter(None, self.when.split(","))
        )


class _Part(_Section):
    heading: _Words
    text: tuple[_Text, ...]


class _Document(_Section):
    title: _Words
    part: tuple[_Part, ...]


class File(_Section):
    """Both files as one."""

    sign: dict[str, _Words]
    common: dict[str, _Words]
    day: dict[str, _Words]
    behaviour: dict[str, _Words]
    information: _Document
    register_: Annotated[_Document, Field(alias="register")]
    assessment: _Document


@dataclass(frozen=True, slots=True)
class Document:
    """`parts`: headings, each with its paragraphs. `made`: what it was made from."""

    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    made: str


@cache
def load() -> File:
    """Return all words; `ValidationError` names the text that lacks a language."""
    values: dict[str, object] = {}
    for name in FILES:
        values |= tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    return File.model_validate(values)


def sign_text(name: str, language: Language, facts: Facts) -> str:
    """Return the text `name` of the sign."""
    return _filled(load().sign[name].said(language), language, facts)


def document(
    kind: Literal["information", "register", "assessment"], language: Language, facts: Facts
) -> Document:
    """Return the document `kind` with the texts that apply to `facts`."""
    words = load()
    found = {"information": words.information, "register": words.register_, "assessment": words.assessment}[
        kind
    ]
    parts: list[tuple[str, tuple[str, ...]]] = []
    for part in found.part:
        texts = tuple(
            _filled(text.said(language), language, facts) for text in part.text if text.applies(facts.holds)
        )
        if texts:
            parts.append((_filled(part.heading.said(language), language, facts), texts))
    return Document(
        _filled(found.title.said(language), language, facts),
        tuple(parts),
        _filled(words.common["made"].said(language), language, facts),
    )


def _filled(text: str, language: Language, facts: Facts) -> str:
    missing = load().common["missing"].said(language)
    gaps = {name: f"[{missing.format(key=key)}]" for name, key in facts.missing.items()}
    spelt = {"hours": _hours(language, facts), "sooner": _sooner(language, facts)}
    return text.format_map(facts.values | gaps | spelt)


def _hours(language: Language, facts: Facts) -> str:
    """Return when clips are kept: "mo-fr 22:00-06:00" with its days in words."""
    words = load()
    said: list[str] = []
    for span in facts.hours:
        days, times = span.split(" ")
        names = (
            words.common["until"]
            .said(language)
            .join(words.day[day].said(language) for day in days.split("-"))
        )
        said.append(names + " " + times.replace("-", "\N{EN DASH}"))
    return "; ".join(said)


def _sooner(language: Language, facts: Facts) -> str:
    """Return the behaviours whose clips go before the others, with their days."""
    words = load()
    days = words.common["days"].said(language)
    return "; ".join(
        f"{words.behaviour[name].said(language)}: {count} {days}" for name, count in facts.sooner
    )
