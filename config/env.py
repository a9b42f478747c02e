"""Read settings from the environment; every refusal names the variable and what it should hold."""

import json
import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable's value without surrounding spaces; `default` when unset or empty."""
    return os.environ.get(name, "").strip() or default


def required(name: str, purpose: str) -> str:
    """The variable's value. Raises ImproperlyConfigured, saying what it is for, when it is missing."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"The environment variable {name} is missing: {purpose}")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """A yes/no variable (1, true, yes, on / 0, false, no, off)."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    value = raw.strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def number(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """A whole number of at least `minimum`, at most `maximum`."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.") from None
    if value < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {value}.")
    if maximum is not None and value > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum}, not {value}.")
    return value


def numbers(name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Growing whole numbers from 1, comma-separated."""
    raw = listing(name)
    if not raw:
        return default
    values = tuple(int(one) if one.isascii() and one.isdecimal() else 0 for one in raw)
    if 0 in values or list(values) != sorted(values):
        raise ImproperlyConfigured(
            f"{name} must be growing whole numbers such as 1,5,15, not {','.join(raw)!r}."
        )
    return values


def listing(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list; empty items are dropped."""
    values = [item.strip() for item in os.environ.get(name, "").split(",")]
    return [item for item in values if item] or list(default)


def options(name: str) -> dict[str, Any]:
    """A JSON object, for the options of a storage."""
    raw = text(name)
    if not raw:
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f'{name} must be a JSON object such as {{"location": "/srv/pieces"}}.')
    return value
