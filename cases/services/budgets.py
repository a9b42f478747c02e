"""Loading the budgets of the convention, opening and closing exercises."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction

from cases import clock
from cases.budget_tables import (
    BUDGET_YEARS,
    Checked,
    Difference,
    Row,
    TableError,
    check_tables,
    figure_kind,
    known_differences,
    read_exercises,
    read_reserves,
    read_tables,
)
from cases.budget_terms import FundCode, MovementKind
from cases.calendar import french_date
from cases.errors import Invalid
from cases.models import (
    BaseFigure,
    BudgetLine,
    CreditBalance,
    CreditMovement,
    Exercise,
    Fund,
    ReserveFigure,
)
from cases.services.ledger import Credit, credit

CARRIED_FROM = BUDGET_YEARS[-1]
"""The last year that a convention prints; the current exercise is opened by carrying it forward."""

_LOCK = 0x62756467  # any fixed number: two loadings follow each other


@dataclass(slots=True)
class Loaded:
    """What a loading found and did. ``differences`` are the printed sums that do not add up, each with its
    reading.
    """

    lines: int = 0
    figures: int = 0
    sums: int = 0
    differences: list[tuple[Difference, str]] = field(default_factory=list)
    opened: list[Exercise] = field(default_factory=list)
    movements: int = 0


@transaction.atomic
def load_budgets() -> Loaded:
    """Load funds, lines, printed figures, exercises 2014–2017 and the current one, and their opening
    credits.

    Loading again changes nothing. Raises ``TableError`` when the files are damaged, when a printed sum
    differs that is not known to, or when a line would change its nature.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    checked = check_tables()
    done = Loaded(sums=checked.sums, differences=_readings(checked))
    tables = read_tables()
    _load_lines(tables, done)
    _load_figures(tables, done)
    closings = read_exercises()
    for year in BUDGET_YEARS:
        exercise, created = Exercise.objects.get_or_create(year=year)
        if created:
            done.opened.append(exercise)
        done.movements += _open_credits(exercise)
        if exercise.closed_on is None:
            exercise.closed_on = closings[year]
            exercise.save(update_fields=["closed_on"])
    today = clock.today()
    if today.year > CARRIED_FROM and not Exercise.objects.filter(year=today.year).exists():
        done.opened.append(_create_exercise(today.year, CARRIED_FROM))
        done.movements += _open_credits(done.opened[-1])
    return done


@transaction.atomic
def open_exercise(*, year: int, carried_from: int) -> Exercise:
    """Open a year that no convention prints by carrying the base of ``carried_from`` forward, credits
    included.

    Raises ``Invalid`` when it is open already, or when nothing is printed for ``carried_from``.
    """
    message = ""
    if Exercise.objects.filter(year=year).exists():
        message = f"L’exercice {year} est déjà ouvert : choisissez une autre année."
    elif not carried_from < year or not BaseFigure.objects.filter(year=carried_from).exists():
        message = (
            f"Aucun budget de {carried_from} à reconduire sur {year} : choisissez une année de la convention."
        )
    if message:
        raise Invalid(message, details={"exercise": [message]})
    exercise = _create_exercise(year, carried_from)
    _open_credits(exercise)
    return exercise


@transaction.atomic
def close_exercise(*, year: int, on: date) -> Exercise:
    """Close an exercise from the day ``on``: only carry-overs and cancellations take credits out of it
    afterwards.

    Raises ``Invalid`` when it is closed already or ``on`` is before the year.
    """
    exercise = Exercise.objects.select_for_update().get(year=year)
    message = ""
    if exercise.is_closed and exercise.closed_on is not None:
        message = f"L’exercice {year} est clos depuis le {french_date(exercise.closed_on)}."
    elif on.year < year:
        message = f"L’exercice {year} ne peut pas être clos le {french_date(on)} : il n’a pas commencé."
    if message:
        raise Invalid(message, details={"on": [message]})
    exercise.closed_on = on
    exercise.save(update_fields=["closed_on"])
    return exercise


def _readings(checked: Checked) -> list[tuple[Difference, str]]:
    """Each difference with its reading. Raises ``TableError`` when one is not known, or a known one is
    gone.
    """
    known = known_differences()
    if unlike := set(checked.differences) ^ set(known):
        names = ", ".join(f"{one.fund} {one.total} {one.year}" for one in sorted(unlike, key=str))
        raise TableError(f"Les sommes imprimées ne sont plus celles qui sont connues : {names}.")
    return [(one, known[one]) for one in checked.differences]


