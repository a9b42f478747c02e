"""The strictness of tests/strict.py is real: each sloppiness that it names makes a test fail."""

import pytest
from django.template import engines

from tests.strict import page_faults


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<script>alert(1)</script>", "inline <script>"),
        ("<style>p {}</style>", "inline <style>"),
        ('<p style="color: red">x</p>', "style= on <p>"),
        ('<button onclick="go()">x</button>', "onclick= on <button>"),
        ('<a href="javascript:go()">x</a>', "href=javascript: on <a>"),
        ("<p>{{ title }}</p>", "template code in the page: '{{ title }}'"),
        ("<p>{% if x %}</p>", "template code in the page: '{% if x %}'"),
    ],
)
def test_sloppy_page_is_faulted(content: str, fault: str) -> None:
    assert page_faults(f"<!doctype html><body>{content}</body>") == [fault]


def test_clean_page_is_not_faulted() -> None:
    head = '<!doctype html><link rel="stylesheet" href="/a.css"><script src="/a.js" defer></script>'
    data = '<script type="application/json">{"a": "{{"}</script>'
    assert page_faults(f'{head}{data}<p class="{{{{">Montant : {{25 000 €}}</p>') == []


def test_undefined_variable_of_an_installed_package_is_empty_and_takes_its_default() -> None:
    template = engines["django"].from_string("[{{ nothing }}{{ nothing|default:'x' }}]")
    assert template.render({}) == "[x]"
