"""Dates written in full: « mardi 3 mars 2015 »."""

from datetime import date

from django import template

from cases.calendar import french_date

register = template.Library()


@register.filter
def in_full(day: date) -> str:
    """Write a day with its weekday."""
    return french_date(day)
