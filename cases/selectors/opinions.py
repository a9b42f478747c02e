"""Opinions: whom to ask, who was asked, and what a reader may see of them before and after a consultation is closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Prefetch, Q

from cases import clock
from cases.enums import Role
from cases.models import Absence, Consultation, Dossier, Opinion, User
from cases.register_terms import OpinionAnswer, OpinionState


@dataclass(frozen=True, slots=True)
class OpinionShown:
    """One opinion as a reader sees it: ``answer`` and ``text`` stay empty while closed to them."""

    who: str
    body: str
    state: str
    state_label: str
    answer: str
    answer_label: str
    text: str
    motive: str
    settled_at: datetime | None
    seal: str
    nonce: str
    replaces: str
    own: bool


@dataclass(frozen=True, slots=True)
class ConsultationShown:
    """One round as a reader sees it. ``closed_to_reader``: confidential and not over."""

    step: str
    round: int
    opened_at: datetime
    closed_at: datetime | None
    closed_to_reader: bool
    opinions: tuple[OpinionShown, ...]

    @property
    def interrupted(self) -> bool:
        """Whether the dossier was given up meanwhile: nobody is asked any more, and what was said stays closed."""
        return self.closed_at is None and all(one.state != OpinionState.INVITED for one in self.opinions)

    @property
    def given(self) -> int:
        """How many opinions have been given."""
        return sum(one.state == OpinionState.GIVEN for one in self.opinions)

    @property
    def asked(self) -> int:
        """How many seats there are: who stepped down has left theirs to another."""
        return sum(one.state != OpinionState.RECUSED for one in self.opinions)


def consultations_of(dossier: Dossier, user_id: int | None) -> tuple[ConsultationShown, ...]:
    """The rounds of a dossier, the latest first, as ``user_id`` may read them. Two statements.

    Nobody, whatever their role, reads what another expert answered before a confidential round is closed.
    """
    rounds = Consultation.objects.filter(dossier=dossier).order_by("-opened_at", "-pk")
    asked = Opinion.objects.select_related("expert", "organisation", "given_by")
    found = rounds.prefetch_related(Prefetch("opinions", asked))
    return tuple(_shown(one, user_id) for one in found)


def _shown(one: Consultation, user_id: int | None) -> ConsultationShown:
    closed = one.confidential and one.closed_at is None
    opinions = list(one.opinions.all())
    names = {opinion.pk: str(opinion.expert) for opinion in opinions if opinion.expert is not None}
    return ConsultationShown(
        step=one.step,
        round=one.round,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        closed_to_reader=closed,
        opinions=tuple(
            _opinion(
                opinion,
                own=user_id is not None and opinion.expert_id == user_id,
                closed=closed,
                replaces=names.get(opinion.replaces_id or 0, ""),
            )
            for opinion in opinions
        ),
    )


def _opinion(opinion: Opinion, *, own: bool, closed: bool, replaces: str) -> OpinionShown:
    readable = own or not closed
    answer = opinion.answer if readable else ""
    return OpinionShown(
        who=str(opinion.expert) if opinion.expert else str(opinion.given_by or ""),
        body=opinion.organisation.name,
        state=opinion.state,
        state_label=OpinionState(opinion.state).label,
        answer=answer,
        answer_label=str(OpinionAnswer(answer).label) if answer else "",
        text=opinion.text if readable else "",
        motive=opinion.motive,
        settled_at=opinion.settled_at,
        seal=opinion.seal,
        nonce=opinion.nonce if readable else "",
        replaces=replaces,
        own=own,
    )


def experts_to_invite(
    *, role: Role, organisation_id: int, excluded: Collection[int], count: int
) -> list[User]:
    """Who is asked: holders of the role on that body today, those who are there first, then who has least in hand.

    At most ``count``, none of ``excluded``. One statement.
    """
    today = clock.today()
    away = Absence.objects.filter(
        user=OuterRef("pk"), first_day__lte=today, last_day__gte=today, cancelled_at__isnull=True
    )
    held = Q(
        role_grants__role=role,
        role_grants__organisation_id=organisation_id,
        role_grants__valid_from__lte=today,
    ) & (Q(role_grants__valid_until__isnull=True) | Q(role_grants__valid_until__gte=today))
    found = (
        User.objects.filter(held, is_active=True)
        .exclude(pk__in=excluded)
        .annotate(
            away=Exists(away),
            in_hand=Count("opinions", filter=Q(opinions__state=OpinionState.INVITED), distinct=True),
        )
        .order_by("away", "in_hand", "pk")
    )
    return list(found[:count])


def stepped_down(dossier: Dossier, step: str) -> set[int]:
    """Experts who declared a conflict of interest on this dossier, in any round. One statement."""
    gone = Opinion.objects.filter(
        consultation__dossier=dossier, consultation__step=step, state=OpinionState.RECUSED
    )
    return {pk for pk in gone.values_list("expert_id", flat=True) if pk is not None}


def places_in(dossier: Dossier, step: str) -> dict[int, str]:
    """The experts of the round that is open, by id, with the state of their opinion. One statement."""
    rows: Iterable[tuple[int | None, str]] = Opinion.objects.filter(
        consultation__dossier=dossier, consultation__step=step, consultation__closed_at__isnull=True
    ).values_list("expert_id", "state")
    return {expert: state for expert, state in rows if expert is not None}
