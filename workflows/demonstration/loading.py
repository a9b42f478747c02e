"""Plays the demonstration: each act at its moment, by the person whose role it is, through the services."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.core.files.base import ContentFile
from django.db import connection, transaction

from cases import clock
from cases.budget_tables import BUDGET_YEARS
from cases.models import Dossier, Exercise, Facility, Organisation, User
from cases.services import close_exercise, load_budgets, open_exercise
from cases.services.reference_data import load_organisations
from workflows.demonstration import sessions
from workflows.demonstration.budgets_past import BUDGETS_PAST
from workflows.demonstration.budgets_recent import BUDGETS_RECENT
from workflows.demonstration.calendar_stories import CALENDAR
from workflows.demonstration.credits_past import CREDITS_PAST
from workflows.demonstration.credits_recent import CREDITS_RECENT
from workflows.demonstration.delegations import create_delegations
from workflows.demonstration.desk import create_motives
from workflows.demonstration.disposal_stories import DISPOSALS
from workflows.demonstration.facilities import create_facilities
from workflows.demonstration.opening_stories import OPENINGS
from workflows.demonstration.past import PAST
from workflows.demonstration.people import create_people
from workflows.demonstration.pieces import piece_file
from workflows.demonstration.properties import create_properties, value_properties
from workflows.demonstration.recent import RECENT
from workflows.demonstration.restructuring_stories import RESTRUCTURINGS
from workflows.demonstration.stories import Act, Story
from workflows.demonstration.timetable import Appointment, appointments, exercises
from workflows.selectors.actions import open_tasks
from workflows.services import (
    add_document,
    claim,
    create_draft,
    expire_deadlines,
    lapse_credits,
    open_obligations_of,
    perform,
    post_message,
    post_note,
    update_draft,
)

#: Dossiers of credits.
CREDITS: tuple[Story, ...] = (*BUDGETS_PAST, *CREDITS_PAST, *BUDGETS_RECENT, *CREDITS_RECENT)

#: Restructurings, ouverture plans, disposals of buildings.
HEADLINES: tuple[Story, ...] = (*RESTRUCTURINGS, *OPENINGS, *DISPOSALS)

#: Everything that is told.
STORIES: tuple[Story, ...] = (*PAST, *RECENT, *CREDITS, *CALENDAR, *HEADLINES)

#: The first working day on which the roles are held.
INSTALLED_AT = datetime(2014, 1, 2, 8, 0, tzinfo=UTC)

#: The last year that the convention prints; later ones are opened by carrying it forward.
CARRIED_FROM = BUDGET_YEARS[-1]

#: Month and day of the next year on which the accounts of an exercise are closed (rule « exercise.accounts_closed »).
CLOSING = (4, 10)

#: Two loads at once: the second one waits, then finds dossiers and does nothing.
_LOCK = 0x64656D6F


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded: number of accounts, facilities, dossiers and acts."""

    people: int
    facilities: int
    dossiers: int
    acts: int


def has_dossiers() -> bool:
    """Whether people have filed dossiers: those that the system opens of the calendar are in nobody's way."""
    return Dossier.objects.filter(created_by__isnull=False).exists()


