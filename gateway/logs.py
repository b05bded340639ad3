"""The structured log: one JSON object a line on standard error. Fields are named at the call; nothing is formatted
into the text, and no field may hold anything about a patient."""

from __future__ import annotations

import logging
import sys

import structlog

# Libraries that describe the messages they carry below this level.
_TALKATIVE = ("zeep", "urllib3", "sqlalchemy", "alembic", "werkzeug", "authlib")


def configure(level: str) -> None:
    """Send all logging to standard error, from this level on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=number, stream=sys.stderr, force=True, format="%(levelname)s %(name)s %(message)s"
    )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
