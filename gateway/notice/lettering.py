"""The letters of the sign and of the PDFs: one typeface, embedded, in two weights.

Rules of this file
- Bitstream Vera comes with reportlab and may be given on; a printer of signs needs it embedded in the PDF.
- SVG and HTML name it and what resembles it. All of these are at most as wide, so that what fits here fits there.
"""

from functools import cache
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from gateway.errors import ConfigError

FAMILY = "'Bitstream Vera Sans', 'DejaVu Sans', Verdana, Arial, sans-serif"
PLAIN, BOLD = "Vera", "VeraBd"


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide `text` is, in the unit of `size`."""
    return _font(BOLD if bold else PLAIN).stringWidth(text, size)


def name(*, bold: bool = False) -> str:
    """Return the name under which reportlab knows the typeface."""
    found = BOLD if bold else PLAIN
    _font(found)
    return found


def check(text: str) -> None:
    """Raise `ConfigError` when a letter of `text` is not in the typeface: it would be an empty box on paper."""
    letters = _font(PLAIN).face.charToGlyph
    lacking = sorted({letter for letter in text if ord(letter) not in letters and not letter.isspace()})
    if lacking:
        raise ConfigError(
            f'a PDF cannot show {", ".join(lacking)} of "{text}"; write it in other letters, or make .svg or .html'
        )


@cache
def _font(named: str) -> TTFont:
    font = TTFont(named, Path(reportlab.__file__).parent / "fonts" / f"{named}.ttf")
    pdfmetrics.registerFont(font)
    return font
