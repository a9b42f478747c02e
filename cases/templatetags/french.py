"""French typography for sentences written in Python with ordinary spaces."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_AFTER = re.compile(r"« ")
_BEFORE = re.compile(r" ([»:;!?€])")


@register.filter
def unbroken(text: object) -> SafeString:
    """Spaces that no line may break at: inside « » and before : ; ! ? €."""
    escaped = str(conditional_escape(text))
    return mark_safe(_BEFORE.sub("\u00a0\\1", _AFTER.sub("«\u00a0", escaped)))  # noqa: S308 (escaped above)
