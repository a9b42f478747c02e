"""Surfaces, and counts as the convention prints them."""

from decimal import Decimal

from django import template

from cases.property_words import format_surface

register = template.Library()


@register.filter
def square_metres(surface: Decimal | None) -> str:
    """« 1 250,5 m² »; nothing for no surface."""
    return "" if surface is None else format_surface(surface)


@register.filter
def printed(figure: Decimal | None) -> str:
    """A printed figure without its unit: « 18 793 », « 23,74 »; a dash where none is printed."""
    return "—" if figure is None else format_surface(figure)[:-3]
