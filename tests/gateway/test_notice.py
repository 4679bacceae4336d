"""`stalenstraat notice`: what it says is what is configured, in three languages, and it fits."""

import itertools
import re
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyrage
import pytest

import gateway.config
from gateway.config import check
from gateway.errors import ConfigError
from gateway.notice import facts as configured
from gateway.notice import lettering, sign, texts
from gateway.notice.command import Kind, lines, made
from gateway.notice.facts import Facts
from gateway.notice.texts import Language

EXAMPLE = Path(gateway.config.__file__).with_name("site.example.toml")
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "en")
KINDS = ("information", "register", "assessment")
KEY = str(pyrage.x25519.Identity.generate().to_public())
# What the law itself counts, and what of the program is a constant; every other figure is of the configuration.
LAWFUL = {
    "21", "2007", "6", "1", "5", "9", "0.60", "0.40", "0,60", "0,40", "35", "1000", "125", "22", "2025", "7", "8", "2",
    "3", "4",
}  # fmt: skip


def facts(**sections: dict[str, Any]) -> Facts:
    """Return the facts of the example configuration with `sections` changed; a key of value None is taken out."""
    values = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name, changed in sections.items():
        section = values["cameras"][0] if name == "camera" else values.setdefault(name, {})
        for key, value in changed.items():
            if value is None:
                section.pop(key, None)
            else:
                section[key] = value
    return configured.of(check(values), "0123456789abcdef")


def said(kind: str, language: Language, known: Facts) -> str:
    """Return all that a document says."""
    document = texts.document(kind, language, known)  # pyright: ignore[reportArgumentType]
    return "\n".join([document.title, *(text for head, body in document.parts for text in (head, *body))])


def on_sign(language: Language, known: Facts) -> str:
    """Return what stands on the sign, its lines joined."""
    root = ET.fromstring(made(language, Kind.SIGN, ".svg", known))  # noqa: S314  made by us, a line above
    return " ".join(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_has_what_the_royal_decree_asks_for(language: Language) -> None:
    """The act by name, the controller and its representative, address, contact, officer, website, 0.60 x 0.40 m."""
    known = facts()
    text = on_sign(language, known).replace("\N{NO-BREAK SPACE}", " ")
    law = {
        "nl": "Camerabewaking \N{EN DASH} Wet van 21 maart 2007",
        "fr": "Surveillance par caméra \N{EN DASH} Loi du 21 mars 2007",
        "en": "Camera surveillance \N{EN DASH} Act of 21 March 2007",
    }
    svg = made(language, Kind.SIGN, ".svg", known).decode()

    assert text.startswith(law[language])
    for value in ("controller", "represented_by", "address", "contact", "officer", "website"):
        assert known.values[value] in text
    assert 'width="600mm" height="400mm" viewBox="0 0 600 400"' in svg


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figures_on_the_sign_are_those_of_the_configuration(language: Language) -> None:
    """Another term of deletion is another figure on the sign, and the only figures are those."""
    for days in (1, 14, 30):
        text = on_sign(language, facts(store={"retention_days": days}))
        claim = text.split("stalenstraat ")[-1]

        assert {"10", str(days)} == set(re.findall(r"\d+", claim))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", ["observe", "dialogue"])
def test_where_no_clip_can_come_into_being_nothing_speaks_of_one_being_kept(
    mode: str, language: Language
) -> None:
    """The sign says that nothing is kept, the register has neither recipients nor a term, no text says seconds."""
    known = facts(clips={"mode": mode})
    word = {"nl": "seconden", "fr": "secondes", "en": "seconds"}[language]
    kept = {"nl": "er worden geen beelden en geen geluid bewaard", "fr": "aucune image", "en": "no sound"}[
        language
    ]

    assert kept in on_sign(language, known)
    assert f"10 {word}" not in said("register", language, known) + on_sign(language, known)
    assert known.values["days"] not in said("information", language, known)
    assert ("afficheur" in said("information", "fr", known)) == (mode == "dialogue")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("section", "values", "figures"),
    [
        ("store", {"retention_days": 13}, ["13"]),
        ("store", {"retention_days_by_behaviour": {"idling": 11}}, ["11"]),
        ("clips", {"max_per_hour": 17, "max_per_day": 97}, ["17", "97"]),
        ("clips", {"hours": ["mo-fr 22:15-05:45"]}, ["22:15", "05:45"]),
    ],
)
def test_a_figure_that_is_configured_is_the_figure_that_is_said(
    section: str, values: dict[str, Any], figures: list[str], kind: str, language: Language
) -> None:
    """In every document and language."""
    before, after = said(kind, language, facts()), said(kind, language, facts(**{section: values}))

    for figure in figures:
        assert figure in after
        assert figure not in before


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("evidence", {"recipients": [KEY]}),
        ("camera", {"mask": [[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]]}),
        ("view", {"speech": "attenuated"}),
        ("clips", {"mode": "observe"}),
    ],
)
def test_a_protection_that_is_switched_on_or_off_changes_what_is_said(
    section: str, values: dict[str, Any], kind: str, language: Language
) -> None:
    """Encryption, mask, speech and mode: no text is the same with and without, so none can contradict them."""
    assert said(kind, language, facts()) != said(kind, language, facts(**{section: values}))


