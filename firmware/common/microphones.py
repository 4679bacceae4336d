"""Types of microphone: what their data sheets say, for the settings (`microphone`) and the self-check.

- ICS-43434: TDK InvenSense DS-000069 revision 1.2, tables 2 and 4, figure 4. I2S.
- INMP441: InvenSense DS-INMP441-00 revision 1.1, tables 1 and 7, figures 4 and 5. I2S.
- IM72D128: Infineon data sheet IM72D128V01 revision 1.01, table 3, figure 2. PDM: between it and the I2S pins of a
  board stands a converter (ADAU7002 or the like), whose gain must be 1 for `full_scale_db` to hold.

firmware/sensor/correction.py makes their typical responses flat; "flat" is any other microphone, not corrected.
"""

FLAT = "flat"


class Kind:
    """A type of microphone.

    `full_scale_db`: level of a sine that just fits, 94 dB less the sensitivity in dBFS; `overload_db`: acoustic
    overload point, 10 % distortion (INMP441: maximum acoustic input); `noise_dba`: equivalent input noise in dB(A);
    `tolerance_db`: of the sensitivity, from part to part; `low_hz`: -3 dB; `high_hz`, `high_db`: how far the typical
    response is from that at 1 kHz near its upper end.
    """

    def __init__(
        self,
        full_scale_db: float,
        overload_db: float,
        noise_dba: float,
        tolerance_db: float,
        low_hz: float,
        high: tuple[float, float],
    ) -> None:
        self.full_scale_db = full_scale_db
        self.overload_db = overload_db
        self.noise_dba = noise_dba
        self.tolerance_db = tolerance_db
        self.low_hz = low_hz
        self.high_hz, self.high_db = high


MICROPHONES = {
    "ICS-43434": Kind(120.0, 120.0, 29.0, 1.0, 60.0, (20000.0, 11.4)),
    "INMP441": Kind(120.0, 120.0, 33.0, 3.0, 60.0, (15000.0, -3.0)),
    "IM72D128": Kind(130.0, 128.0, 22.0, 1.0, 20.0, (19000.0, 3.0)),
}
FLAT_FULL_SCALE_DB = 120.0  # -26 dBFS at 94 dB: most digital MEMS microphones
QUIETEST_NOISE_DBA = 22.0  # any other type may be as quiet as the quietest
