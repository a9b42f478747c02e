"""People and dossiers for the tests of cases and workflows: a small cast, and a dossier that walks its path.

Bodies, people and roles are made in a handful of statements, because nearly every test needs them; what the
services for roles do is tested in tests/cases/test_roles.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import DEFAULT_DB_ALIAS, connection, models
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import DossierStatus, OrganisationKind, Role
from cases.models import Document, Dossier, Organisation, OrganisationGroupObjectPermission, RoleGrant, User
from tests.numbered import MOMENT, Numbered
from workflows.engine.step import OPEN
from workflows.services import add_document, create_draft, perform

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

K, R = OrganisationKind, Role

Made = TypeVar("Made", bound=models.Model)

#: code, name, kind, parent.
BODIES = (
    ("canssm", "CANSSM", K.FUND, ""),
    ("carmi-npdc", "CARMI Nord-Pas-de-Calais", K.CARMI, "canssm"),
    ("carmi-est", "CARMI Est", K.CARMI, "canssm"),
    ("dss", "Direction de la sécurité sociale", K.MINISTRY, ""),
    ("db", "Direction du budget", K.MINISTRY, ""),
    ("cgefi", "Contrôle général économique et financier", K.COMPTROLLER, ""),
    ("ca", "Conseil d’administration de la CANSSM", K.BOARD, "canssm"),
)

#: username, name, (role, body)…
PEOPLE: tuple[tuple[str, str, tuple[tuple[Role, str], ...]], ...] = (
    ("agent", "Anne Agent", ((R.PREPARER, "carmi-npdc"),)),
    ("agent2", "Alain Agent", ((R.PREPARER, "carmi-npdc"),)),
    ("director", "Denis Directeur", ((R.REGIONAL_DIRECTOR, "carmi-npdc"),)),
    ("reviewer", "Irène Instructrice", ((R.REVIEWER, "canssm"),)),
    ("reviewer2", "Igor Instructeur", ((R.REVIEWER, "canssm"),)),
    ("dg", "Gilles Général", ((R.DIRECTOR_GENERAL, "canssm"),)),
    ("dg2", "Ginette Générale", ((R.DIRECTOR_GENERAL, "canssm"),)),
    ("est_agent", "Estelle Agent", ((R.PREPARER, "carmi-est"),)),
    ("est_director", "Étienne Directeur", ((R.REGIONAL_DIRECTOR, "carmi-est"),)),
    ("manager", "Maud Pilotage", ((R.MANAGER, "canssm"),)),
    ("carmi_manager", "Marc Pilotage", ((R.MANAGER, "carmi-npdc"),)),
    ("auditor", "Aude Audit", ((R.AUDITOR, "canssm"),)),
    ("admin", "Adam Admin", ((R.ADMINISTRATOR, "canssm"),)),
    ("ministry", "Dorothée Séassan", ((R.AUTHORITY, "dss"),)),
    ("ministry_db", "Didier Budget", ((R.AUTHORITY, "db"),)),
    ("comptroller", "Corinne Contrôle", ((R.COMPTROLLER, "cgefi"),)),
    ("secretary", "Sophie Secrétaire", ((R.BOARD_SECRETARY, "ca"),)),
    ("accountant", "Albert Comptable", ((R.ACCOUNTING_OFFICER, "canssm"),)),
    ("nobody", "Nadine Sans-Rôle", ()),
)


class Cast:
    """The bodies and people of a test, by short names: ``cast.agent``, ``cast.body["carmi-npdc"]``."""

    agent: User
    agent2: User
    director: User
    reviewer: User
    reviewer2: User
    dg: User
    dg2: User
    est_agent: User
    est_director: User
    manager: User
    carmi_manager: User
    auditor: User
    admin: User
    ministry: User
    ministry_db: User
    comptroller: User
    secretary: User
    accountant: User
    nobody: User

    def __init__(self) -> None:
        first = _rows().insert()
        people = {username: number for number, (username, _, _) in enumerate(PEOPLE, first[User])}
        bodies = {code: number for number, (code, *_) in enumerate(BODIES, first[Organisation])}
        self.body: dict[str, Organisation] = {}
        for code, name, kind, parent in BODIES:
            self.body[code] = _saved(
                Organisation(
                    pk=bodies[code],
                    code=code,
                    name=name,
                    kind=kind,
                    parent=self.body.get(parent),
                    lineage=_lineage(code),
                )
            )
        self.people: dict[str, User] = {
            username: _saved(
                User(
                    pk=people[username],
                    username=username,
                    display_name=name,
                    password="!",
                    date_joined=clock.now(),
                )
            )
            for username, name, _ in PEOPLE
        }
        for username, user in self.people.items():
            setattr(self, username, user)
        self._groups = {held: number for number, held in enumerate(_held(), first[Group])}

    def person(self, username: str, *roles: tuple[Role, str]) -> User:
        """Somebody more, holding ``roles``."""
        user = User.objects.create(username=username, display_name=username.title(), password="!")
        self.people[username] = user
        self.give(user, *roles)
        return user

    def give(self, user: User, *roles: tuple[Role, str]) -> None:
        """Further roles."""
        self._prepare_groups(set(roles))
        RoleGrant.objects.bulk_create(self._grant(user, role, code) for role, code in roles)

    def _prepare_groups(self, wanted: set[tuple[Role, str]]) -> None:
        missing = sorted(wanted - set(self._groups))
        if not missing:
            return
        groups = Group.objects.bulk_create(Group(name=f"{role.value}:{code}") for role, code in missing)
        self._groups |= {held: group.pk for held, group in zip(missing, groups, strict=True)}
        permissions = _permissions()
        OrganisationGroupObjectPermission.objects.bulk_create(
            OrganisationGroupObjectPermission(
                group_id=self._groups[role, code],
                permission=permissions[role.codename],
                content_object=self.body[code],
            )
            for role, code in missing
        )

    def _grant(self, user: User, role: Role, code: str) -> RoleGrant:
        group = Group(pk=self._groups[role, code])
        return _granted(user, role, self.body[code], group, clock.now())


@cache
def _rows() -> Numbered:
    """What every cast begins with; permissions have the numbers that the migrations gave, the same in each database."""
    bodies: dict[str, Organisation] = {}
    for code, name, kind, parent in BODIES:
        bodies[code] = Organisation(
            code=code, name=name, kind=kind, parent=bodies.get(parent), lineage=_lineage(code)
        )
    users = {
        username: User(username=username, display_name=name, password="!", date_joined=MOMENT)
        for username, name, _ in PEOPLE
    }
    groups = {(role, code): Group(name=f"{role.value}:{code}") for role, code in _held()}
    permissions = _permissions()
    held = [
        OrganisationGroupObjectPermission(
            group=group, permission=permissions[role.codename], content_object=bodies[code]
        )
        for (role, code), group in groups.items()
    ]
    grants = [
        _granted(users[username], role, bodies[code], groups[role, code], MOMENT)
        for username, _, roles in PEOPLE
        for role, code in roles
    ]
    return Numbered([*bodies.values(), *users.values(), *groups.values(), *held, *grants])


def _held() -> list[tuple[Role, str]]:
    return sorted({held for _, _, roles in PEOPLE for held in roles})


def _lineage(code: str) -> str:
    parents = {code: parent for code, _, _, parent in BODIES}
    return f"{_lineage(parents[code]) if parents[code] else '/'}{code}/"


def _permissions() -> dict[str, Permission]:
    kind = ContentType.objects.get_for_model(Organisation)
    return {
        one.codename: one
        for one in Permission.objects.filter(content_type=kind, codename__startswith="hold_")
    }


def _granted(user: User, role: Role, body: Organisation, group: Group, moment: datetime) -> RoleGrant:
    return RoleGrant(
        user=user,
        role=role,
        organisation=body,
        group=group,
        valid_from=date(2014, 1, 1),
        act="Décision d’essai",
        granted_at=moment,
    )


def _saved(row: Made) -> Made:
    """It stands in the database already."""
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def investment(amount: str = "25000.50", **more: Any) -> dict[str, Any]:
    """Valid data of an FNMO operation."""
    return {
        "title": "Rénovation du centre de santé de Lens",
        "amount_ht": amount,
        "exercise": 2015,
        "facilities": ["Centre de santé de Lens"],
        "nature": "Travaux",
        "is_restructuring": False,
        "impact": [],
    } | more


def impact(*years: int, gestion: str = "Offre de soins") -> list[dict[str, Any]]:
    """Rows of impact for these years."""
    return [{"gestion": gestion, "year": year, "amount": "-1200.00"} for year in years]


def file(content: bytes = PDF, name: str = "note.pdf") -> ContentFile:
    """A file to upload."""
    return ContentFile(content, name=name)


#: Who does each step in an ordinary journey.
DOERS = {
    "prepare": "agent",
    "sign_off": "director",
    "check": "reviewer",
    "complete_file": "agent",
    "decide": "dg",
    "commit": "director",
    "close": "reviewer",
}

#: The acts that lead an ordinary dossier above the threshold to each status.
ROUTE_TO: Mapping[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": ("prepare.submit",),
    "under_review": ("prepare.submit", "sign_off.transmit"),
    "to_complete": ("prepare.submit", "sign_off.transmit", "check.request_pieces"),
    "awaiting_decision": ("prepare.submit", "sign_off.transmit", "check.complete"),
    "approved": ("prepare.submit", "sign_off.transmit", "check.complete", "decide.approve"),
    "refused": ("prepare.submit", "sign_off.transmit", "check.complete", "decide.refuse"),
    "executed": ("prepare.submit", "sign_off.transmit", "check.complete", "decide.approve", "commit.commit"),
    "closed": (
        "prepare.submit",
        "sign_off.transmit",
        "check.complete",
        "decide.approve",
        "commit.commit",
        "close.close",
    ),
    "withdrawn": ("prepare.submit", "withdraw.withdraw"),
}


class Journey:
    """One dossier and the people who carry it. Every act goes through ``workflows.services``."""

    def __init__(self, cast: Cast, dossier: Dossier) -> None:
        self.cast = cast
        self.reference = dossier.reference
        self.pk = dossier.pk

    @classmethod
    def start(
        cls,
        cast: Cast,
        amount: str = "25000.50",
        *,
        pieces: Iterable[str] = ("presentation_note",),
        body: str = "carmi-npdc",
        **data: Any,
    ) -> Journey:
        """A draft with its pieces."""
        agent = cast.agent if body == "carmi-npdc" else cast.est_agent
        dossier = create_draft(
            path="fnmo_investment",
            organisation=cast.body[body],
            actor=agent,
            data=investment(amount, **data),
        )
        journey = cls(cast, dossier)
        for kind in pieces:
            journey.add(kind, actor=agent)
        return journey

    @classmethod
    def at(cls, cast: Cast, status: str, amount: str = "25000.50", **options: Any) -> Journey:
        """An ordinary dossier brought to ``status``."""
        return cls.start(cast, amount, **options).follow(*ROUTE_TO[status])

    @property
    def dossier(self) -> Dossier:
        """The dossier as the database has it now."""
        return Dossier.objects.select_related("organisation", "process").get(pk=self.pk)

    @property
    def status(self) -> str:
        """Its status now."""
        return str(Dossier.objects.values_list("status", flat=True).get(pk=self.pk))

    @property
    def open_steps(self) -> list[str]:
        """Keys of the steps that wait for somebody."""
        return sorted(task.flow_task.name for task in self.tasks())

    def tasks(self) -> list[Task]:
        """The open tasks."""
        return list(
            Task.objects.filter(
                process__dossier__pk=self.pk, flow_task_type="HUMAN", status__in=OPEN
            ).order_by("pk")
        )

    @property
    def task(self) -> Task:
        """The one open task."""
        (task,) = self.tasks()
        return task

    def add(self, kind: str = "presentation_note", actor: User | None = None, **options: Any) -> Document:
        """Add a piece."""
        return add_document(
            reference=self.reference, kind=kind, file=file(**options), actor=actor or self.cast.agent
        )

    def act(self, what: str, actor: User | str | None = None, **options: Any) -> Dossier:
        """Do ``step.outcome``, by default by the usual person, with a motive and valid data where asked."""
        step, outcome = what.split(".")
        if actor is None:
            actor = DOERS.get(step, "agent")
        doer = self.cast.people[actor] if isinstance(actor, str) else actor
        if outcome in {"refuse", "request_pieces", "send_back", "revise_cost", "withdraw"}:
            options.setdefault("motive", "Le devis manque.")
        if outcome == "commit":
            options.setdefault("data", self.commitment())
        return perform(reference=self.reference, step=step, outcome=outcome, actor=doer, **options)

    def commitment(self) -> dict[str, str]:
        """Valid data of a commitment: today, the whole amount approved."""
        return {
            "committed_on": clock.today().isoformat(),
            "committed_amount_ht": str(self.dossier.approved_amount_ht or "1.00"),
        }

    def follow(self, *acts: str) -> Journey:
        """Do several acts, one after the other."""
        for act in acts:
            self.act(act)
        return self


#: Tables of a dossier's own rows, the column that points to it, and what that column holds of it.
_OWN_ROWS = (
    ("cases_dossier", "id", "id"),
    ("cases_document", "dossier_id", "id"),
    ("cases_decision", "dossier_id", "id"),
    ("cases_deadline", "dossier_id", "id"),
    ("cases_journalentry", "dossier_id", "id"),
    ("viewflow_process", "id", "process_id"),
    ("viewflow_task", "process_id", "process_id"),
)


def state_of_everything(reference: str = "") -> dict[str, Any]:
    """What must not change when an act is refused: every row count, and the dossier's own rows in full."""
    counts: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables))
        counts |= dict(cursor.fetchall())
        cursor.execute(
            "WITH own AS MATERIALIZED (SELECT id, process_id FROM cases_dossier WHERE reference = %s OR %s = '') "
            + " UNION ALL ".join(
                f"SELECT '{table}', row_to_json(t)::text FROM {table} t WHERE {column} IN (SELECT {own} FROM own)"
                for table, column, own in _OWN_ROWS
            )
            + " ORDER BY 1, 2",
            [reference, reference],
        )
        counts |= {f"rows of {table}": [] for table, _, _ in _OWN_ROWS}
        for table, row in cursor.fetchall():
            counts[f"rows of {table}"].append(row)
        cursor.execute("SELECT prefix, exercise, last FROM cases_referencecounter ORDER BY 1, 2")
        counts["counters"] = cursor.fetchall()
    return counts


FINAL = frozenset({DossierStatus.CLOSED, DossierStatus.WITHDRAWN, DossierStatus.LAPSED})
