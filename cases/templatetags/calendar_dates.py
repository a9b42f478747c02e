"""Dates and moments written in full, as every page names them: « mardi 3 mars 2015 », « … à 10:02 » (Europe/Paris)."""

from datetime import date, datetime

from django import template

from cases import clock
from cases.calendar import french_date

register = template.Library()


@register.filter
def in_full(day: date | datetime | None) -> str:
    """Write a day with its weekday; of a moment, the day that it was in Paris; nothing for no day."""
    if not day:
        return ""
    return french_date(clock.paris_date(day) if isinstance(day, datetime) else day)


@register.filter
def moment_in_full(moment: datetime | None) -> str:
    """Write a moment as it was in Paris, with its weekday; nothing for no moment."""
    if not moment:
        return ""
    local = moment.astimezone(clock.PARIS)
    return f"{french_date(local.date())} à\u00a0{local:%H:%M}"
