"""Records opinions: a round is opened, each who was asked answers or steps down, the round is closed.

These are the records that acts of ``workflows.services.perform`` leave: each function needs the caller's transaction
and its lock on the dossier.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import F, Max

from cases import clock, rows
from cases.errors import Conflict
from cases.models import Consultation, Dossier, Opinion, User
from cases.register_terms import OpinionAnswer, OpinionState


def seal_of(answer: str, text: str, nonce: str) -> str:
    """SHA-256 of an opinion in canonical form: the journal holds it before the words may be read."""
    content = json.dumps({"answer": answer, "nonce": nonce, "text": text}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def open_consultation(
    *, dossier: Dossier, step: str, confidential: bool, seats: Iterable[tuple[int, int | None]]
) -> Consultation:
    """Open the next round; ``seats`` are ids of bodies and, where people are asked, of the expert. Three statements."""
    last = Consultation.objects.filter(dossier=dossier, step=step).aggregate(last=Max("round"))["last"]
    now = clock.now()
    opened = Consultation.objects.create(
        dossier=dossier, step=step, round=(last or 0) + 1, confidential=confidential, opened_at=now
    )
    Opinion.objects.bulk_create(
        Opinion(consultation=opened, organisation_id=body, expert_id=expert, invited_at=now)
        for body, expert in seats
    )
    return opened


def give_opinion(
    *,
    dossier: Dossier,
    step: str,
    organisation_id: int,
    expert: User | None,
    actor: User,
    capacity: str,
    answer: OpinionAnswer,
    text: str,
    met_on: date | None = None,
) -> Opinion:
    """Write an opinion, once. ``expert`` for one asked of a person. Two statements. Raises ``Conflict``.

    An expert who was not asked takes a seat that nobody has: the path has checked that there is one.
    """
    opinion = _awaited(dossier, step, organisation_id, expert)
    opinion.state = OpinionState.GIVEN
    opinion.answer, opinion.text = answer, text
    opinion.nonce = secrets.token_hex(16)
    opinion.seal = seal_of(answer, text, opinion.nonce)
    opinion.expert = expert
    opinion.given_by, opinion.capacity = actor, capacity
    opinion.settled_at, opinion.met_on = clock.now(), met_on
    opinion.save()
    return opinion


def recuse(*, dossier: Dossier, step: str, organisation_id: int, expert: User, motive: str) -> Opinion:
    """The expert declares a conflict of interest and leaves the seat. Two statements. Raises ``Conflict``."""
    opinion = _awaited(dossier, step, organisation_id, expert)
    opinion.state, opinion.expert, opinion.motive = OpinionState.RECUSED, expert, motive
    opinion.settled_at = clock.now()
    opinion.save()
    return opinion


def replace(gone: Opinion, expert_id: int | None) -> Opinion:
    """Ask another expert in place of the one who stepped down; None: a seat to be taken. One statement."""
    return Opinion.objects.create(
        consultation=gone.consultation,
        organisation_id=gone.organisation_id,
        expert_id=expert_id,
        invited_at=clock.now(),
        replaces=gone,
    )


def lapse_opinion(*, dossier: Dossier, step: str, expert_id: int | None) -> None:
    """The delay of one expert, or of a seat that nobody took, is over without an opinion. One statement."""
    waiting = _open(dossier, step).filter(expert_id=expert_id).order_by("pk").values("pk")[:1]
    Opinion.objects.filter(pk__in=waiting).update(state=OpinionState.LAPSED, settled_at=clock.now())


def interrupt_consultation(*, dossier: Dossier, step: str) -> None:
    """The dossier is given up: nobody is asked any more. What was said in confidence stays closed. One statement."""
    _open(dossier, step).update(state=OpinionState.CANCELLED, settled_at=clock.now())


_CLOSE = """
WITH ended AS (
    UPDATE cases_consultation SET closed_at = %(now)s
     WHERE dossier_id = %(dossier)s AND step = %(step)s AND closed_at IS NULL RETURNING id
)
SELECT opinion.id, coalesce(nullif(expert.display_name, ''), expert.username, ''), body.code, opinion.state,
       opinion.answer, opinion.text, opinion.nonce, opinion.seal
  FROM cases_opinion opinion JOIN ended ON ended.id = opinion.consultation_id
  JOIN cases_organisation body ON body.id = opinion.organisation_id
  LEFT JOIN cases_user expert ON expert.id = opinion.expert_id
 ORDER BY opinion.invited_at, opinion.id
"""


def close_consultation(*, dossier: Dossier, step: str) -> list[dict[str, Any]]:
    """Close the open round; what is still awaited loses its object. Returns all that was said, for the journal.

    One statement, another when an opinion is still awaited.
    """
    now = clock.now()
    with rows.cursor() as cursor:
        cursor.execute(_CLOSE, {"now": now, "dossier": dossier.pk, "step": step})
        found = cursor.fetchall()
    awaited = [pk for pk, _, _, state, *_ in found if state == OpinionState.INVITED]
    if awaited:
        Opinion.objects.filter(pk__in=awaited).update(state=OpinionState.CANCELLED, settled_at=now)
    return [_told(*row) for row in found]


def _told(
    pk: int, by: str, organisation: str, state: str, answer: str, text: str, nonce: str, seal: str
) -> dict[str, Any]:
    if state == OpinionState.INVITED:
        state = OpinionState.CANCELLED.value
    said: dict[str, Any] = {"by": by, "organisation": organisation, "state": state}
    if state == OpinionState.GIVEN:
        said |= {"answer": answer, "text": text, "nonce": nonce, "seal": seal}
    return said


def _open(dossier: Dossier, step: str) -> Any:
    return Opinion.objects.filter(
        consultation__dossier=dossier,
        consultation__step=step,
        consultation__closed_at__isnull=True,
        state=OpinionState.INVITED,
    )


def _awaited(dossier: Dossier, step: str, organisation_id: int, expert: User | None) -> Opinion:
    """The opinion that is awaited of a person or a body: one's own, else a seat that nobody has."""
    asked = _open(dossier, step).filter(organisation_id=organisation_id)
    if expert is None:
        found = asked.first()
    else:
        found = (
            (asked.filter(expert__in=[expert]) | asked.filter(expert__isnull=True))
            .order_by(F("expert").asc(nulls_last=True), "pk")
            .first()
        )
    if found is None:
        raise Conflict(
            "Cet avis a déjà été rendu, ou la consultation est close. Rechargez la page pour voir où elle en est."
        )
    return found  # type: ignore[no-any-return]
