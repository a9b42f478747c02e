"""Figures of a table whose head says « en euros »."""

from decimal import Decimal

from django import template

from cases.money import NARROW_SPACE, NO_BREAK_SPACE, format_eur

register = template.Library()


@register.filter
def figure(amount: Decimal) -> str:
    """An amount without its unit: « 25 000,50 », « −25 000,50 »; spaces wide enough for bold figures."""
    return format_eur(amount)[:-2].replace(NARROW_SPACE, NO_BREAK_SPACE)


@register.filter
def signed(amount: Decimal) -> str:
    """A change, without its unit: « +25 000,50 », « −25 000,50 »."""
    return f"+{figure(amount)}" if amount > 0 else figure(amount)
