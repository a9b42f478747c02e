"""When the obligations of the conventions fall due: pure functions, no database, no engine.

>>> from workflows.calendar import occurrences
>>> from workflows.rulebook import rulebooks
>>> tbb1 = rulebooks()["cog-2014-2017"].obligations["calendar.c01"]
>>> [one.due_on.isoformat() for one in occurrences(tbb1, 2016)]
['2015-07-15']
"""

from workflows.calendar.occurrences import (
    Occurrence,
    all_obligations,
    due_in_year,
    is_closed,
    occurrences,
    occurrences_in_year,
    to_open,
    years_covered,
)

__all__ = [
    "Occurrence",
    "all_obligations",
    "due_in_year",
    "is_closed",
    "occurrences",
    "occurrences_in_year",
    "to_open",
    "years_covered",
]