@pytest.mark.parametrize("kind", KINDS)
def test_the_texts_themselves_hold_no_figure_that_could_be_configured(kind: str) -> None:
    """Days, seconds, counts and hours come from facts.py; what stands in the words is the law's."""
    words = texts.load()
    document = {
        "information": words.information,
        "register": words.register_,
        "assessment": words.assessment,
    }[kind]
    for part in document.part:
        for text, language in itertools.product((part.heading, *part.text), LANGUAGES):
            figures = set(re.findall(r"\d+(?:[.,]\d+)?", text.said(language)))
            assert figures <= LAWFUL, text.said(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_said_and_every_condition_is_a_fact(language: Language) -> None:
    """Each {name} and each `when` is one that facts.py has: with all facts so, and with none."""
    known = facts()
    every = frozenset(
        name.removeprefix("!")
        for document in (texts.load().information, texts.load().register_, texts.load().assessment)
        for part in document.part
        for text in part.text
        for name in filter(None, text.when.split(","))
    )
    possible = {
        "clips",
        "display",
        "hours",
        "sooner",
        "masked",
        "attenuated",
        "encrypted",
        "delivered",
        "learning",
        "proved",
    }

    assert every <= possible
    for holds in (every, frozenset[str]()):
        for kind in KINDS:
            assert "{" not in said(kind, language, Facts(known.values, holds, {}))


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        (["name"], "controller.name"),
        (["address", "website"], "controller.address, controller.website"),
        (["email", "phone"], "controller.email (or controller.phone)"),
        (["data_protection_officer"], "controller.data_protection_officer"),
    ],
)
def test_without_its_particulars_there_is_no_sign_and_the_keys_are_named(
    taken: list[str], named: str
) -> None:
    """One line with what to write where."""
    with pytest.raises(ConfigError, match=re.escape(named)):
        facts(controller=dict.fromkeys(taken))


def test_one_way_to_be_reached_is_enough_and_what_only_the_city_knows_is_a_marked_gap() -> None:
    """The advice of the council may come later: the register says which key is to be filled in."""
    known = facts(controller={"phone": None, "council_advice": None})

    assert "controller.council_advice" in said("register", "nl", known)
    assert "[" not in said("register", "nl", facts())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("length", [1, 40, 90])
def test_what_is_written_stays_within_its_panel(language: Language, length: int) -> None:
    """Of short and of long particulars no line is wider than the panel or stands outside of it."""
    long = " ".join(["gemeentebestuur"] * 20)[:length]
    known = facts(controller={"name": long, "represented_by": long, "address": long})
    _, y, width, height = sign.PANEL
    written = [shape for shape in sign.drawing(lines(language, known)) if isinstance(shape, sign.Text)]

    for line in written:
        assert lettering.width(line.text, line.size, bold=line.bold) <= width
        assert y + line.size * 0.7 < line.y < y + height - line.size * 0.25
    assert min(line.size for line in written) >= 5.5


