"""`stalenstraat keys`: the key that signs a cabinet's packages, shown, made and renewed.

Rules of this file
- The private key is never printed. What changes it says who and why, in the audit log, before it is done.
"""

import getpass
import sys
from pathlib import Path

from cyclopts import App

MADE = "signing key made"
RENEWED = "signing key renewed"

app = App(name="keys", help="The key that signs the packages of this cabinet.")


@app.command
def show(*, config: Path) -> int:
    """Print the public key, and the keys it was handed over from.

    Parameters
    ----------
    config
        The site's TOML file.
    """
    from gateway.config import load
    from gateway.evidence import signer

    found = signer.read(signer.path_of(load(config)))
    for each in found.handovers:
        sys.stdout.write(f"until {each.time}: {each.old}\n")
    sys.stdout.write(f"{found.public}\n")
    return 0


@app.command
def create(*, config: Path, reason: str, who: str = "") -> int:
    """Make a key where there is none; a gateway does so itself at its first start.

    Parameters
    ----------
    config
        The site's TOML file.
    reason
        Why; it is kept in the audit log.
    who
        Who asks; default: the name of the account.
    """
    return _change(MADE, config, who, reason)


@app.command
def rotate(*, config: Path, reason: str, who: str = "") -> int:
    """Replace the key by a new one, which the old one signs; restart the gateway then.

    Whoever knows the old public key can check the packages that are signed with the new one.

    Parameters
    ----------
    config
        The site's TOML file.
    reason
        Why; it is kept in the audit log.
    who
        Who asks; default: the name of the account.
    """
    return _change(RENEWED, config, who, reason)


def _change(what: str, config_path: Path, who: str, reason: str) -> int:
    from gateway.config import load
    from gateway.evidence import signer
    from gateway.store.audit import Audit
    from gateway.timing import SystemClock, iso_utc

    config = load(config_path)
    path = signer.path_of(config)
    now_ns = SystemClock().wall_ns()
    made = signer.renewed(path, iso_utc(now_ns)) if what == RENEWED else signer.new(path)
    Audit(config.store.path).note(
        what, who=who or getpass.getuser(), reason=reason, now_ns=now_ns, about={"key": made.public}
    )
    signer.write(path, made)
    sys.stdout.write(f"{made.public}\n")
    if what == RENEWED:
        sys.stderr.write("restart the gateway: until then it signs with the key before\n")
    return 0