def _load_lines(tables: dict[FundCode, tuple[Row, ...]], done: Loaded) -> None:
    for position, fund in enumerate(FundCode, start=1):
        Fund.objects.update_or_create(code=fund.value, defaults={"name": fund.label, "position": position})
        held = {line.code: line for line in BudgetLine.objects.filter(fund=fund.value).order_by("pk")}
        ranked = list(enumerate((row for row in tables[fund] if row.in_budget), start=1))
        for generation in _generations(ranked):
            fresh: list[BudgetLine] = []
            for rank, row in generation:
                line = held.get(row.code) or BudgetLine(fund_id=fund.value, code=row.code)
                changed = _describe(line, row, rank, held[row.parent].pk if row.parent else None)
                if not line.pk:
                    fresh.append(line)
                elif changed:
                    line.save()
                held[row.code] = line
                done.lines += 1
            BudgetLine.objects.bulk_create(fresh)


def _generations(ranked: list[tuple[int, Row]]) -> list[list[tuple[int, Row]]]:
    """Rows by depth, so that each generation's parents stand in the one before."""
    depths: dict[str, int] = {}
    found: list[list[tuple[int, Row]]] = []
    for rank, row in ranked:
        depth = depths[row.parent] + 1 if row.parent else 0
        depths[row.code] = depth
        while len(found) <= depth:
            found.append([])
        found[depth].append((rank, row))
    return found


def _describe(line: BudgetLine, row: Row, rank: int, parent_id: int | None) -> bool:
    """Give a line what its row says; tells whether anything changed. Raises ``TableError`` for its nature."""
    identity = {
        "is_leaf": row.role == "leaf",
        "nature": row.nature,
        "side": row.side,
        "group": row.group,
        "mark": row.mark,
    }
    if line.pk and any(getattr(line, name) != value for name, value in identity.items()):
        raise TableError(
            f"La ligne {row.fund.value} {row.code} changerait de nature, de côté, de groupe ou de marque : "
            "créez une autre ligne."
        )
    wanted = identity | {
        "label": row.label,
        "section": row.section,
        "parent_id": parent_id,
        "position": rank,
        "source_line": row.line,
        "note": row.note,
    }
    changed = any(getattr(line, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(line, name, value)
    return changed


def _load_figures(tables: dict[FundCode, tuple[Row, ...]], done: Loaded) -> None:
    lines = {(line.fund_id, line.code): line for line in BudgetLine.objects.order_by("pk")}
    figures = [
        BaseFigure(
            line=lines[fund.value, row.code],
            year=year,
            kind=figure_kind(fund, year),
            amount=amount,
        )
        for fund, rows in tables.items()
        for row in rows
        if row.in_budget
        for year, amount in row.figures.items()
    ]
    BaseFigure.objects.bulk_create(
        figures, update_conflicts=True, unique_fields=["line", "year"], update_fields=["kind", "amount"]
    )
    ReserveFigure.objects.bulk_create(
        [
            ReserveFigure(key=key, year=year, amount=amount)
            for key, by_year in read_reserves().items()
            for year, amount in by_year.items()
        ],
        update_conflicts=True,
        unique_fields=["key", "year"],
        update_fields=["amount"],
    )
    done.figures = len(figures)


def _create_exercise(year: int, carried_from: int) -> Exercise:
    return Exercise.objects.create(year=year, carried_from=carried_from)


def _open_credits(exercise: Exercise) -> int:
    """Give every leaf of every fund its printed base, once; a balance row for each leaf. Returns how many
    movements.
    """
    already = set(
        CreditMovement.objects.filter(kind=MovementKind.INITIAL, postings__exercise=exercise)
        .order_by("postings__fund")
        .values_list("postings__fund", flat=True)
    )
    leaves = BudgetLine.objects.filter(is_leaf=True).order_by("fund", "position")
    CreditBalance.objects.bulk_create(
        [CreditBalance(line=line, exercise=exercise, limitative=line.facts.limitative) for line in leaves],
        ignore_conflicts=True,
    )
    base = {
        figure.line_id: figure.amount
        for figure in BaseFigure.objects.filter(year=exercise.base_year, line__is_leaf=True).order_by("pk")
    }
    count = 0
    for fund in FundCode:
        credits = [
            Credit(line, base[line.pk]) for line in leaves if line.fund_id == fund.value and base.get(line.pk)
        ]
        if not credits or fund.value in already:
            continue
        carried = exercise.carried_from
        credit(
            kind=MovementKind.INITIAL,
            exercise=exercise,
            credits=credits,
            label=f"Reconduction du budget {carried}" if carried else f"Budget {exercise.year} de la COG",
            origin=(
                f"Aucune convention ultérieure n’est détenue : base de {carried} reconduite."
                if carried
                else "COG 2014-2017, tableau chiffré annexé."
            ),
            effective_on=date(exercise.year, 1, 1),
        )
        count += 1
    return count
