"""Plays the demonstration: each act at its moment, by the person whose role it is, through the services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.files.base import ContentFile
from django.db import connection, transaction
from viewflow.workflow.models import Task

from cases import clock, demo_pieces
from cases.models import Dossier, Facility, Organisation, User
from cases.services.reference_data import load_organisations
from workflows.demonstration.facilities import create_facilities
from workflows.demonstration.operations import Act, Operation
from workflows.demonstration.past import PAST
from workflows.demonstration.people import create_people
from workflows.demonstration.recent import RECENT
from workflows.demonstration.timetable import Appointment, appointments
from workflows.selectors.actions import open_tasks
from workflows.services import add_document, claim, create_draft, perform, update_draft

PATH = "fnmo_investment"

#: The first working day on which the roles are held.
INSTALLED_AT = datetime(2014, 1, 2, 8, 0, tzinfo=UTC)

#: Two loads at once: the second one waits, then finds dossiers and does nothing.
_LOCK = 0x64656D6F

_PIECE_NAMES = {"presentation_note": "Note de présentation.pdf", "economic_file": "Dossier économique.pdf"}

#: Verb → step and outcome of ``perform``, and who does it (``Story.who``).
_PERFORMED: dict[str, tuple[str, str, str]] = {
    "submit": ("prepare", "submit", "agent"),
    "return": ("sign_off", "return", "directeur"),
    "transmit": ("sign_off", "transmit", "directeur"),
    "request_pieces": ("check", "request_pieces", "desk"),
    "complete": ("check", "complete", "desk"),
    "resubmit": ("complete_file", "resubmit", "agent"),
    "approve": ("decide", "approve", "dg.canssm"),
    "refuse": ("decide", "refuse", "dg.canssm"),
    "send_back": ("decide", "send_back", "dg.canssm"),
    "commit": ("commit", "commit", "directeur"),
    "revise_cost": ("commit", "revise_cost", "directeur"),
    "close": ("close", "close", "desk"),
    "withdraw": ("withdraw", "withdraw", "agent"),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded: number of accounts, facilities, dossiers and acts."""

    people: int
    facilities: int
    dossiers: int
    acts: int


@transaction.atomic
def load(*, small: bool = False, progress: Callable[[int, int], None] | None = None) -> Loaded | None:
    """Load the demonstration; None, and nothing written, when there is any dossier already.

    All of it or nothing: killed on its way, it leaves no row (files of pieces without a row may stay in the
    storage). ``small``: about a dozen dossiers that still show every status. ``progress`` is told the acts
    done and the acts in all. Raises ``ClockTooEarly``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if Dossier.objects.exists():
        return None
    operations = tuple(one for one in (*PAST, *RECENT) if one.small or not small)
    planned = appointments(operations, today=clock.today())
    with clock.at(INSTALLED_AT):
        load_organisations()
        organisations = {
            one.code: one for one in Organisation.objects.select_related("parent").order_by("pk")
        }
        people = create_people(organisations)
        facilities = create_facilities(organisations)
    stories = [Story(one, organisations[one.body], people, facilities) for one in operations]
    for done, appointment in enumerate(planned, start=1):
        _keep(stories[appointment.number], appointment)
        if progress is not None:
            progress(done, len(planned))
    return Loaded(len(people), len(facilities), len(stories), len(planned))


def _keep(story: "Story", appointment: Appointment) -> None:
    with clock.at(appointment.moment):
        try:
            story.do(appointment.act)
        except Exception as error:
            error.add_note(f"{appointment.act.verb} — {story.operation.title}, {appointment.moment}")
            raise


class Story:
    """One operation being told: its dossier once there is one."""

    def __init__(
        self,
        operation: Operation,
        organisation: Organisation,
        people: dict[str, User],
        facilities: dict[str, Facility],
    ) -> None:
        self.operation = operation
        self.organisation = organisation
        self.people = people
        self.facilities = facilities
        self.dossier: Dossier | None = None

    def who(self, name: str) -> User:
        """« agent » and « directeur » are those of the body, « desk » the one that reviews this operation."""
        if name in ("agent", "directeur"):
            return self.people[f"{name}.{self.operation.body.removeprefix('carmi-')}"]
        return self.people[self.operation.desk if name == "desk" else name]

    @property
    def reference(self) -> str:
        """Reference of the dossier."""
        if self.dossier is None:
            raise RuntimeError("the first act creates the dossier")
        return self.dossier.reference

    def do(self, act: Act) -> None:
        """Do one act now."""
        if act.verb == "create":
            self._create()
        elif act.verb == "piece":
            self._file(act.piece)
        elif act.verb == "edit":
            update_draft(reference=self.reference, actor=self.who("agent"), data=act.data or {}, version=None)
        elif act.verb == "claim":
            self._claim()
        else:
            self._perform(act)

    def _create(self) -> None:
        operation = self.operation
        year = clock.today().year
        impact = [
            {"gestion": gestion, "year": year + after, "amount": amount}
            for gestion, amounts in (operation.impact or {}).items()
            for after, amount in enumerate(amounts, start=1)
        ]
        self.dossier = create_draft(
            path=PATH,
            organisation=self.organisation,
            actor=self.who("agent"),
            data={
                "title": operation.title,
                "amount_ht": operation.amount,
                "exercise": year,
                "facilities": list(operation.works),
                "nature": operation.nature,
                "is_restructuring": bool(impact),
                "impact": impact,
            },
        )

    def _file(self, kind: str) -> None:
        data = Dossier.objects.values_list("data", flat=True).get(reference=self.reference)
        described: demo_pieces.Operation = {
            "organisation": self.organisation.name,
            "title": data["title"],
            "nature": data["nature"],
            "amount_ht": data["amount_ht"],
            "exercise": data["exercise"],
            "facilities": [str(self.facilities[code]) for code in data["facilities"]],
            "is_restructuring": data["is_restructuring"],
            "impact": data["impact"],
            "written_at": clock.now().isoformat(),
        }
        render = demo_pieces.economic_file if kind == "economic_file" else demo_pieces.presentation_note
        file = ContentFile(render(described), name=_PIECE_NAMES[kind])
        add_document(reference=self.reference, kind=kind, file=file, actor=self.who("agent"))

    def _claim(self) -> None:
        dossier = self.dossier
        if dossier is None:
            raise RuntimeError("the first act creates the dossier")
        task: Task = open_tasks(dossier.process_id).get()
        claim(task_id=task.pk, actor=self.who("desk"))

    def _perform(self, act: Act) -> None:
        step, outcome, who = _PERFORMED[act.verb]
        data = None
        if act.verb == "commit":
            data = {"committed_on": clock.today().isoformat(), "committed_amount_ht": act.amount}
        elif act.verb == "revise_cost":
            data = {"amount_ht": act.amount}
        perform(
            reference=self.reference,
            step=step,
            outcome=outcome,
            actor=self.who(who),
            data=data,
            motive=act.motive,
        )
