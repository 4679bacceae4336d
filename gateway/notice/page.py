"""Sign and documents as one HTML page that stands alone: no script, nothing loaded from elsewhere."""

from collections.abc import Sequence
from html import escape

from gateway.notice import lettering
from gateway.notice.texts import Document, Language

STYLE = f"""
body {{ font-family: {lettering.FAMILY}; line-height: 1.5; color: #111; background: #fff; margin: 0; }}
main {{ max-width: 44rem; margin: 0 auto; padding: 1rem; }}
svg {{ width: 100%; height: auto; display: block; }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 2.5rem 0 1rem; }}
h2 {{ font-size: 1.05rem; margin: 1.4rem 0 0.2rem; }}
p {{ margin: 0.3rem 0; overflow-wrap: anywhere; }}
footer {{ font-size: 0.8rem; color: #444; margin-top: 1.5rem; }}
@media print {{ article {{ break-before: page; }} }}
"""


def html(language: Language, title: str, sign_svg: str | None, documents: Sequence[Document]) -> str:
    """Return the page: the sign, if any, and `documents` below it."""
    body = [] if sign_svg is None else [sign_svg]
    for each in documents:
        parts = "".join(
            f"<h2>{escape(heading)}</h2>\n" + "".join(f"<p>{escape(text)}</p>\n" for text in texts)
            for heading, texts in each.parts
        )
        body.append(
            f"<article>\n<h1>{escape(each.title)}</h1>\n{parts}<footer>{escape(each.made)}</footer>\n</article>\n"
        )
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{''.join(body)}</main>\n"
        "</body>\n</html>\n"
    )
