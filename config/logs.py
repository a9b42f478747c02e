"""Logging: JSON lines for a collector in production, readable lines elsewhere."""

import re
from typing import Any

import structlog

#: Addresses whose last part opens something without a log-in: feeds, receipts by link.
_SECRET_ADDRESS = re.compile(r"/(flux|accuses)/[^\s\"'<>]+")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def hide_secrets(logger: Any, name: str, line: str) -> str:
    """The last processor: a finished line, traceback included, without the secret part of an address."""
    return _SECRET_ADDRESS.sub(r"/\1/…", line)


def logging_settings(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING, and structlog configured to the same; `level` is a name such as INFO."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    quiet = (
        level if json or level == "DEBUG" else "WARNING"
    )  # each beat of the heart is news to a collector only
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "berline": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *last,
                    hide_secrets,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "berline"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            "django.request": {"level": "ERROR"},
            "celery": {"level": quiet},
            "kombu": {"level": quiet},
        },
    }
