"""What the selects of budget lines offer: the lines of a fund, by group of fungibility, with what is available."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q, Sum

from cases.budget_terms import GROUPS_BY_FUND, FundCode, Group, Mark, Nature, Side
from cases.models import BudgetLine
from cases.money import format_eur
from workflows.engine.fields import RowChoices

NO_FUND = "Choisissez le fonds pour voir ses lignes budgétaires."


def line_choices(fund: str, year: int | None) -> RowChoices:
    """The leaves of ``fund``, each with what is available in the exercise ``year`` (EUR). One statement.

    Without a fund nothing can be offered: ``RowChoices.missing`` says so, and no statement is run.
    """
    token = f"{fund}/{year or ''}"
    if fund not in FundCode.values:
        return RowChoices(token=token, missing=NO_FUND)
    found = list(
        BudgetLine.objects.filter(fund=fund, is_leaf=True)
        .annotate(free=Sum("balances__available", filter=Q(balances__exercise__year=year)))
        .order_by("position")
    )
    sections: dict[str, set[str]] = {}
    for line in found:
        sections.setdefault(line.group, set()).add(line.section)
    groups: dict[str, list[tuple[str, str]]] = {}
    for line in found:
        several = len(sections[line.group]) > 1
        groups.setdefault(_heading(line, several), []).append((line.code, _label(line, line.free)))
    return RowChoices(
        groups=tuple((name, tuple(options)) for name, options in groups.items()),
        token=token,
        unknown=f"n’est pas une ligne du {fund}",
    )


def _heading(line: BudgetLine, several_sections: bool) -> str:
    if line.mark == Mark.NATIONAL_RESERVE:
        return "Réserve nationale"
    fund = FundCode(line.fund_id)
    if line.group:
        group = Group(line.group)
        name = f"{group.value} — {group.label}"
    elif GROUPS_BY_FUND[fund]:
        name = f"Hors groupe — {_side_or_nature(line)}"
    else:
        return line.section or fund.label
    return f"{line.section} : {name}" if several_sections and fund is FundCode.FNASS else name


def _side_or_nature(line: BudgetLine) -> str:
    if line.nature == Nature.EVALUATIVE:
        return "crédits évaluatifs"
    return f"crédits limitatifs, {Side(line.side).label}"


def _label(line: BudgetLine, free: Decimal | None) -> str:
    """« A-I-1 — Dépenses de personnel (G1) : 49 280 000,00 € disponibles »."""
    where = line.group or ("évaluatif" if line.nature == Nature.EVALUATIVE else "hors groupe")
    text = f"{line.code} — {line.label} ({where})"
    return text if free is None else f"{text} : {format_eur(free)} disponibles"
