"""Dates of pages: in full, with the weekday, as they were in Paris."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.template import Context, Template

TEMPLATES = sorted((Path(__file__).parents[3] / "templates").rglob("*.html"))


def shown(template: str, value: object) -> str:
    return Template(template).render(Context({"value": value}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2015, 3, 3), "mardi 3 mars 2015"),
        (date(2015, 3, 1), "dimanche 1er mars 2015"),
        (datetime(2015, 3, 2, 22, 59, tzinfo=UTC), "lundi 2 mars 2015"),
        (datetime(2015, 3, 2, 23, 30, tzinfo=UTC), "mardi 3 mars 2015"),  # half past midnight in Paris
        (datetime(2015, 7, 1, 22, 30, tzinfo=UTC), "jeudi 2 juillet 2015"),  # summer time
        (None, ""),
    ],
)
def test_day_is_written_in_full_as_it_was_in_paris(value: object, expected: str) -> None:
    assert shown("{{ value|in_full }}", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2015, 3, 3, 9, 2, tzinfo=UTC), "mardi 3 mars 2015 à\u00a010:02"),
        (datetime(2015, 7, 1, 22, 30, tzinfo=UTC), "jeudi 2 juillet 2015 à\u00a000:30"),
        (None, ""),
    ],
)
def test_moment_is_written_in_full_as_it_was_in_paris(value: object, expected: str) -> None:
    assert shown("{{ value|moment_in_full }}", value) == expected


@pytest.mark.parametrize("page", TEMPLATES, ids=lambda path: path.name)
def test_no_page_names_a_date_in_another_way(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert 'date:"d/m' not in text
    assert 'date:"j F' not in text
