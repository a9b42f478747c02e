"""What the simulator says of each row of budget lines: what the text allows, what is available, what would remain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cases.enums import Role
from cases.errors import Quote
from cases.models import BudgetLine
from cases.money import format_eur
from cases.selectors import lines_by_code
from workflows.credits import Classification, VirementClass, Way
from workflows.engine.context import StepContext
from workflows.engine.credit_forms import LinesForm, TransfersForm
from workflows.engine.credit_lines import balances, fund_of, governing, transfer_rows_of
from workflows.engine.path import Path
from workflows.engine.registry import all_paths

ZERO = Decimal("0.00")
DELAY = "virement.information.delay"

#: How the lines of a row are named in what is stored, in the order in which money goes.
ORIGINS, TARGETS = ("from", "line"), ("to",)


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """One row. Codes and labels of its lines, ``amount`` (EUR, None while it is not typed), what the text says of it.

    ``kind`` is a ``VirementClass``, empty when nothing can be said: then ``code`` is ``incomplete`` or ``wrong`` and
    ``message`` tells what to do. ``path``: the path by which the credits may go. ``available_before`` and
    ``available_after``: on the line that gives, before and after this row, those above it counted. ``governs``: the
    dossier follows this row.
    """

    number: int
    origin: str
    origin_label: str
    target: str
    target_label: str
    amount: Decimal | None
    kind: str
    kind_label: str
    code: str
    message: str
    quotes: tuple[Quote, ...]
    path: str
    available_before: Decimal | None
    available_after: Decimal | None
    short: bool
    governs: bool


@dataclass(frozen=True, slots=True)
class Instead:
    """The path to use instead of the one asked for, when it exists: its key, its title, and who may file it."""

    path: str
    title: str


def workable(
    form: LinesForm, rows: Sequence[Mapping[str, Any]], known: Mapping[str, BudgetLine]
) -> list[dict[str, Any]]:
    """The rows of which something can be said: lines chosen and right, an amount still missing counting as zero."""
    wrong = {number for number, _ in form.row_faults(str(_fund(form)), rows, known)}
    columns = form.fields[form.rows_name].columns  # type: ignore[attr-defined]
    kept = []
    for number, row in enumerate(rows, start=1):
        full = {key: "0.00" if key == "amount" and row.get(key) is None else row.get(key) for key in columns}
        if number not in wrong and all(value is not None for value in full.values()):
            kept.append(full)
    return kept


def known_lines(form: LinesForm, rows: Sequence[Mapping[str, Any]]) -> dict[str, BudgetLine]:
    """The lines that the rows name, by code. One statement, none without rows."""
    codes = {row[column] for row in rows for column in form.line_columns if row.get(column)}
    return lines_by_code(fund=str(_fund(form)), codes=codes)


def _fund(form: LinesForm) -> str:
    return form.cleaned_data.get("fund") or form.fixed_fund


def simulated_lines(
    form: LinesForm,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[str, BudgetLine],
    context: StepContext,
) -> tuple[SimulatedLine, ...]:
    """Each row as typed, with what is said of it. One statement besides those of ``context.memo``."""
    faults: dict[int, str] = {}
    for number, fault in form.row_faults(fund_of(context), rows, known):
        faults.setdefault(number, fault)
    found = iter(transfer_rows_of(context)) if isinstance(form, TransfersForm) else None
    governs = governing(context) if found is not None else None
    held = balances(context) if known else {}
    left: dict[int, Decimal] = {}
    shown = []
    for number, row in enumerate(rows, start=1):
        origin, target = _line(known, row, ORIGINS), _line(known, row, TARGETS)
        amount = Decimal(row["amount"]) if row.get("amount") else None
        said = _said(context, row, faults.get(number), found)
        before = after = None
        if origin is not None and origin.is_leaf and origin.pk in held:
            before = left.get(origin.pk, held[origin.pk].available)
            if found is not None:
                after = left[origin.pk] = before - (amount or ZERO)
        shown.append(
            SimulatedLine(
                number=number,
                origin=str(next((row[key] for key in ORIGINS if row.get(key)), "")),
                origin_label=str(origin or ""),
                target=str(next((row[key] for key in TARGETS if row.get(key)), "")),
                target_label=str(target or ""),
                amount=amount,
                available_before=before,
                available_after=after if amount is not None else None,
                short=after is not None
                and after < ZERO
                and amount is not None
                and origin is not None
                and origin.facts.limitative,
                governs=said.get("found") is not None and said["found"] is governs,
                **{key: value for key, value in said.items() if key != "found"},
            )
        )
    return tuple(shown)


def _line(
    known: Mapping[str, BudgetLine], row: Mapping[str, Any], columns: tuple[str, ...]
) -> BudgetLine | None:
    return next((known[row[key]] for key in columns if row.get(key) in known), None)


def _said(
    context: StepContext, row: Mapping[str, Any], fault: str | None, found: Iterator[Any] | None
) -> dict[str, Any]:
    """What the text says of one row, or why nothing can be said."""
    nothing: dict[str, Any] = {"kind": "", "kind_label": "", "quotes": (), "path": ""}
    if fault:
        return {**nothing, "kind_label": "à corriger", "code": "wrong", "message": _sentence(fault)}
    missing = [key for key, value in row.items() if value is None]
    if any(key != "amount" for key in missing):
        message = "Choisissez la ligne qui manque."
        return {**nothing, "kind_label": "à compléter", "code": "incomplete", "message": message}
    if found is None:
        message = "Indiquez le montant." if missing else ""
        return {
            **nothing,
            "kind_label": "à compléter" if missing else "",
            "code": "incomplete" if missing else "",
            "message": message,
        }
    classified: Classification = next(found).found
    return {
        "kind": classified.kind.value,
        "kind_label": kind_label(classified, context),
        "code": classified.code,
        "message": classified.message,
        "quotes": classified.quotes,
        "path": classified.path.value,
        "found": classified,
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def kind_label(found: Classification, context: StepContext) -> str:
    """What the text says of a row, in a few words."""
    if found.kind is VirementClass.INTRA_GROUP:
        return "autorisé, le directeur général décide seul"
    if found.kind is VirementClass.INTER_GROUP:
        return f"autorisé, avec information dans les {context.rule(DELAY).number} jours"
    if found.path == context.path.key:
        return "interdit par simple virement, possible par ce circuit"
    return "interdit"


def instead_of(context: StepContext) -> Instead | None:
    """The path that the governing row asks for, when it is another one than this one and exists."""
    governs = governing(context)
    if governs is None or governs.path == context.path.key:
        return None
    return next((Instead(path.key, path.title) for path in all_paths() if path.key == governs.path), None)


def transfer_verdict(context: StepContext, lines: Sequence[SimulatedLine]) -> str:
    """One sentence for the whole dossier: its strictest row, and whether the credits suffice."""
    governs = governing(context)
    if governs is None:
        return "Choisissez les lignes : ce que le texte permet s’affichera ici."
    sentences = [_verdict_of(governs, context.path, context)]
    total = sum((line.amount or ZERO for line in lines if line.kind), ZERO)
    if total:
        sentences[0] = f"{format_eur(total)} : {sentences[0]}"
    if any(line.short for line in lines):
        sentences.append("Les crédits disponibles ne suffisent pas.")
    return " ".join([sentences[0][:1].upper() + sentences[0][1:], *sentences[1:]])


def _verdict_of(governs: Classification, path: type[Path], context: StepContext) -> str:
    who = Role.DIRECTOR_GENERAL.label.lower()
    if governs.path == path.key:
        if governs.kind is VirementClass.FORBIDDEN:
            return path.verdict or f"interdit par simple virement, possible par ce circuit. {path.summary}"
        if governs.informs:
            return (
                f"virement autorisé, le {who} décide ; le contrôle général et les ministères sont informés dans les "
                f"{context.rule(DELAY).number} jours."
            )
        return f"virement autorisé, le {who} décide seul."
    if governs.path is Way.VIREMENT:
        return f"ce circuit est de trop, un simple virement suffit : le {who} décide."
    instead = instead_of(context)
    if governs.path is Way.NONE:
        return "virement interdit, aucun circuit ne le permet."
    if instead is None:
        return "virement interdit ici."
    return f"virement interdit par ce circuit. Il faut « {instead.title} »."


def classified_lines(context: StepContext, *, live: bool) -> tuple[SimulatedLine, ...]:
    """The rows of a stored virement with what the text says of each, under the rules pinned on the dossier.

    ``live``: with what is available now on the line that gives, one statement more; otherwise without.
    """
    rows = transfer_rows_of(context)
    governs = governing(context)
    held = balances(context) if live and rows else {}
    left: dict[int, Decimal] = {}
    shown = []
    for number, row in enumerate(rows, start=1):
        before = after = None
        if row.origin.pk in held:
            before = left.get(row.origin.pk, held[row.origin.pk].available)
            after = left[row.origin.pk] = before - row.amount
        shown.append(
            SimulatedLine(
                number=number,
                origin=row.origin.code,
                origin_label=str(row.origin),
                target=row.target.code,
                target_label=str(row.target),
                amount=row.amount,
                kind=row.found.kind.value,
                kind_label=kind_label(row.found, context),
                code=row.found.code,
                message=row.found.message,
                quotes=row.found.quotes,
                path=row.found.path.value,
                available_before=before,
                available_after=after,
                short=after is not None and after < ZERO and row.origin.facts.limitative,
                governs=row.found is governs,
            )
        )
    return tuple(shown)
