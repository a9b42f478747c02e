"""The register of notices as a paper (PDF/A-2b, PDF/UA-1): the totals, then every row, on landscape pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cases import clock
from cases.calendar import french_date
from cases.pdf import CANSSM, render_pdf
from cases.templatetags.calendar_dates import moment_in_full
from workflows.register_extract import (
    ABOUT,
    HEADING,
    NO_CRITERIA,
    NOTHING,
    Extract,
    mail_words,
    number,
    percent,
)
from workflows.selectors.notices import NoticeState
from workflows.selectors.notices_rows import RegisterRow
from workflows.selectors.notices_totals import Totals

TOTAL_COLUMNS = (
    "Destinataire",
    "Informations",
    *(state.heading for state in NoticeState),
    "Dans le délai",
    "Délai médian",
    "Délai le plus long",
    "Attente la plus longue",
)
COLUMNS = (
    "Virement",
    "Destinataire",
    "Date du virement",
    "Au plus tard",
    "Mise à disposition",
    "Courriel",
    "Accusé de réception",
    "Jours",
    "État",
)


def register_paper(extract: Extract) -> bytes:
    """The register as a PDF. Template ``register``."""
    return render_pdf("register", register_inputs(extract))


def register_inputs(extract: Extract) -> dict[str, Any]:
    """What the template ``register`` reads: every cell as it is printed."""
    return {
        "heading": HEADING,
        "about": ABOUT,
        "letterhead": CANSSM,
        "date_shown": french_date(clock.paris_date(extract.made_at)),
        "made": f"{extract.made}, par {extract.reader}",
        "scope": "Le registre porte sur les seuls dossiers que cette personne peut lire.",
        "criteria": [[label, value] for label, value in extract.criteria] or [["Critères", NO_CRITERIA]],
        "nothing": NOTHING,
        "total_columns": list(TOTAL_COLUMNS),
        "totals": [_figures(one.name, one.totals) for one in extract.by_addressee],
        "total": _figures("Ensemble", extract.totals),
        "columns": list(COLUMNS),
        "rows": [_row(row) for row in extract.rows],
        "rules": [asdict(quote) for quote in extract.quotes],
        "timestamp": extract.made_at.isoformat(),
    }


def _figures(name: str, totals: Totals) -> list[str]:
    return [
        name,
        str(totals.number),
        *(str(totals.by_state[state]) for state in NoticeState),
        percent(totals.share_in_time),
        _days(totals.median_days),
        _days(totals.max_days),
        _days(totals.longest_wait_days),
    ]


def _days(value: Any) -> str:
    return number(value) if value is None else f"{number(value)}\u00a0j"


def _row(row: RegisterRow) -> dict[str, Any]:
    """The cells of a row: one or several lines each; ``late`` sets its state in bold."""
    notice = row.notice
    under = " · ".join(part for part in (row.reference, row.fund, str(row.exercise or "")) if part)
    mail = [mail_words(row.delivery)]
    if row.delivery.delivered_at is not None:
        mail.append(moment_in_full(row.delivery.delivered_at))
    receipt = []
    if notice.acknowledged_at is not None:
        receipt = [moment_in_full(notice.acknowledged_at), f"{notice.acknowledged_by}, {notice.capacity}"]
    return {
        "late": row.late,
        "cells": [
            [row.title, under],
            [row.addressee],
            [french_date(notice.happened_on)],
            [french_date(notice.due_on)],
            [moment_in_full(notice.sent_at)],
            mail,
            receipt or ["—"],
            [str(row.days)],
            [str(row.state.label)],
        ],
    }
