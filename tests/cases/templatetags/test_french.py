"""Sentences keep their signs together, and stay text."""

import pytest
from django.utils.safestring import mark_safe

from cases.templatetags.french import unbroken


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        ("« Décider » revient à : vous !", "«\u00a0Décider\u00a0» revient à\u00a0: vous\u00a0!"),
        ("À 10:30, 25 € ; vrai ?", "À 10:30, 25\u00a0€\u00a0; vrai\u00a0?"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("", ""),
    ],
)
def test_spaces_that_no_line_breaks_at(plain: str, shown: str) -> None:
    assert unbroken(plain) == shown


def test_markup_that_is_already_safe_stays_markup() -> None:
    assert unbroken(mark_safe('<a href="/x/">« oui »</a>')) == '<a href="/x/">«\u00a0oui\u00a0»</a>'
