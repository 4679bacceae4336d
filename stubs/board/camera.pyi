"""The `camera` module of micropython-camera-API, as far as firmware/camera uses it."""

class FrameSize:
    """Frame sizes, passed as `frame_size=`."""

    QVGA: int  # 320 x 240
    CIF: int  # 400 x 296
    VGA: int  # 640 x 480
    SVGA: int  # 800 x 600
    XGA: int  # 1024 x 768
    HD: int  # 1280 x 720
    SXGA: int  # 1280 x 1024
    UXGA: int  # 1600 x 1200

class PixelFormat:
    """Pixel formats, passed as `pixel_format=`."""

    JPEG: int
    RGB565: int
    GRAYSCALE: int

class GrabMode:
    """Which frame `capture` gives: the oldest that waits, or the latest."""

    WHEN_EMPTY: int
    LATEST: int

class Camera:
    """One OV2640 or OV5640; the pins are those of the board's image when not given."""

    def __init__(
        self,
        *,
        data_pins: list[int] | None = None,
        pclk_pin: int | None = None,
        vsync_pin: int | None = None,
        href_pin: int | None = None,
        sda_pin: int | None = None,
        scl_pin: int | None = None,
        xclk_pin: int | None = None,
        xclk_freq: int = 20_000_000,
        powerdown_pin: int = -1,
        reset_pin: int = -1,
        pixel_format: int = ...,
        frame_size: int = ...,
        jpeg_quality: int = 85,
        fb_count: int = 1,
        grab_mode: int = ...,
        init: bool = True,
    ) -> None: ...
    quality: int
    hmirror: bool
    vflip: bool
    @property
    def sensor_name(self) -> str: ...
    @property
    def pixel_width(self) -> int: ...
    @property
    def pixel_height(self) -> int: ...
    def init(self) -> None: ...
    def deinit(self) -> None: ...
    def frame_available(self) -> bool: ...
    def capture(self) -> memoryview | None:
        """Return the frame; the view is valid until the next call. None when the driver timed out."""

    def free_buffer(self) -> None: ...
