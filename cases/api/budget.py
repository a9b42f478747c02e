"""``GET budget/{fund}/{exercise}``: the budget of a fund and exercise, now or at the end of a day."""

from __future__ import annotations

import re
from datetime import date

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import money
from cases.errors import Forbidden, Invalid
from cases.permissions import holdings_of, reads_budgets
from cases.selectors import LineMovement, TreeLine, budget_tree, fund_and_exercise
from cases.selectors.budget_overview import parent_codes

router = Router(tags=["Budgets"])

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class BudgetIn(BaseModel):
    """Ce qui est demandé d’un budget."""

    on: str = Field(
        default="", max_length=10, description="Soldes à la fin de ce jour (AAAA-MM-JJ) ; vide : maintenant."
    )
    movements: bool = Field(default=False, description="Donner aussi les écritures de chaque ligne.")


class LineMovementOut(BaseModel):
    """Une écriture derrière une ligne : « amount », signé, sur un compte de la ligne (« account » : available,
    earmarked, committed). « reference » : le dossier qui l’a causée, vide s’il n’y en a pas.
    """

    movement: int
    on: date
    kind: str
    kind_label: str
    label: str
    origin: str
    reference: str
    account: str
    amount: str

    @classmethod
    def of(cls, movement: LineMovement) -> LineMovementOut:
        """From a posting."""
        return cls(
            movement=movement.movement,
            on=movement.on,
            kind=movement.kind.value,
            kind_label=movement.kind.label,
            label=movement.label,
            origin=movement.origin,
            reference=movement.reference,
            account=movement.account.value,
            amount=f"{movement.amount:.2f}",
        )


class BudgetLineOut(BaseModel):
    """Une ligne ou un total. « base » : ce que la convention imprime, null si rien ne l’est ;
    authorised = initial + moved ; available = authorised − committed, dont earmarked pour un seul emploi.
    « nature », « side », « group », « mark » : ceux d’une ligne qui porte des crédits (« is_leaf »), sinon null.
    """

    code: str
    label: str
    parent: str | None
    section: str
    depth: int
    is_leaf: bool
    nature: str | None
    side: str | None
    group: str | None
    mark: str | None
    base: str | None
    initial: str
    moved: str
    authorised: str
    committed: str
    earmarked: str
    available: str
    movements: list[LineMovementOut] | None = Field(
        default=None, description="La plus ancienne d’abord ; null si elles ne sont pas demandées."
    )

    @classmethod
    def of(cls, node: TreeLine, parent: str | None, with_movements: bool) -> BudgetLineOut:
        """From a line of the tree."""
        line = node.line
        return cls(
            code=line.code,
            label=line.label,
            parent=parent,
            section=line.section,
            depth=node.depth,
            is_leaf=line.is_leaf,
            nature=line.nature or None,
            side=line.side or None,
            group=line.group or None,
            mark=line.mark or None,
            base=money(node.base),
            initial=f"{node.initial:.2f}",
            moved=f"{node.moved:.2f}",
            authorised=f"{node.authorised:.2f}",
            committed=f"{node.committed:.2f}",
            earmarked=f"{node.earmarked:.2f}",
            available=f"{node.available:.2f}",
            movements=[LineMovementOut.of(one) for one in node.movements] if with_movements else None,
        )


class BudgetOut(BaseModel):
    """Le budget d’un fonds. « state » : open ou closed, aujourd’hui ; « carried_from » : l’année dont la base est
    reconduite, aucune convention ultérieure n’étant détenue. « lines » : dans l’ordre imprimé, un total avant
    ses parties.
    """

    fund: str
    fund_name: str
    exercise: int
    state: str
    closed_on: date | None
    carried_from: int | None
    on: date | None
    lines: list[BudgetLineOut]


@router.get(
    "budget/{fund}/{exercise}",
    summary="Lire un budget",
    response={200: BudgetOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def read_budget(request: HttpRequest, fund: str, exercise: int, asked: Query[BudgetIn]) -> BudgetOut:
    """Les crédits d’un fonds, ligne par ligne. Tout rôle du régime les lit, sauf la seule administration."""
    refuse_unknown_parameters(request, BudgetIn)
    if not reads_budgets(holdings_of(person_of(request))):
        raise Forbidden(
            "Les budgets se lisent avec un rôle dans le régime : demandez à l’administrateur de votre "
            "organisme de vérifier les vôtres."
        )
    on = _day(asked.on)
    found, opened = fund_and_exercise(fund=fund, year=exercise)
    tree = budget_tree(fund=found, exercise=opened, on=on, with_movements=asked.movements)
    parents = parent_codes(tree)
    return BudgetOut(
        fund=found.code,
        fund_name=found.name,
        exercise=opened.year,
        state=opened.state,
        closed_on=opened.closed_on,
        carried_from=opened.carried_from,
        on=on,
        lines=[BudgetLineOut.of(node, parents.get(node.line.pk), asked.movements) for node in tree],
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        message = f"« {text} » n’est pas une date : écrivez-la ainsi, 2015-06-30."
        raise Invalid(message, details={"on": [message]}) from None
