"""Moves a dossier along the one life cycle; the arrows are in ``cases.enums.STATUS_MOVES``."""

from django_fsm import TransitionNotAllowed

from cases.enums import DossierStatus
from cases.errors import Blocked, Reason
from cases.models import Dossier

S = DossierStatus

#: The django-fsm method that reaches each status.
METHODS: dict[DossierStatus, str] = {
    S.DRAFT: "return_to_draft",
    S.SUBMITTED: "submit",
    S.UNDER_REVIEW: "take_under_review",
    S.TO_COMPLETE: "ask_to_complete",
    S.IN_CONSULTATION: "consult",
    S.AWAITING_DECISION: "await_decision",
    S.AWAITING_AUTHORITY: "await_authority",
    S.APPROVED: "approve",
    S.ENFORCEABLE: "make_enforceable",
    S.EXECUTED: "execute",
    S.REFUSED: "refuse",
    S.LAPSED: "lapse",
    S.WITHDRAWN: "withdraw",
    S.CLOSED: "close",
}


def move(dossier: Dossier, target: DossierStatus) -> None:
    """Set the status in memory; the caller saves. Staying put is no move. Raises ``Blocked`` where no arrow leads."""
    if dossier.status == target.value:
        return
    try:
        getattr(dossier, METHODS[target])()
    except TransitionNotAllowed:
        message = (
            f"Un dossier « {DossierStatus(dossier.status).label} » ne peut pas passer à l’état « {target.label} ». "
            "Rechargez la page pour voir où il en est."
        )
        raise Blocked(message, reasons=[Reason("life_cycle", message)]) from None
