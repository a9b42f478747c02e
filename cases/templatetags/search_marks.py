"""Texts with the words that were looked for marked."""

from collections.abc import Iterable

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cases.selectors.excerpts import Piece

register = template.Library()


@register.filter
def marks(pieces: Iterable[Piece]) -> SafeString:
    """The text, what answers inside ``<mark>``; everything that people wrote is escaped."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", one.text) if one.marked else one.text,) for one in pieces)
    )
