"""Every word of the page in three languages, from texts.toml; and which language a visitor gets.

Rules of this file
- A text that lacks a language is an error when the file is read, not a gap on the page.
- Asking by `?lang=` comes first, then the browser's Accept-Language, then English.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LANGUAGES = ("en", "nl", "fr")
# French has a space before these signs and inside quotation marks, and no line may be broken there.
UNBROKEN = re.compile(r" (?=[;:!?»])|(?<=«) ")
FILE = Path(__file__).with_name("texts.toml")

Word = Annotated[str, Field(min_length=1)]


class _Text(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    en: Word
    nl: Word
    fr: Word


class _File(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    page: dict[str, _Text]
    names: dict[str, dict[str, _Text]]
    phrases: list[_Text]


@dataclass(frozen=True, slots=True)
class Texts:
    """One language. `page`: what page.html names; `names`: kind of name -> what the gateway says -> its words.

    `phrases`: pairs of an English sentence of boards and gateway and its translation; `{name}` stands for what
    varies, and is the same in both.
    """

    page: dict[str, str]
    names: dict[str, dict[str, str]]
    phrases: list[tuple[str, str]]


def read(toml: str) -> dict[str, Texts]:
    """Return the texts by language; `ValueError` names the text that lacks one."""
    try:
        file = _File.model_validate(tomllib.loads(toml))
    except ValidationError as error:
        wrong = [".".join(str(key) for key in item["loc"]) for item in error.errors()]
        raise ValueError(f"texts.toml: {', '.join(wrong)}: every text needs {', '.join(LANGUAGES)}") from None
    return {language: _in_language(file, language) for language in LANGUAGES}


def load() -> dict[str, Texts]:
    """Return the texts of texts.toml by language."""
    return read(FILE.read_text(encoding="utf-8"))


def choose(asked: str | None, accepted: str) -> str:
    """Return the language for `?lang=asked` and the Accept-Language header `accepted`."""
    if asked in LANGUAGES:
        return asked
    best, weight = LANGUAGES[0], 0.0
    for entry in accepted.lower().split(","):
        match = re.fullmatch(r"\s*([a-z]{2})(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", entry)
        if match and match[1] in LANGUAGES and float(match[2] or 1) > weight:
            best, weight = match[1], float(match[2] or 1)
    return best


def _in_language(file: _File, language: str) -> Texts:
    def word(text: _Text) -> str:
        french = UNBROKEN.sub("\N{NO-BREAK SPACE}", text.fr)
        return {"en": text.en, "nl": text.nl, "fr": french}[language]

    return Texts(
        page={key: word(text) for key, text in file.page.items()},
        names={kind: {key: word(text) for key, text in names.items()} for kind, names in file.names.items()},
        phrases=[(text.en, word(text)) for text in file.phrases],
    )
