"""Sign and documents as PDF: the sign at its true size on a page of its own, the documents on A4.

Rules of this file
- The typeface is embedded; a letter that it lacks is an error, not an empty box.
- No time of making is in the file: the same configuration gives the same bytes.
"""

import io
from collections.abc import Sequence
from html import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)

from gateway.notice import lettering, sign
from gateway.notice.texts import Document

MARGIN = 19 * mm
TRUE_SIZE = (sign.WIDTH * mm, sign.HEIGHT * mm)


def pdf(title: str, shapes: Sequence[sign.Shape], documents: Sequence[Document]) -> bytes:
    """Return the file: the sign, if it has `shapes`, then each of `documents` on pages of its own."""

    def draw(canvas: Canvas, _: BaseDocTemplate) -> None:
        for shape in shapes:
            _draw(canvas, shape)

    target = io.BytesIO()
    made = BaseDocTemplate(target, title=title, invariant=1)
    a4 = PageTemplate("text", [Frame(MARGIN, MARGIN, A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN)], pagesize=A4)
    whole = PageTemplate("sign", [Frame(0, 0, *TRUE_SIZE)], onPage=draw, pagesize=TRUE_SIZE)
    made.addPageTemplates([whole, a4] if shapes else [a4])
    pages: list[list[Flowable]] = [[Spacer(1, 1), NextPageTemplate("text")]] if shapes else []
    pages += [_written(each) for each in documents]
    made.build(
        [
            flowable
            for number, page in enumerate(pages)
            for flowable in ([PageBreak()] if number else []) + page
        ]
    )
    return target.getvalue()


def _draw(canvas: Canvas, shape: sign.Shape) -> None:
    """Draw `shape`; a PDF counts from the lower left corner."""
    if isinstance(shape, sign.Text):
        lettering.check(shape.text)
        canvas.setFillColor(HexColor(sign.BLACK))
        canvas.setFont(lettering.name(bold=shape.bold), shape.size * mm)
        canvas.drawCentredString(shape.x * mm, (sign.HEIGHT - shape.y) * mm, shape.text)
        return
    canvas.setFillColor(HexColor(shape.fill))
    canvas.setStrokeColor(HexColor(sign.BLACK))
    canvas.setLineWidth(shape.stroke * mm)
    canvas.setLineJoin(1)
    stroke = int(shape.stroke > 0)
    if isinstance(shape, sign.Rectangle):
        lower = (sign.HEIGHT - shape.y - shape.height) * mm
        canvas.roundRect(
            shape.x * mm, lower, shape.width * mm, shape.height * mm, shape.radius * mm, stroke=stroke, fill=1
        )
    else:
        path = canvas.beginPath()
        (x, y), *others = shape.corners
        path.moveTo(x * mm, (sign.HEIGHT - y) * mm)
        for x, y in others:
            path.lineTo(x * mm, (sign.HEIGHT - y) * mm)
        path.close()
        canvas.drawPath(path, stroke=stroke, fill=1)


def _written(document: Document) -> list[Flowable]:
    """Return `document` as paragraphs; a heading stays with what follows it."""
    plain, bold = lettering.name(), lettering.name(bold=True)
    title = ParagraphStyle("title", fontName=bold, fontSize=16, leading=20, spaceAfter=10)
    heading = ParagraphStyle(
        "heading", fontName=bold, fontSize=10.5, leading=13.5, spaceBefore=8, spaceAfter=2
    )
    body = ParagraphStyle("body", fontName=plain, fontSize=9.5, leading=12.8, spaceAfter=2.5)
    small = ParagraphStyle("small", fontName=plain, fontSize=7.5, leading=10, spaceBefore=12)
    written: list[Flowable] = [_paragraph(document.title, title)]
    for head, (first, *others) in document.parts:
        written.append(KeepTogether([_paragraph(head, heading), _paragraph(first, body)]))
        written += [_paragraph(text, body) for text in others]
    return [*written, _paragraph(document.made, small)]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    lettering.check(text)
    return Paragraph(escape(text), style)
