"""kill -9 of the gateway in the middle of a transfer: the same clip arrives complete, once."""

import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.chain.cabinet import (
    boards,
    measurement,
    running_gateway,
    street,
    verify,
    wait_for,
    world_of,
    write_site,
)


def received_bytes(store: Path) -> int:
    """How many bytes of clips are durable, as another program sees it; 0 while it cannot be asked."""
    wal = store / "index.sqlite3-wal"
    return wal.stat().st_size if wal.exists() else 0


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_a_clip_survives_kill_9_of_the_gateway_in_the_middle_of_its_transfer(tmp_path):
    """The gateway is killed three times while chunks flow; at the end there is one whole package."""
    with boards() as (sensor, camera):
        config = write_site(tmp_path, sensor.port, camera.port)
        world = world_of(sensor, camera, street(13.0, 5.0))
        world.start()
        try:
            for kill_at in (6.5, 8.0, 11.5):
                with running_gateway(config) as gateway:
                    wait_for("simulated time", lambda at=kill_at: world.now_ns() > at * 1e9, 30)
                    gateway.send_signal(signal.SIGKILL)
                    gateway.wait(5)
            assert received_bytes(tmp_path / "store") > 0, "nothing was on its way when it was killed"
            assert list((tmp_path / "city").iterdir()) == []
            with running_gateway(config):
                package = wait_for("the package", lambda: list((tmp_path / "city").glob("*.zip")), 60)[0]
                time.sleep(2.0)
        finally:
            world.stop()

    code, said = verify(package)
    assert code == 0, said
    assert [] == measurement(package)["missing"]
    assert ["virtual-1-1-1.zip"] == [path.name for path in (tmp_path / "city").iterdir()]
    index = sqlite3.connect(tmp_path / "store" / "index.sqlite3")
    assert [("joined",), ("delivered",)] == sorted(index.execute("SELECT state FROM clips"), reverse=True)
    assert [(0,)] == list(index.execute("SELECT count(*) FROM chunks"))
    index.close()
