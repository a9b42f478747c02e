"""Rows of the register of notices: each with what became of its mails; page by page, or all for a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, Min, Q, QuerySet

from cases.errors import Invalid
from cases.models import LegalNotice
from cases.permissions import Holding, holdings_of
from workflows.selectors.notices import (
    NoticeState,
    elapsed_days,
    is_late,
    register,
    state_of,
)
from workflows.selectors.notices_filters import RegisterFilters
from workflows.selectors.notices_totals import Tally, tallies

#: How many rows a page of the site holds, and a file.
PAGE_SIZE = 25
MOST_ROWS = 5_000


class MailState(models.TextChoices):
    """What became of the mails of a notice, the best of them when several people were written to."""

    DELIVERED = "delivered", "remis au serveur"
    SENDING = "sending", "en cours d’envoi"
    BOUNCED = "bounced", "refusé par le serveur du destinataire"
    FAILED = "failed", "en échec"
    UNADDRESSED = "unaddressed", "aucune adresse"
    SETTLED = "settled", "non envoyé"
    NONE = "none", "aucun courriel"


#: The words of the outbox for each state, the best one first; it lies in an application that this one cannot import.
OUTBOX_STATES: dict[MailState, tuple[str, ...]] = {
    MailState.DELIVERED: ("delivered",),
    MailState.SENDING: ("pending", "sending", "bundled"),
    MailState.BOUNCED: ("bounced",),
    MailState.FAILED: ("failed",),
    MailState.UNADDRESSED: ("unaddressed",),
    MailState.SETTLED: ("settled",),
}
_MAIL = Q(mails__channel="email")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The mails of one notice. ``delivered_at``: when a mail server first took one, that did not come back if there is
    one; ``numbers``: how many in each state.
    """

    state: MailState
    delivered_at: datetime | None
    numbers: dict[MailState, int]

    @property
    def troubled(self) -> list[tuple[MailState, int]]:
        """Mails that reach nobody although another one did or may still: what the state alone would hide."""
        return [
            (state, self.numbers[state])
            for state in (MailState.BOUNCED, MailState.FAILED, MailState.UNADDRESSED)
            if self.numbers.get(state) and state != self.state
        ]


UNSENT = Delivery(MailState.NONE, None, {})


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One addressee told of one virement, as it stood when it was read. ``late``: the delay was or is exceeded;
    ``days``: from the act to the receipt, or to that day.
    """

    notice: LegalNotice
    delivery: Delivery
    state: NoticeState
    late: bool
    days: int

    @property
    def reference(self) -> str:
        """Of the dossier."""
        return self.notice.dossier.reference

    @property
    def title(self) -> str:
        """Of the dossier."""
        return self.notice.dossier.title

    @property
    def fund(self) -> str:
        """Code of the fund whose credits moved."""
        return str(self.notice.dossier.data.get("fund", ""))

    @property
    def exercise(self) -> int | None:
        """Year of the budget."""
        return self.notice.dossier.exercise

    @property
    def addressee(self) -> str:
        """Who is told."""
        return self.notice.organisation.name

    @property
    def as_tally(self) -> Tally:
        """The row as totals count it."""
        return Tally(self.notice.organisation.code, self.addressee, self.state, self.days)


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """A page of the register, latest act first; ``next_cursor`` is empty on the last. ``tallies`` count the whole
    selection and ``any_state`` what it would be without the filter on the state.
    """

    rows: tuple[RegisterRow, ...]
    next_cursor: str
    tallies: tuple[Tally, ...]
    any_state: tuple[Tally, ...]

    @property
    def count(self) -> int:
        """Rows of the whole selection."""
        return sum(one.number for one in self.tallies)

    @property
    def count_is_exact(self) -> bool:
        """As the pager asks."""
        return True


def register_page(
    user: Any,
    filters: RegisterFilters,
    *,
    holdings: tuple[Holding, ...] | None = None,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> RegisterPage:
    """The page after ``cursor``, and what totals are made of. Three statements. Raises ``Invalid`` (broken cursor)."""
    held = holdings_of(user) if holdings is None else holdings
    found = register(user, holdings=held, **filters.as_arguments())
    notices = list(_after(found, cursor)[: size + 1])
    shown = notices[:size]
    counted = tallies(register(user, holdings=held, **filters.without_state().as_arguments()))
    return RegisterPage(
        rows=with_deliveries(shown),
        next_cursor=f"{shown[-1].happened_on}.{shown[-1].pk}" if len(notices) > size else "",
        tallies=tuple(one for one in counted if not filters.state or one.state == filters.state),
        any_state=tuple(counted),
    )


def register_rows(
    user: Any,
    filters: RegisterFilters,
    *,
    holdings: tuple[Holding, ...] | None = None,
    most: int = MOST_ROWS,
) -> tuple[RegisterRow, ...]:
    """Every row of a selection, for a file. Two statements. Raises ``Invalid`` when there are more than ``most``."""
    found = register(user, holdings=holdings, **filters.as_arguments())
    notices = list(found[: most + 1])
    if len(notices) > most:
        message = (
            f"La sélection compte {found.count()} informations ; un fichier en porte {most} au plus. "
            "Réduisez-la, par exemple à un exercice ou à une période, et recommencez."
        )
        raise Invalid(message, details={"rows": [message]})
    return with_deliveries(notices)


def with_deliveries(notices: Collection[LegalNotice]) -> tuple[RegisterRow, ...]:
    """Rows of notices whose dossier and addressee were read with them. One statement, none for no notice."""
    found = deliveries(one.pk for one in notices)
    return tuple(
        RegisterRow(one, found.get(one.pk, UNSENT), state_of(one), is_late(one), elapsed_days(one))
        for one in notices
    )


def deliveries(notice_ids: Iterable[int]) -> dict[int, Delivery]:
    """What became of the mails of each notice that has any. One statement, none for no notice."""
    ids = list(notice_ids)
    if not ids:
        return {}
    taken = Q(mails__state="settled", mails__delivered_at__isnull=False)  # settled since: it was delivered
    conditions = {state: Q(mails__state__in=words) & ~taken for state, words in OUTBOX_STATES.items()}
    conditions[MailState.DELIVERED] |= taken
    counts = {state.value: Count("mails", filter=_MAIL & one) for state, one in conditions.items()}
    rows = (
        LegalNotice.objects.filter(pk__in=ids)
        .annotate(
            first=Min("mails__delivered_at", filter=_MAIL & ~Q(mails__state="bounced")),
            sent_back=Min("mails__delivered_at", filter=_MAIL),
            **counts,
        )
        .values("pk", "first", "sent_back", *counts)
        .order_by("pk")
    )
    found: dict[int, Delivery] = {}
    for row in rows:
        numbers = {state: row[state.value] for state in OUTBOX_STATES if row[state.value]}
        if numbers:
            found[row["pk"]] = Delivery(next(iter(numbers)), row["first"] or row["sent_back"], numbers)
    return found


def _after(notices: QuerySet[LegalNotice], cursor: str) -> QuerySet[LegalNotice]:
    """The notices that follow the last one of the former page. Raises ``Invalid``."""
    if not cursor:
        return notices
    day, _, identifier = cursor.partition(".")
    try:
        last = date.fromisoformat(day)
        if not (identifier.isascii() and identifier.isdecimal() and len(identifier) < 19):
            raise ValueError(cursor)
    except ValueError:
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]}) from None
    return notices.filter(Q(happened_on__lt=last) | Q(happened_on=last, pk__lt=int(identifier)))