def test_particulars_that_cannot_be_read_any_more_are_an_error() -> None:
    """An address on the web that no line can hold in letters of six millimetres needs a shorter one."""
    with pytest.raises(ConfigError, match="do not fit on the sign"):
        made("nl", Kind.SIGN, ".svg", facts(controller={"website": "https://example.org/" + "w" * 150}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_with_signs_of_xml_do_no_harm(language: Language) -> None:
    """They stand there as they are, in each form."""
    known = facts(controller={"name": 'Stad <b>"A & B"</b>'})

    assert 'Stad <b>"A & B"</b>' in on_sign(language, known)
    assert "<b>" not in made(language, Kind.ALL, ".html", known).decode()
    assert made(language, Kind.ALL, ".pdf", known).startswith(b"%PDF-")


def test_the_pdf_has_the_sign_at_its_true_size_its_letters_with_it_and_is_the_same_again() -> None:
    """600 x 400 mm, then A4; both weights of the typeface are embedded; no time of making."""
    known = facts()
    data = made("nl", Kind.ALL, ".pdf", known)
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)

    assert [round(float(side) / 72 * 25.4) for side in boxes[0]] == [600, 400]
    assert {tuple(round(float(side) / 72 * 25.4) for side in box) for box in boxes[1:]} == {(210, 297)}
    assert data.count(b"/FontFile2") == 2
    assert data == made("nl", Kind.ALL, ".pdf", known)
    assert zlib.crc32(data) != zlib.crc32(made("fr", Kind.ALL, ".pdf", known))


def test_a_letter_that_the_typeface_lacks_is_an_error_of_the_pdf_alone() -> None:
    """An empty box on aluminium helps nobody; SVG and HTML take the letters of whoever shows them."""
    known = facts(controller={"name": "Gemeente \N{CJK UNIFIED IDEOGRAPH-57CE}"})

    assert "\N{CJK UNIFIED IDEOGRAPH-57CE}" in made("nl", Kind.ALL, ".html", known).decode()
    with pytest.raises(ConfigError, match="a PDF cannot show"):
        made("nl", Kind.ALL, ".pdf", known)


def test_the_page_stands_alone_and_names_its_language() -> None:
    """No script, nothing loaded from elsewhere."""
    html = made("fr", Kind.ALL, ".html", facts()).decode()

    assert '<html lang="fr">' in html
    assert "<script" not in html
    assert not re.search(r'(src|href)="', html)


@pytest.mark.parametrize(("kind", "form"), [(Kind.REGISTER, ".svg"), (Kind.ALL, ".docx"), (Kind.SIGN, "")])
def test_a_form_that_cannot_be_made_is_said(kind: Kind, form: str) -> None:
    """With the forms that can."""
    with pytest.raises(ConfigError, match=r"\.html"):
        made("nl", kind, form, facts())


def test_the_command_writes_the_file_and_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    """Exit code 0 with the file there; without [controller] one line on standard error and no file."""
    program = Path(sys.executable).with_name("stalenstraat")
    bare = tmp_path / "bare.toml"
    bare.write_text(EXAMPLE.read_text(encoding="utf-8").split("[controller]")[0], encoding="utf-8")
    done = [
        subprocess.run(
            [program, "notice", "--lang", "en", "--config", config, "--out", tmp_path / f"{config.stem}.svg"],
            capture_output=True,
            text=True,
            check=False,
        )
        for config in (EXAMPLE, bare)
    ]

    assert [each.returncode == 0 for each in done] == [True, False]
    assert (tmp_path / "site.example.svg").read_text(encoding="utf-8").startswith("<svg ")
    assert len(done[1].stderr.strip().split("\n")) == 1
    assert "controller.name" in done[1].stderr
    assert not (tmp_path / "bare.svg").exists()
