"""The sign in a real Chromium, with the typefaces of this machine: what is written stays on its panel."""

from pathlib import Path

import pytest

import gateway.config
from gateway.notice import facts, sign
from gateway.notice.command import Kind, made
from gateway.notice.texts import Language
from tests.browser.chromium import PROGRAM, chromium

EXAMPLE = Path(gateway.config.__file__).with_name("site.example.toml")
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "en")
# In millimetres of the sign, whatever size it is shown in.
LINES = """
[...document.querySelectorAll('svg text')].map(each => each.getBBox()).map(box => [box.x, box.y, box.width, box.height])
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(90),
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine: apt install chromium"),
]


async def test_every_line_of_the_sign_stays_on_its_panel_and_nothing_hangs_over_a_phone(
    tmp_path: Path,
) -> None:
    """In each language, on a page of 360 pixels: the letters that this machine has are no wider than was reckoned."""
    known = facts.read(EXAMPLE)
    x, y, width, height = sign.PANEL
    async with chromium(tmp_path) as browser, browser.tab() as tab:
        for language in LANGUAGES:
            page = tmp_path / f"{language}.html"
            page.write_bytes(made(language, Kind.ALL, ".html", known))
            await tab.open(page.as_uri(), width=360, height=740, phone=True)
            boxes = await tab.js(LINES)

            assert len(boxes) >= 6
            for left, top, wide, high in boxes:
                assert x < left
                assert left + wide < x + width
                assert y < top
                assert top + high < y + height
            assert await tab.js("document.documentElement.scrollWidth") <= 360
            assert await tab.js("document.documentElement.lang") == language
        assert [] == tab.problems
