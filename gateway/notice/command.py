"""`stalenstraat notice`: from the configuration to the file."""

import sys
from enum import StrEnum
from pathlib import Path

from gateway.errors import ConfigError
from gateway.evidence.durably import replace_durably
from gateway.notice import facts as configured
from gateway.notice import page, sign, texts
from gateway.notice.facts import Facts
from gateway.notice.pdf import pdf
from gateway.notice.texts import Document, Language


class Kind(StrEnum):
    """What is made. ALL is what the public and the register get: sign, information, register entry."""

    ALL = "all"
    SIGN = "sign"
    INFORMATION = "information"
    REGISTER = "register"
    ASSESSMENT = "assessment"


def notice_and_write(language: Language, kind: Kind, out: Path, config: Path) -> int:
    """Make `kind` from the configuration and write it to `out`; its ending says in which form."""
    data = made(language, kind, out.suffix.lower(), configured.read(config))
    try:
        replace_durably(out, data)
    except OSError as error:
        raise ConfigError(
            f"{out}: cannot be written ({error.strerror}); give another file with --out"
        ) from None
    sys.stdout.write(f"{out}\n")
    return 0


def made(language: Language, kind: Kind, form: str, facts: Facts) -> bytes:
    """Return the file in the `form` ".svg", ".html" or ".pdf". `ConfigError` when that cannot be."""
    with_sign = kind in {Kind.ALL, Kind.SIGN}
    shapes = sign.drawing(lines(language, facts)) if with_sign else []
    if form == ".svg":
        if not with_sign:
            raise ConfigError(f"--kind {kind} is text; write it to an .html or a .pdf file")
        return sign.svg(shapes).encode()
    documents = _documents(language, kind, facts)
    title = (
        documents[0].title
        if documents
        else f"{facts.values['site']}: {texts.sign_text('law', language, facts)}"
    )
    if form == ".html":
        return page.html(language, title, sign.svg(shapes) if shapes else None, documents).encode()
    if form == ".pdf":
        return pdf(title, shapes, documents)
    raise ConfigError(f'--out: "{form}" is no form a notice can have; write .pdf, .html or .svg')


def lines(language: Language, facts: Facts) -> list[sign.Line]:
    """Return what stands on the sign."""
    values = facts.values
    said = [
        sign.Line(texts.sign_text("law", language, facts), 23, bold=True, whole=True),
        sign.Line(values["controller"], 17, bold=True),
    ]
    if values["represented_by"]:
        said.append(sign.Line(texts.sign_text("represented", language, facts), 11))
    said.append(sign.Line(f"{values['address']} · {values['contact']}", 12))
    said.append(sign.Line(texts.sign_text("officer", language, facts), 12))
    said.append(sign.Line(texts.sign_text("website", language, facts), 12))
    what = "clips" if "clips" in facts.holds else "no_clips"
    said.append(sign.Line(texts.sign_text(what, language, facts), 12, bold=True))
    return said


def _documents(language: Language, kind: Kind, facts: Facts) -> list[Document]:
    if kind is Kind.ALL:
        return [texts.document("information", language, facts), texts.document("register", language, facts)]
    return [] if kind is Kind.SIGN else [texts.document(kind.value, language, facts)]
