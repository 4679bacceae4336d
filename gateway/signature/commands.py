"""`stalenstraat signature` and `stalenstraat record`: the commands, as gateway/cli.py has them for the others.

Rules of this file
- A command reads its options and calls one function; imports are inside: `--help` answers at once.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from gateway.options import Interpreter

app = App(name="signature", help="The audio signature of a loud exhaust.")
recording = App(name="record", help="Sounds with a label, for a city's own signature.")


@app.command
def evaluate(  # noqa: PLR0913  the command's options are the contract of docs/
    *,
    manifest: Path | None = None,
    simulated: int = 0,
    level_dba: float = 85.0,
    threshold_dba: float = 82.0,
    street: Path | None = None,
    folds: int = 0,
    learnt: int = 1200,
    model: Path | None = None,
    plot: Path | None = None,
    json: Path | None = None,
    interpreter: Interpreter = None,
) -> int:
    """Play labelled sounds to the real firmware and say which of them trigger; docs/signature.md explains the figures.

    Parameters
    ----------
    manifest
        CSV with at least the columns file, label (positive or negative) and class.
    simulated
        How many events of the street simulator, of engines and streets that no model has learnt from, to judge too.
    level_dba
        Level of each sound at the microphone, as LAFmax in dB(A), in a street of 60 dB(A).
    threshold_dba
        The trigger's level threshold.
    street
        CSV with a day of a street: class, label, lafmax_median_db, lafmax_sd_db, events_per_day. Adds the yield.
    folds
        Learn so many models, each without a part of the sources, and judge every recording by the one that never
        heard its source. 0: judge all by one model.
    learnt
        With folds: how many events of the simulator each model learns from as well.
    model
        Judge by this model file; default: the one in the firmware.
    plot
        Also play the positives at seven signal-to-noise ratios, and draw the recall into this PNG.
    json
        Also write the figures to this file.
    """
    from gateway.signature.evaluate import Options, evaluate_and_print

    return evaluate_and_print(
        Options(
            manifest=manifest,
            simulated=simulated,
            level_dba=level_dba,
            threshold_dba=threshold_dba,
            street=street,
            folds=folds,
            learnt=learnt,
            model=model,
            plot=plot,
            json=json,
            program=interpreter,
        )
    )


@app.command
def learn(
    *,
    manifest: Path,
    out: Path,
    name: str = "own",
    version: str = "1",
    simulated: int = 1200,
    interpreter: Interpreter = None,
) -> int:
    """Learn a model from labelled recordings, variants of them and simulated events; docs/signature.md shows how.

    Parameters
    ----------
    manifest
        CSV with at least the columns file, label (positive or negative) and class.
    out
        The model file to write.
    name
        The model's name, as clips and boards say it.
    version
        Its version.
    simulated
        How many events of the street simulator to learn from as well.
    """
    from gateway.signature.learn import Options, learn_and_write

    return learn_and_write(Options(manifest, out, name, version, simulated, interpreter))


@app.command
def explain(
    sound: Path,
    *,
    out: Path = Path("explained.png"),
    level_dba: float = 85.0,
    threshold_dba: float = 82.0,
    model: Path | None = None,
    interpreter: Interpreter = None,
) -> int:
    """Play one recording to the real firmware and draw what it heard, followed, weighed and decided.

    Parameters
    ----------
    sound
        The recording, of any rate and channel count.
    out
        The PNG to write.
    level_dba
        Its level at the microphone, as LAFmax in dB(A), in a street of 60 dB(A).
    threshold_dba
        The trigger's level threshold.
    model
        Judge by this model file; default: the one in the firmware.
    """
    from gateway.signature.explain import Options, explain_and_draw

    return explain_and_draw(Options(sound, out, level_dba, threshold_dba, model, interpreter))


@app.command
def sign(model: Path, *, key: Path) -> int:
    """Sign a model file with a private key: whoever does answers for what is recorded in the street.

    Parameters
    ----------
    model
        The model file; its second line becomes the signature.
    key
        An Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` writes it.
    """
    from gateway.signature.showing import sign_and_print

    return sign_and_print(model, key)


@app.command
def show(model: Path, *, config: Path | None = None) -> int:
    """Say what a model file is: name, version, hash, features, threshold, training, and who signed it.

    Exit code 0: signed and unchanged since (and, with --config, by a trusted key); 1: not.

    Parameters
    ----------
    model
        The model file.
    config
        The site's TOML file: also say whether its key is trusted there.
    """
    from gateway.signature.showing import show_and_print

    return show_and_print(model, config)


@app.command
def load(model: Path, *, board: str, config: Path, who: str, reason: str) -> int:
    """Give a board a signed model to decide by; the gateway must not run meanwhile. docs/own-signature.md shows how.

    Parameters
    ----------
    model
        The signed model file.
    board
        The port of the sensor: id:SERIAL, or a path.
    config
        The site's TOML file: whose signatures are trusted, and where the audit log is.
    who
        Who does this, for the audit log.
    reason
        Why, for the audit log.
    """
    from gateway.signature.carrying import Options, carry_and_print

    return carry_and_print(Options(board, config, who, reason, model))


@app.command
def rollback(*, board: str, config: Path, who: str, reason: str) -> int:
    """Make a board decide by the model before the one it has; the gateway must not run meanwhile.

    Parameters
    ----------
    board
        The port of the sensor: id:SERIAL, or a path.
    config
        The site's TOML file: where the audit log is.
    who
        Who does this, for the audit log.
    reason
        Why, for the audit log.
    """
    from gateway.signature.carrying import Options, carry_and_print

    return carry_and_print(Options(board, config, who, reason))


@recording.default
def record(  # noqa: PLR0913  the command's options are the contract of docs/
    *,
    config: Path,
    sensor: str,
    label: str,
    class_: Annotated[str, Parameter(name="--class")],
    minutes: float,
    out: Path,
    who: str,
    reason: str,
) -> int:
    """Hold a supervised session on site: for so many minutes every loud sound becomes a recording with a label.

    It is in the audit log, ends by itself, makes no pictures and no evidence; docs/own-signature.md shows how. The
    gateway must not run meanwhile.

    Parameters
    ----------
    config
        The site's TOML file.
    sensor
        The id of the microphone board, as the file has it.
    label
        positive (driven for noise) or negative: what passes while this session lasts.
    class_
        What it is: motorcycle, moped, quad, bus, mower ...
    minutes
        How long, at most 60.
    out
        The folder for the recordings and their manifest.csv; they are deleted after 30 days.
    who
        Who holds the session, for the audit log.
    reason
        Why, for the audit log.
    """
    from gateway.signature.record import Options, record_and_print

    return record_and_print(Options(config, sensor, label, class_, minutes, out, who, reason))


@recording.command
def forget(folder: Path) -> int:
    """Delete the recordings of labelled sessions in a folder that have expired; the running gateway does so by itself.

    Parameters
    ----------
    folder
        The --out of a session, wherever it is now.
    """
    from gateway.signature.record import forget_and_print

    return forget_and_print(folder)
