"""Steps and outcomes of a file that its body signs, a desk reviews and somebody decides. Each call makes a new one.

Five paths have them; what differs (where a step leads, its guards, its rules) is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cases.enums import DossierStatus, Duty, Role
from workflows.engine.seats import Place
from workflows.engine.step import Clock, Effect, Guard, Outcome, Route, Step, Within, outcome

S = DossierStatus


def sign_off(
    transmit: Outcome,
    *,
    back: Any,
    within: str,
    rules: tuple[str, ...],
    place: Place | None = None,
    effects: Iterable[Effect] = (),
    help: str = "",
) -> Step:
    """The regional director hands the file over (``transmit``), or gives it back to the agent.

    ``effects`` and ``help`` are those of giving it back.
    """
    return Step(
        title="Signer et transmettre",
        role=Role.REGIONAL_DIRECTOR,
        place=place,
        duty=Duty.PREPARE,
        within=Within(within),
        rules=rules,
        outcomes=[
            transmit,
            outcome("return", "Renvoyer à l’agent", to=back, status=S.DRAFT, effects=effects, help=help),
        ],
    )


def request_pieces(*, to: Any = None, routes: Iterable[Route] = ()) -> Outcome:
    """The desk asks for what is missing; its clock stops meanwhile (``routes`` say so themselves)."""
    given = tuple(routes) or (Route(to, S.TO_COMPLETE, clock=Clock.SUSPEND),)
    return outcome(
        "request_pieces",
        "Demander un complément",
        routes=given,
        motive=True,
        rules=("calendar.review_suspension",),
    )


def complete_file(
    *,
    to: Any,
    guards: tuple[Guard, ...],
    within: str,
    rules: tuple[str, ...] = (),
    place: Place | None = None,
) -> Step:
    """The body adds what was asked for and sends the file back to the desk."""
    return Step(
        title="Compléter le dossier",
        role=Role.PREPARER,
        place=place,
        duty=Duty.PREPARE,
        edits=True,
        within=Within(within),
        rules=rules,
        outcomes=[
            outcome(
                "resubmit",
                "Renvoyer à l’instruction",
                to=to,
                status=S.UNDER_REVIEW,
                guards=guards,
                style="primary",
            )
        ],
    )


def send_back(to: Any) -> Outcome:
    """Whoever decides wants the desk to look again."""
    return outcome("send_back", "Renvoyer à l’instruction", to=to, status=S.UNDER_REVIEW, motive=True)


def refuse(to: Any, *effects: Effect) -> Outcome:
    """Whoever decides refuses, with a motive."""
    return outcome(
        "refuse",
        "Refuser",
        to=to,
        status=S.REFUSED,
        motive=True,
        rules=("refusal.motive",),
        effects=effects,
        style="danger",
    )


def close_step(end: Any, *, rules: tuple[str, ...] = ()) -> Step:
    """The desk files the dossier."""
    return Step(
        title="Clore le dossier",
        role=Role.REVIEWER,
        duty=Duty.EXECUTE,
        rules=rules,
        outcomes=[outcome("close", "Clore", to=end, status=S.CLOSED, style="primary")],
    )
