"""Figures of the register: « 99,9 % », « 16 jours », « — » where there is nothing to measure."""

from decimal import Decimal

from django import template

from workflows.register_extract import number, percent

register = template.Library()


@register.filter
def percentage(value: Decimal | None) -> str:
    """A share, with its sign."""
    return percent(value)


@register.filter
def days(value: Decimal | int | None) -> str:
    """A number of days, with its unit; French has the plural from two on."""
    return number(value) if value is None else f"{number(value)}\u00a0{'jours' if value >= 2 else 'jour'}"