@transaction.atomic
def load(
    *,
    small: bool = False,
    stories: Iterable[Story] = STORIES,
    progress: Callable[[int, int], None] | None = None,
) -> Loaded | None:
    """Load the demonstration; None, and nothing written, when there is any dossier already (``has_dossiers``).

    All of it or nothing: killed on its way, it leaves no row (files of pieces without a row may stay in the
    storage). ``small``: about two dozen dossiers that still show every path and every status. ``progress`` is told the
    acts done and the acts in all. Raises ``ClockTooEarly``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if has_dossiers():
        return None
    told = tuple(one for one in stories if one.small or not small)
    today = clock.today()
    planned = appointments(told, today=today)
    years = exercises(told, today=today)
    open_exercises({year for one, year in zip(told, years, strict=True) if one.opens_exercise}, today)
    with clock.at(INSTALLED_AT):
        load_organisations()
        organisations = {
            one.code: one for one in Organisation.objects.select_related("parent").order_by("pk")
        }
        people = create_people(organisations)
        facilities = create_facilities(organisations, people)
        create_properties(organisations, people)
    value_properties(people, today=today)
    tellings = [
        Telling(one, year, organisations[one.body], people, facilities)
        for one, year in zip(told, years, strict=True)
    ]
    for done, appointment in enumerate(planned, start=1):
        _keep(tellings[appointment.number], appointment)
        if progress is not None:
            progress(done, len(planned))
    with clock.at(planned[-1].moment if planned else clock.now()):
        _sweep()  # a delay that was not kept is said so from the start
    create_delegations(organisations, people)
    create_motives(organisations, people)
    return Loaded(len(people), len(facilities), len(tellings), len(planned))


def open_exercises(years: Iterable[int], today: date) -> None:
    """Have the budgets of these years: some stories count in the year before the current one.

    That one is opened as the current one is, by carrying the last printed budget forward, and closed on its day.
    """
    load_budgets()
    known = set(Exercise.objects.order_by("year").values_list("year", flat=True))
    for year in sorted(set(years) - known):
        open_exercise(year=year, carried_from=CARRIED_FROM)
        if year < today.year:
            close_exercise(year=year, on=date(year + 1, *CLOSING))


def _sweep() -> None:
    """Do what the end of delays brings about, as the hourly sweep does."""
    if failed := expire_deadlines().failed:
        raise RuntimeError(f"the sweep failed: {failed}")


def _keep(telling: "Telling", appointment: Appointment) -> None:
    with clock.at(appointment.moment):
        try:
            telling.do(appointment.act)
        except Exception as error:
            error.add_note(f"{appointment.act.verb} — {telling.story.title}, {appointment.moment}")
            raise


class Telling:
    """One story being told: its dossier once there is one."""

    def __init__(
        self,
        story: Story,
        exercise: int,
        organisation: Organisation,
        people: dict[str, User],
        facilities: dict[str, Facility],
    ) -> None:
        self.story = story
        self.exercise = exercise
        self.organisation = organisation
        self.people = people
        self.facilities = facilities
        self.dossier: Dossier | None = None

    def who(self, name: str) -> User:
        """The person who does an act (``Act.who``)."""
        return self.people[self.story.account(name)]

    @property
    def told(self) -> Dossier:
        """The dossier, as it was made."""
        if self.dossier is None:
            raise RuntimeError("the first act creates the dossier")
        return self.dossier

    @property
    def reference(self) -> str:
        """Reference of the dossier."""
        return self.told.reference

    def do(self, act: Act) -> None:
        """Do one act now."""
        match act.verb:
            case "create":
                self.dossier = create_draft(
                    path=self.story.path,
                    organisation=self.organisation,
                    actor=self.who("filer"),
                    data=self.story.data(self.exercise),
                )
            case "piece":
                self._file(act.piece)
            case "edit":
                data = act.data_on(clock.today()) or {}
                update_draft(reference=self.reference, actor=self.who("filer"), data=data, version=None)
            case "claim":
                claim(task_id=open_tasks(self.told.process_id).get().pk, actor=self.who("desk"))
            case "message":
                post_message(reference=self.reference, text=act.motive, actor=self.who(act.who))
            case "note":
                post_note(reference=self.reference, text=act.motive, actor=self.who(act.who))
            case "lapse":
                self._lapse()
            case "expire":
                _sweep()
            case "year_end":
                lapse_credits(year=self.exercise)
            case "agenda":
                sessions.put_on(self.reference, dict(act.data_on(clock.today()) or {}), self.who(act.who))
            case "minutes":
                sessions.close(self.told, dict(act.data_on(clock.today()) or {}), self.who(act.who))
            case "balance_open":
                open_obligations_of(self.story.path, clock.today())
            case "balance_piece":
                self._file(act.piece, of=self._balance(), who=act.who)
            case _:
                perform(
                    reference=self._balance() if act.verb == "balance" else self.reference,
                    step=act.step,
                    outcome=act.outcome,
                    actor=self.who(act.who),
                    data=act.data_on(clock.today()),
                    motive=act.motive,
                )

    def _balance(self) -> str:
        """Reference of the document that the dossier owes for this year."""
        owed = Dossier.objects.filter(data__about=self.reference, exercise=clock.today().year)
        return owed.values_list("reference", flat=True).get()

    def _file(self, kind: str, *, of: str = "", who: str = "filer") -> None:
        reference = of or self.reference
        data = Dossier.objects.values_list("data", flat=True).get(reference=reference)
        known = {code: str(facility) for code, facility in self.facilities.items()}
        name, content = piece_file(kind, data, body=self.organisation.name, facilities=known)
        add_document(
            reference=reference,
            kind=kind,
            file=ContentFile(content, name=name),
            actor=self.who(who),
        )

    def _lapse(self) -> None:
        """Let the sweep of that day find the delay over; another dossier's sweep may have done it."""
        _sweep()
        if open_tasks(self.told.process_id).exists():
            raise RuntimeError(f"{self.reference}: the delay is not over")
