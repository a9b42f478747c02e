"""The calendar of the conventions as one person sees it: what falls due, and where the dossiers one may read are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cases.enums import DossierStatus
from cases.errors import Quote
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to
from workflows.calendar import Occurrence, all_obligations, is_closed, occurrences, occurrences_in_year
from workflows.engine.obligations import PATH
from workflows.rulebook import Obligation, Party, rulebooks

S = DossierStatus

#: An occurrence: obligation, exercise, position in it, and the dossier that owes it where each running dossier does.
Place = tuple[str, int, int, str]

#: Statuses in which the document has not left yet.
IN_HAND = frozenset({S.DRAFT.value, S.SUBMITTED.value})


@dataclass(frozen=True, slots=True)
class CalendarFilters:
    """What to show: a calendar year, and if wanted one party (owner or addressee), convention and kind."""

    year: int
    party: str = ""
    convention: str = ""
    kind: str = ""

    def keep(self, obligation: Obligation) -> bool:
        """Whether an obligation passes."""
        return (
            (not self.party or self.party in (*obligation.owners, *obligation.addressees))
            and (not self.convention or self.convention == obligation.convention)
            and (not self.kind or self.kind == obligation.kind)
        )


@dataclass(frozen=True, slots=True)
class OpenDossier:
    """The dossier of an occurrence, for somebody who may read it."""

    reference: str
    status: str
    label: str
    transmitted_on: date | None

    @property
    def in_hand(self) -> bool:
        """Whether the document has still to leave."""
        return self.status in IN_HAND


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One occurrence on the page. ``days_late``: since its day, when its dossier may be read and the document has not
    left; otherwise 0.
    """

    occurrence: Occurrence
    dossier: OpenDossier | None
    days_late: int
    past: bool
    closed: bool

    @property
    def late(self) -> bool:
        """Whether it should have left."""
        return self.days_late > 0

    @property
    def due_on(self) -> date | None:
        """The day, if the text or its reading gives one."""
        return self.occurrence.due_on

    @property
    def obligation(self) -> Obligation:
        """The obligation."""
        return self.occurrence.obligation

    @property
    def title(self) -> str:
        """What is due, the exercise written in full."""
        return self.occurrence.title

    @property
    def owners(self) -> str:
        """Who owes it."""
        return ", ".join(party.label for party in self.obligation.owners)

    @property
    def addressees(self) -> str:
        """To whom; empty when the text names nobody."""
        return ", ".join(party.label for party in self.obligation.addressees)

    @property
    def quote(self) -> Quote:
        """Its words."""
        return self.obligation.rule.as_quote()

    @property
    def derived(self) -> bool:
        """Whether the day is the project's reading."""
        return self.obligation.rule.status == "derived"


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """``late`` of any year first, then the ``dated`` ones of the year by date, then the ``undated`` ones."""

    late: tuple[CalendarRow, ...]
    dated: tuple[CalendarRow, ...]
    undated: tuple[CalendarRow, ...]


def calendar_page(
    user: Any, filters: CalendarFilters, *, today: date, holdings: tuple[Holding, ...] | None = None
) -> CalendarPage:
    """The calendar of one year. One statement, whatever the number of dossiers on the page."""
    dossiers = _dossiers(user, holdings)
    wanted = [one for one in all_obligations() if filters.keep(one)]
    closed = {key for key, book in rulebooks().items() if is_closed(book, today)}

    def row(one: Occurrence) -> CalendarRow:
        dossier = dossiers.get(_place(one))
        past = one.is_past(today)
        late = past and one.due_on is not None and dossier is not None and dossier.in_hand
        days_late = (today - one.due_on).days if late and one.due_on is not None else 0
        return CalendarRow(one, dossier, days_late, past, one.obligation.convention in closed)

    rows = [
        row(each)
        for obligation in wanted
        for one in occurrences_in_year(obligation, filters.year)
        for each in _each(one, dossiers)
    ]
    return CalendarPage(
        late=tuple(sorted(_late(map(row, _with_dossier(wanted, dossiers))), key=_by_day)),
        dated=tuple(sorted((one for one in rows if one.due_on is not None), key=_by_day)),
        undated=tuple(one for one in rows if one.due_on is None),
    )


def _late(rows: Iterable[CalendarRow]) -> Iterator[CalendarRow]:
    return (one for one in rows if one.late)


def _by_day(row: CalendarRow) -> tuple[date, int, int]:
    return row.due_on or date.min, int(row.obligation.number[1:]), row.occurrence.exercise


def _place(one: Occurrence) -> Place:
    return one.key, one.exercise, one.position, one.about


def _each(occurrence: Occurrence, dossiers: Mapping[Place, OpenDossier]) -> Iterator[Occurrence]:
    """What running dossiers owe on their own: a row for each that was opened; without any, the one row as it is."""
    abouts = (
        sorted(about for *place, about in dossiers if about and tuple(place) == _place(occurrence)[:3])
        if occurrence.obligation.per_path
        else ()
    )
    yield from (replace(occurrence, about=about) for about in abouts)
    if not abouts:
        yield occurrence


def _with_dossier(
    wanted: Iterable[Obligation], dossiers: Mapping[Place, OpenDossier]
) -> Iterator[Occurrence]:
    exercises: dict[str, set[int]] = {}
    for key, exercise, *_ in dossiers:
        exercises.setdefault(key, set()).add(exercise)
    for obligation in wanted:
        for one in occurrences(obligation, sorted(exercises.get(obligation.key, ()))):
            yield from _each(one, dossiers)


def _dossiers(user: Any, holdings: tuple[Holding, ...] | None) -> dict[Place, OpenDossier]:
    """The dossiers of the calendar that ``user`` may read: the first one of each occurrence, unless withdrawn."""
    rows = (
        dossiers_visible_to(user, holdings)
        .filter(path=PATH)
        .order_by("-pk")
        .values_list("data", "reference", "status", "results")
    )
    found: dict[Place, OpenDossier] = {}
    for data, reference, status, results in rows:
        place = (
            data["obligation"],
            int(data["exercise"]),
            int(data.get("period") or 1),
            data.get("about") or "",
        )
        if status == S.WITHDRAWN.value and place in found:
            continue
        sent = results.get("transmit", {}).get("transmitted_on")
        found[place] = OpenDossier(
            reference, status, S(status).label, date.fromisoformat(sent) if sent else None
        )
    return found


def parties_named() -> tuple[Party, ...]:
    """Every party that owes or receives something, in the order of the enumeration."""
    named = {party for one in all_obligations() for party in (*one.owners, *one.addressees)}
    return tuple(party for party in Party if party in named)
