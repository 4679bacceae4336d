"""The mask of a camera: house fronts, windows and gardens are painted over before anything is made of its pictures.

Rules of this file
- A mask is polygons of (x, y) corners, parts of the picture's width and height from its upper left corner.
- A picture is decoded, filled and encoded again with the camera's own quantisation tables; nothing of the original
  goes along, neither its bytes nor what hides in its headers (a thumbnail, a comment).
- A picture that cannot be decoded cannot be masked: it is left out and counted, never kept as it was.
- Without a mask pictures stay byte for byte as the camera made them.
"""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, JpegImagePlugin

from gateway.clips.picture import TimedFrame

FILL = (96, 96, 96)  # grey: seen to be a mask, not taken for the night
Mask = tuple[tuple[tuple[float, float], ...], ...]


def burn_in(frames: Sequence[TimedFrame], mask: Mask) -> tuple[list[TimedFrame], int]:
    """Return `frames` with `mask` painted over them, and how many could not be decoded and were left out."""
    if not mask:
        return list(frames), 0
    painted = [(frame.time_us, paint(frame.jpeg, mask)) for frame in frames]
    kept = [TimedFrame(time_us, jpeg) for time_us, jpeg in painted if jpeg is not None]
    return kept, len(frames) - len(kept)


def paint(jpeg: bytes, mask: Mask) -> bytes | None:
    """Return `jpeg` with `mask` painted over it, encoded again; None when it cannot be decoded."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
            tables: dict[int, list[int]] = getattr(opened, "quantization", {})
            chroma = JpegImagePlugin.get_sampling(opened)
            image = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    image.info.clear()  # or its comment is written again
    draw = ImageDraw.Draw(image)
    for polygon in mask:
        draw.polygon(_corners(polygon, image.size), FILL)
    target = io.BytesIO()
    image.save(target, "JPEG", qtables=tables, subsampling=max(chroma, 0))
    return target.getvalue()


def _corners(polygon: Sequence[tuple[float, float]], size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return `polygon` in pixels of a picture of `size`, each corner rounded away from the polygon's middle.

    A mask covers what it touches: half a pixel too much rather than half a pixel of a window.
    """
    middle = [sum(corner[axis] for corner in polygon) / len(polygon) for axis in (0, 1)]
    return [
        (
            _outwards(corner[0] * size[0], middle[0] * size[0]),
            _outwards(corner[1] * size[1], middle[1] * size[1]),
        )
        for corner in polygon
    ]


def _outwards(at: float, middle: float) -> int:
    return math.floor(at) if at < middle else math.ceil(at)
