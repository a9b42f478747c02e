"""The figures of queues as a paper (PDF/A-2b, PDF/UA-1): every queue with its totals, the weeks, how it counts."""

from __future__ import annotations

from typing import Any

from cases.calendar import french_date
from cases.pdf import CANSSM, render_pdf
from workflows.backlog_extract import (
    ABOUT,
    COUNTED,
    HEADING,
    NOTHING,
    SCOPE,
    Extract,
    named,
    per_week,
    week_label,
)
from workflows.register_extract import number
from workflows.selectors.backlog_figures import Figures
from workflows.selectors.backlog_filters import SOON

COLUMNS = (
    "File",
    "Ouvertes",
    "Non prises",
    "En retard",
    f"Sous {SOON} jours ouvrés",
    "Âge médian",
    "Âge, neuf sur dix",
    "Arrivées par semaine",
    "Sorties par semaine",
    "Durée brute médiane",
    "Brute, neuf sur dix",
    "Durée nette médiane",
    "Nette, neuf sur dix",
)
WEEKLY = (
    "Semaine",
    "Arrivées",
    "dont première fois",
    "dont complétés",
    "dont renvoyées",
    "Terminées",
    "Rendues au déposant",
    "Sorties sans réponse",
)


def backlog_paper(extract: Extract) -> bytes:
    """The figures as a PDF. Template ``backlog``."""
    return render_pdf("backlog", backlog_inputs(extract))


def backlog_inputs(extract: Extract) -> dict[str, Any]:
    """What the template ``backlog`` reads: every cell as it is printed."""
    found, weeks = extract.found, extract.found.filters.weeks
    return {
        "heading": HEADING,
        "about": ABOUT,
        "letterhead": CANSSM,
        "date_shown": french_date(found.today),
        "made": f"{extract.made}, par {extract.reader}",
        "scope": SCOPE,
        "criteria": [[label, value] for label, value in extract.criteria],
        "nothing": NOTHING,
        "columns": list(COLUMNS),
        "rows": [
            {
                "name": f"{row.step_title} — {row.path_title}",
                "under": " — ".join(named(row)[2:]),
                "cells": cells,
            }
            for row in found.rows
            for cells in [_cells(row.figures, weeks)]
        ],
        "total": ["Ensemble", *_cells(found.total, weeks)],
        "week_columns": list(WEEKLY),
        "weeks": [
            [
                week_label(monday, found.today).capitalize(),
                *(
                    str(one)
                    for one in (
                        flow.arrivals,
                        flow.first,
                        flow.completed,
                        flow.again,
                        flow.done,
                        flow.returned,
                        flow.gone,
                    )
                ),
            ]
            for monday, flow in found.weeks
        ],
        "counted": [list(one) for one in COUNTED],
        "timestamp": extract.made_at.isoformat(),
    }


def _cells(figures: Figures, weeks: int) -> list[str]:
    times = figures.times
    return [
        str(figures.open),
        str(figures.free),
        str(figures.overdue),
        str(figures.due_soon),
        *(_days(value) for value in (figures.age_median, figures.age_slow)),
        number(per_week(figures.flow.arrivals, weeks)),
        number(per_week(figures.flow.exits, weeks)),
        *(_days(one) for one in (times.gross_median, times.gross_slow, times.net_median, times.net_slow)),
    ]


def _days(value: int | None) -> str:
    return number(value) if value is None else f"{value}\u00a0j"
