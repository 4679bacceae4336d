"""`stalenstraat run`: the gateway as a program, until it is told to stop."""

import asyncio
import logging
import resource
import signal
import sys
from pathlib import Path

import structlog

from gateway.config import load
from gateway.service.gateway import Gateway


def run_service(config_path: Path) -> int:
    """Run the gateway with the configuration at `config_path`; return the exit code.

    `GatewayError` for whatever a user can mend. SIGTERM and SIGINT end it in good order.
    """
    config = load(config_path)
    configure_logging()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would put clips and keys on the disk
    asyncio.run(_run(Gateway(config)))
    return 0


def configure_logging(level: int = logging.INFO) -> None:
    """Log a line an event to standard error: for people on a terminal, as JSON elsewhere."""
    for_people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if for_people else [structlog.processors.format_exc_info]),
            structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def _run(gateway: Gateway) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, gateway.stop)
    await gateway.run()
