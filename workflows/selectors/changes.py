"""What others did since the previous working day on the dossiers that a person reads."""

from dataclasses import dataclass
from datetime import date, timedelta

from cases import clock
from cases.calendar import is_working_day
from cases.models import Dossier, JournalEntry, User
from cases.permissions import Holding
from cases.selectors import dossiers_visible_to

#: How many dossiers are told of, how many acts of each, and how many acts are read for that.
DOSSIERS, ACTS, READ = 10, 2, 300
#: Acts that change nothing of a dossier: who has it in hand today is no news.
NO_NEWS = ("claim", "release")


@dataclass(frozen=True, slots=True)
class Changed:
    """A dossier and what was done on it, the latest act first; ``more``: how many further acts."""

    dossier: Dossier
    entries: tuple[JournalEntry, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the day ``since``. ``others``: how many further dossiers; ``at_least``: or even more."""

    since: date
    dossiers: tuple[Changed, ...]
    others: int
    at_least: bool


def previous_working_day(day: date) -> date:
    """The last working day before ``day``."""
    before = day - timedelta(1)
    while not is_working_day(before):
        before -= timedelta(1)
    return before


def changes_for(user: User, holdings: tuple[Holding, ...]) -> Changes:
    """What others, or the system, did since the start of the previous working day. One statement."""
    since = previous_working_day(clock.today())
    found = list(
        JournalEntry.objects.filter(
            at__gte=clock.start_of(since), dossier__in=dossiers_visible_to(user, holdings).order_by()
        )
        .exclude(actor=user)
        .exclude(action__in=NO_NEWS)
        .select_related("dossier__organisation")
        .order_by("-at", "-pk")[: READ + 1]
    )
    by_dossier: dict[int, list[JournalEntry]] = {}
    for entry in found[:READ]:
        by_dossier.setdefault(entry.dossier_id, []).append(entry)
    shown = [
        Changed(entries[0].dossier, tuple(entries[:ACTS]), max(len(entries) - ACTS, 0))
        for entries in list(by_dossier.values())[:DOSSIERS]
    ]
    return Changes(since, tuple(shown), max(len(by_dossier) - DOSSIERS, 0), len(found) > READ)
