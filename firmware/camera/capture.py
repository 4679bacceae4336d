"""The camera sensor. Hardware only: opens it as `settings.json` says and takes JPEG frames."""

from camera import Camera, FrameSize, PixelFormat

from firmware.common.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json

SIZES: "dict[tuple[int, ...], str]" = {
    (640, 480): "VGA",
    (800, 600): "SVGA",
    (1024, 768): "XGA",
    (1280, 720): "HD",
}


class Capture:
    """`settings` gives size [width, height], quality 1..100 and the sensor's pins."""

    def __init__(self, settings: Settings) -> None:
        size = tuple(settings.size)
        if size not in SIZES:
            raise ValueError("size: must be one of %s, not %s" % (sorted(SIZES), settings.size))
        pins: Json = {name: value for name, value in settings.pins.items() if name not in ("arm", "keep")}
        self._camera = Camera(
            pixel_format=PixelFormat.JPEG,
            frame_size=getattr(FrameSize, SIZES[size]),
            jpeg_quality=settings.quality,
            fb_count=2,
            **pins,
        )

    def ready(self) -> bool:
        """Return whether `frame` would return at once."""
        return self._camera.frame_available()

    def frame(self) -> memoryview | None:
        """Wait for the next frame; return its JPEG bytes, valid until the next call, or None."""
        return self._camera.capture()
