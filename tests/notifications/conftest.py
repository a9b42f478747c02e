"""A CARMI with two agents and its director, the desk and the directeur général."""

from collections.abc import Callable, Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pgtrigger
import pytest
from django.core.files.base import ContentFile
from django.db.models import QuerySet

from cases.enums import Role
from cases.models import Dossier, Organisation, User
from cases.services import create_person, grant_role
from notifications.enums import OutboxState
from notifications.models import OutboxRow
from tests.journeys import Cast
from tests.mail_server import MailSink, mail_sink
from tests.organisations import have_organisations
from workflows.services import add_document, create_draft, perform

SINCE = date(2014, 1, 1)
HOLDERS = (
    ("agent", Role.PREPARER, "carmi-est"),
    ("collegue", Role.PREPARER, "carmi-est"),
    ("voisin", Role.PREPARER, "carmi-sud"),
    ("directeur", Role.REGIONAL_DIRECTOR, "carmi-est"),
    ("directeur_voisin", Role.REGIONAL_DIRECTOR, "carmi-sud"),
    ("instructeur", Role.REVIEWER, "canssm"),
    ("dg", Role.DIRECTOR_GENERAL, "canssm"),
    ("administrateur", Role.ADMINISTRATOR, "canssm"),
)
DATA = {
    "title": "Rénovation du centre de santé de Freyming",
    "amount_ht": "25000.50",
    "exercise": 2015,
    "facilities": ["Centre de santé de Freyming"],
    "nature": "Travaux",
}


@pytest.fixture
def organisations(db: None) -> dict[str, Organisation]:
    have_organisations()
    return {one.code: one for one in Organisation.objects.order_by("pk")}


@pytest.fixture
def person(organisations: dict[str, Organisation]) -> Callable[..., User]:
    """Create somebody who holds a role on a body."""

    def create(name: str, role: Role, code: str, **dates: Any) -> User:
        user = create_person(
            username=name, display_name=name.title(), email="", password=None, created_by=None
        )
        grant_role(
            user=user,
            role=role,
            organisation=organisations[code],
            act="Décision d’essai",
            granted_by=None,
            **({"valid_from": SINCE} | dates),
        )
        return user

    return create


@pytest.fixture
def people(person: Callable[..., User]) -> SimpleNamespace:
    return SimpleNamespace(**{name: person(name, role, code) for name, role, code in HOLDERS})


@pytest.fixture
def draft(people: SimpleNamespace, organisations: dict[str, Organisation]) -> Callable[..., Dossier]:
    """A draft with its presentation note, made by ``agent``."""

    def create(**data: Any) -> Dossier:
        dossier = create_draft(
            path="fnmo_investment",
            organisation=organisations["carmi-est"],
            actor=people.agent,
            data=DATA | data,
        )
        note = ContentFile(b"Objet;Montant\nChaudiere;25000,50\n", name="note.csv")
        add_document(reference=dossier.reference, kind="presentation_note", file=note, actor=people.agent)
        return dossier

    return create


@pytest.fixture
def act(people: SimpleNamespace) -> Callable[..., Dossier]:
    """``act(dossier, "agent", "prepare.submit")``."""

    def do(dossier: Dossier, who: str, what: str, **options: Any) -> Dossier:
        step, outcome = what.split(".")
        actor = getattr(people, who)
        return perform(reference=dossier.reference, step=step, outcome=outcome, actor=actor, **options)

    return do


@pytest.fixture
def under_review(draft: Callable[..., Dossier], act: Callable[..., Dossier]) -> Dossier:
    dossier = draft()
    act(dossier, "agent", "prepare.submit")
    act(dossier, "directeur", "sign_off.transmit")
    return dossier


@pytest.fixture
def cast(committed: str) -> Cast:
    """The people of a test whose commits are real, each with an address."""
    cast = Cast()
    addressed(*cast.people.values())
    return cast


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    """A mail server, to which the installation sends."""
    with mail_sink() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = server.port
        settings.EMAIL_TIMEOUT = 5
        yield server


def at_state(found: QuerySet[OutboxRow], state: OutboxState, **values: Any) -> int:
    """Put rows of any state into another, whatever the trigger of the table says; how many."""
    triggers = ("outbox_moves", "outbox_retry_is_explicit", "outbox_only_digests_take_back")
    with pgtrigger.ignore(*(f"notifications.OutboxRow:{name}" for name in triggers)):
        return found.update(state=state, **values)


def addressed(*people: User) -> None:
    """Give people an address: « agent@carmi.example »."""
    for one in people:
        one.email = f"{one.username}@carmi.example"
    User.objects.bulk_update(people, ["email"])
