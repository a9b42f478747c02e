"""More time for a step: a manager extends an internal deadline, with a motive that the journal keeps.

A legal delay is the text's: nothing in the conventions lets anybody extend one, and it is refused with its words.
"""

from django.db import transaction

from cases.enums import DeadlineKind, Role
from cases.errors import Blocked, Forbidden, Invalid, NotFound, Reason
from cases.models import Deadline, Dossier, User
from cases.permissions import Holding, holdings_of
from cases.services import DossierClocks
from workflows.engine.context import StepContext
from workflows.engine.registry import get_path
from workflows.engine.seats import Place
from workflows.engine.step import Step
from workflows.rulebook import resolve
from workflows.services.locking import busy_is_conflict, checked_motive, lock_dossier
from workflows.services.records import record_act

#: The most that one extension adds, in the unit of the deadline (days, working days or months).
MAX_EXTENSION = 90


def extend_deadline(*, reference: str, deadline_id: int, amount: int, motive: str, actor: User) -> Dossier:
    """Add ``amount`` units (1 to 90, those of the deadline) to an internal deadline that is not over yet.

    Raises ``NotFound``, ``Forbidden`` (managers only), ``Blocked`` (a legal delay, with its words), ``Conflict`` (it is
    over), ``Invalid`` (amount, no motive).
    """
    with busy_is_conflict(), transaction.atomic():
        holdings = holdings_of(actor)
        dossier = lock_dossier(holdings=holdings, reference=reference)
        deadline = Deadline.objects.filter(dossier=dossier, pk=deadline_id).first()
        if deadline is None:
            raise NotFound(
                "Ce dossier n’a pas cette échéance. Rechargez la page pour voir celles qui courent."
            )
        path = get_path(dossier.path)
        step = path.step(deadline.step)
        held = extending_holding(dossier, step, holdings)
        if held is None:
            raise Forbidden(
                "Seul le pilotage de l’organisme qui tient l’étape peut prolonger son échéance. Demandez-le-lui."
            )
        if deadline.kind == DeadlineKind.LEGAL:
            message = "Un délai légal ne se prolonge pas : aucun texte ne le permet. L’acte reste à faire à sa date."
            quote = resolve(deadline.rule_ref).as_quote()
            raise Blocked(message, reasons=[Reason("legal_delay", message, "", quote)])
        motive = _checked(amount, motive)
        context = StepContext(
            dossier=dossier, path=path, step=step, actor=actor, capacity=held.capacity, motive=motive
        )
        clocks = DossierClocks(dossier)
        before, after = clocks.extend(deadline.pk, amount, motive)
        dossier.next_due_on = clocks.save()
        context.used_rules.add(deadline.rule_ref)
        context.changes["deadline"] = {
            "title": deadline.title,
            "amount": amount,
            "unit": deadline.unit,
            "due_on": [day.isoformat() if day else None for day in (before, after)],
        }
        record_act(context, action="extend", status_before=dossier.status, bump=False)
    return dossier


def extending_holding(dossier: Dossier, step: Step | None, holdings: tuple[Holding, ...]) -> Holding | None:
    """The holding under which its owner may extend internal deadlines of a step: the management of who holds it.

    A step that the dossier's own body holds: managers of that body or above. Any other one: managers of the fund.
    """
    own = step is not None and all(seat.place in (Place.OWN, Place.REGION) for seat in step.seats)
    body = dossier.organisation if own else dossier.organisation.parent or dossier.organisation
    return next((held for held in holdings if held.role == Role.MANAGER and held.covers(body.lineage)), None)


def extendable(
    dossier: Dossier, deadline: Deadline, step: Step | None, holdings: tuple[Holding, ...]
) -> bool:
    """Whether a person is offered to extend a deadline."""
    return (
        deadline.kind == DeadlineKind.INTERNAL
        and deadline.closed_at is None
        and any(held.role == Role.MANAGER for held in holdings)
        and extending_holding(dossier, step, holdings) is not None
    )


def _checked(amount: int, motive: str) -> str:
    """The motive without the blanks around it. Raises ``Invalid``."""
    if isinstance(amount, bool) or not 1 <= amount <= MAX_EXTENSION:
        message = f"Indiquez un nombre entier de 1 à {MAX_EXTENSION}."
        raise Invalid(message, details={"amount": [message]})
    motive = checked_motive(motive)
    if not motive:
        message = "Indiquez pourquoi l’échéance est prolongée."
        raise Invalid(message, details={"motive": [message]})
    if len(motive) > 300:
        message = "Le motif d’une prolongation tient en 300 caractères : résumez-le."
        raise Invalid(message, details={"motive": [message]})
    return motive
