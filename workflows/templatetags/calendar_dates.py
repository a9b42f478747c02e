"""Dates and moments written in full: « mardi 3 mars 2015 », « mardi 3 mars 2015 à 10:02 »."""

from datetime import date, datetime

from django import template

from cases import clock
from cases.calendar import french_date

register = template.Library()


@register.filter
def in_full(day: date) -> str:
    """Write a day with its weekday."""
    return french_date(day)


@register.filter
def moment_in_full(moment: datetime) -> str:
    """Write a moment as it was in Paris, with its weekday."""
    local = moment.astimezone(clock.PARIS)
    return f"{french_date(local.date())} à\u00a0{local:%H:%M}"
