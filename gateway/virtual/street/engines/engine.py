"""What is particular of an engine and its exhaust: the numbers the sound follows from.

Lengths in metres, times in seconds, speeds in turns per minute. Strengths are parts of the exhaust's own.
"""

from dataclasses import dataclass

from gateway.virtual.street.engines.layout import Layout


@dataclass(frozen=True, slots=True)
class Exhaust:
    """The way out: headers of the cylinders, the pipe behind them, and a silencer or none.

    `reflects` is how much of a wave the open end throws back at low frequency, `junction` how much the collector.
    `radiates_hz` is up to where the mouth radiates the change of the flow rather than the flow.
    `silencer_hz` is the corner of the silencer's low-pass, 0 without one; `silencer_m` the length of its chamber.
    `chamber_hz` is the resonance of a two-stroke's expansion chamber, 0 without one.
    Above `dull_hz` walls and wads swallow more and more; `blur` is how much chambers and body answer against the
    direct wave, within `blur_s`. `second_pipe` is the second pipe's length in parts of the first's.
    `gas_m_s` is the speed of sound in the hot gas. `jet_hz` is where the outflow hisses most, `jet` how strongly.
    """

    headers_m: tuple[float, ...]
    pipe_m: float
    reflects: float
    junction: float
    radiates_hz: float
    jet: float
    jet_hz: float
    gas_m_s: float = 520.0
    silencer_hz: float = 0.0
    silencer_order: int = 1
    silencer_m: float = 0.4
    chamber_hz: float = 0.0
    steepening_s: float = 0.0
    second_pipe: float = 1.0
    dull_hz: float = 4000.0
    blur: float = 0.8
    blur_s: float = 0.002


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine: its layout, its cylinders' strengths, its speed range, and what else sounds on it.

    `front_s` is the rise of a pulse under full load, `blowdown_deg` how long the cylinder empties, in degrees of
    crank. `scatter` is of the strength from cycle to cycle, `jitter_deg` of the moment, `misfires` their share.
    `closed` is the strength of a pulse with the throttle shut. `spin_s` is the time from idle to the highest speed
    out of gear at full throttle, `fall_s` back. `four_strokes`: a two-stroke that fires irregularly at part load.
    """

    family: str
    layout: Layout
    exhaust: Exhaust
    strengths: tuple[float, ...]
    idle_rpm: float
    top_rpm: float
    spin_s: float
    fall_s: float
    front_s: float = 0.0003
    blowdown_deg: float = 60.0
    scatter: float = 0.1
    jitter_deg: float = 1.5
    misfires: float = 0.0
    closed: float = 0.2
    intake: float = 0.2
    intake_hz: float = 150.0
    rattle: float = 0.05
    rattle_hz: float = 2500.0
    whine: float = 0.0
    whine_order: float = 30.0
    pops_per_s: float = 0.0
    lope: float = 0.02
    four_strokes: bool = False

    def firing_hz(self, rpm: float) -> float:
        """Return the firings of all cylinders per second at `rpm`."""
        return rpm / 60.0 * len(self.layout.angles) / self.layout.turns
