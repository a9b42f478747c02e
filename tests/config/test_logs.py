"""What is written to the log: never the part of an address that opens something without logging in."""

import logging
import sys
from typing import Any

import pytest
from django.test import RequestFactory

from config.logs import hide_secrets, logging_settings

SECRET = "b7-K_9xQ2m0Zr8TtY3wLfP1sVnE6hJcU4aDgOiRkXqM"


def line_of(record: logging.LogRecord, *, json: bool = True) -> str:
    """The line that the handler of an installation writes for a record."""
    options: dict[str, Any] = dict(logging_settings(json=json, level="INFO")["formatters"]["berline"])
    formatter: logging.Formatter = options.pop("()")(**options)
    return formatter.format(record)


def record(message: str, *values: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, values, None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize("json", [True, False], ids=["for a collector", "for people"])
@pytest.mark.parametrize(
    "address", [f"/flux/{SECRET}.ics", f"/flux/{SECRET}.atom", f"/flux/{SECRET}%2Eics", f"/accuses/{SECRET}/"]
)
def test_secret_address_is_cut_in_message_extra_and_traceback(json: bool, address: str) -> None:
    request = RequestFactory().get(address)
    try:
        raise ValueError(f"cannot serve {address}")
    except ValueError:
        failed = record("%s: %s", "Internal Server Error", address, request=request, status_code=500)
        failed.exc_info = sys.exc_info()
    line = line_of(failed, json=json)
    assert SECRET not in line
    assert line.count(f"{address.split(SECRET)[0]}…") >= 3
    assert "Internal Server Error" in line
    assert "ValueError" in line


def test_everything_else_is_written_as_it_is() -> None:
    line = 'GET /dossiers/FNMO-2026-0001/ "200" /flux/ /accuses/ flux/x'
    assert hide_secrets(None, "info", line) == line
    assert line_of(record("Not Found: %s", "/dossiers/x/")).count("/dossiers/x/") == 1
