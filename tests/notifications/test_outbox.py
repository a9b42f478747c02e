"""Which rows an act writes besides those in the application: by mail as people prefer, and to subscribed programs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import Role
from cases.errors import Invalid
from cases.models import Dossier, User
from notifications.enums import Cadence, Channel, NoticeKind, OutboxState
from notifications.models import OutboxRow, Preference
from notifications.selectors import preferences_of
from notifications.services import create_webhook, set_preferences, suspend_webhook, tell
from tests.notifications.conftest import addressed, at_state

pytestmark = pytest.mark.django_db

S = OutboxState
Make = Callable[..., Dossier]
TUESDAY = datetime(2026, 3, 3, 11, tzinfo=UTC)


def by_mail(user: User) -> list[OutboxRow]:
    return list(OutboxRow.objects.filter(recipient=user, channel=Channel.EMAIL).order_by("pk"))


def test_each_notice_has_a_twin_by_mail(draft: Make, act: Make, people: SimpleNamespace) -> None:
    addressed(people.directeur)
    with clock.at(TUESDAY):
        act(draft(), "agent", "prepare.submit")
    (row,) = by_mail(people.directeur)
    twin = OutboxRow.objects.get(recipient=people.directeur, channel=Channel.IN_APP)
    assert (row.event, row.title, row.body, row.step) == (twin.event, twin.title, twin.body, twin.step)
    assert (row.state, row.kind, row.cadence) == (OutboxState.PENDING, NoticeKind.TASK, Cadence.NOW)
    assert (row.due_at, row.attempts, row.message_id) == (TUESDAY, 0, "")
    assert row.details["quote"]["text"]  # the words of the delay of the step
    assert twin.delivered_at == TUESDAY


def test_person_without_address_is_shown_as_such(draft: Make, act: Make, people: SimpleNamespace) -> None:
    act(draft(), "agent", "prepare.submit")
    (row,) = by_mail(people.directeur)
    assert row.state == OutboxState.UNADDRESSED


def test_preference_chooses_the_moment_of_each_kind(draft: Make, act: Make, people: SimpleNamespace) -> None:
    addressed(people.directeur, people.agent, people.collegue, people.instructeur)
    set_preferences(user=people.directeur, chosen={"task": "daily"})
    set_preferences(user=people.instructeur, chosen={"task": "in_app"})
    set_preferences(user=people.agent, chosen={"news": "weekly", "task": "in_app"})
    with clock.at(TUESDAY):
        dossier = draft()
        act(dossier, "agent", "prepare.submit")
        (daily,) = by_mail(people.directeur)
        act(dossier, "directeur", "sign_off.transmit")
        act(dossier, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert (daily.cadence, daily.due_at) == (Cadence.DAILY, datetime(2026, 3, 4, 6, tzinfo=UTC))
    assert by_mail(people.instructeur) == []
    assert OutboxRow.objects.filter(recipient=people.instructeur, channel=Channel.IN_APP).exists()
    (weekly,) = by_mail(people.agent)
    assert (weekly.kind, weekly.cadence) == (NoticeKind.NEWS, Cadence.WEEKLY)
    assert weekly.due_at == datetime(2026, 3, 9, 6, tzinfo=UTC)  # Monday, seven o'clock in Paris


def test_digest_of_the_day_of_summer_time_leaves_at_seven_in_paris(
    draft: Make, act: Make, people: SimpleNamespace
) -> None:
    addressed(people.directeur)
    set_preferences(user=people.directeur, chosen={"task": "daily"})
    with clock.at(datetime(2026, 3, 28, 20, tzinfo=UTC)):
        act(draft(), "agent", "prepare.submit")
    (row,) = by_mail(people.directeur)
    assert row.due_at == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_preferences_are_at_once_until_chosen_and_kept_by_kind(people: SimpleNamespace) -> None:
    assert preferences_of(people.agent) == dict.fromkeys(("task", "news", "reminder", "message"), Cadence.NOW)
    set_preferences(user=people.agent, chosen={"news": "weekly"})
    set_preferences(user=people.agent, chosen={"news": "in_app", "task": "daily"})
    assert preferences_of(people.agent) == {
        "task": Cadence.DAILY,
        "news": Cadence.IN_APP,
        "reminder": Cadence.NOW,
        "message": Cadence.NOW,
    }
    assert preferences_of(people.collegue)["news"] == Cadence.NOW


@pytest.mark.parametrize("chosen", [{"legal": "in_app"}, {"task": "never"}, {"digest": "now"}])
def test_legal_notices_cannot_be_switched_off(people: SimpleNamespace, chosen: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        set_preferences(user=people.agent, chosen=chosen)
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"kind": "legal", "cadence": "in_app"}, "preference_kind_choosable"),
        ({"kind": "task", "cadence": "never"}, "preference_cadence_known"),
    ],
)
def test_preference_constraint_holds(
    people: SimpleNamespace, values: dict[str, str], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Preference.objects.create(user=people.agent, **values)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"kind": "rumour"}, "outbox_kind_known"),
        ({"cadence": "hourly"}, "outbox_cadence_known"),
        ({"channel": "webhook"}, "outbox_one_addressee"),
        ({"due_at": None, "state": "pending", "retries": 1}, "outbox_waits_until_a_moment"),
        ({"dossier": None}, "outbox_about_a_dossier"),
        ({"kind": "legal", "cadence": "daily"}, "outbox_legal_is_sent_at_once"),
    ],
)
def test_outbox_constraint_of_delivery_holds(
    under_review: Dossier, change: dict[str, Any], constraint: str
) -> None:
    row = OutboxRow.objects.filter(dossier=under_review, channel=Channel.EMAIL).order_by("pk").last()
    assert row is not None
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


def test_pending_mail_is_settled_with_its_step_but_a_delivered_one_stays(
    under_review: Dossier, act: Make, people: SimpleNamespace
) -> None:
    addressed(people.agent, people.collegue)
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    at_state(OutboxRow.objects.filter(recipient=people.collegue, channel=Channel.EMAIL), S.DELIVERED)
    act(under_review, "agent", "complete_file.resubmit")
    assert by_mail(people.agent)[-1].state == OutboxState.SETTLED
    assert by_mail(people.agent)[-1].due_at is None
    assert by_mail(people.collegue)[-1].state == OutboxState.DELIVERED


def test_program_is_told_where_the_dossier_stands_and_nothing_of_its_content(
    draft: Make, act: Make, people: SimpleNamespace
) -> None:
    webhook, _ = create_webhook(
        name="Tableau", url="https://exemple.invalid/in", kinds=["task"], actor=people.administrateur
    )
    create_webhook(
        name="Légal", url="https://exemple.invalid/b", kinds=["legal"], actor=people.administrateur
    )
    dossier = draft()
    act(dossier, "agent", "prepare.submit")
    row = OutboxRow.objects.get(webhook=webhook, event=f"{dossier.public_id}:3")
    assert row.state == OutboxState.PENDING
    assert row.details | {"at": ""} == {
        "event": row.event,
        "at": "",
        "reference": dossier.reference,
        "path": "fnmo_investment",
        "organisation": "carmi-est",
        "action": "perform",
        "step": "prepare",
        "outcome": "submit",
        "status": "submitted",
        "opened": [{"step": "sign_off", "role": "regional_director"}],
        "kinds": ["task"],
    }
    assert "Freyming" not in json.dumps(row.details) + row.title + row.body
    assert not OutboxRow.objects.filter(webhook__name="Légal").exists()
    suspend_webhook(webhook_id=webhook.pk, actor=people.administrateur)
    act(dossier, "directeur", "sign_off.transmit")
    assert OutboxRow.objects.filter(webhook=webhook, dossier=dossier).count() == 2


def test_reminder_goes_by_the_channels_of_each_person_once(
    under_review: Dossier, people: SimpleNamespace, person: Callable[..., User]
) -> None:
    addressed(people.instructeur, people.dg)
    set_preferences(user=people.dg, chosen={"reminder": "in_app"})
    closed = person("parti", Role.REVIEWER, "canssm")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    reminder = {
        "event": "rappel:1:J-3",
        "people": [people.instructeur.pk, people.dg.pk, people.agent.pk, closed.pk],
        "kind": NoticeKind.REMINDER,
        "title": "Rappel : Instruire le dossier",
        "body": "L’échéance est dans trois jours.",
        "dossier": under_review,
        "step": "check",
    }
    with CaptureQueriesContext(connection) as queries:
        assert tell(**reminder) == 5
    assert len(queries) == 1
    assert tell(**reminder) == 0
    found = OutboxRow.objects.filter(event="rappel:1:J-3").order_by("recipient__username", "channel")
    assert [
        (row.recipient.username, row.channel, row.state) for row in found.select_related("recipient")
    ] == [
        ("agent", "email", "unaddressed"),
        ("agent", "in_app", "delivered"),
        ("dg", "in_app", "delivered"),
        ("instructeur", "email", "pending"),
        ("instructeur", "in_app", "delivered"),
    ]


def test_legal_notice_is_not_told_as_a_reminder(under_review: Dossier, people: SimpleNamespace) -> None:
    with pytest.raises(ValueError, match="not told"):
        tell(event="x", people=[1], kind=NoticeKind.LEGAL, title="x", body="x", dossier=under_review)


def test_unsent_mails_of_the_past_are_settled(under_review: Dossier, people: SimpleNamespace) -> None:
    from django.core.management import call_command

    addressed(people.instructeur)
    tomorrow = clock.today() + timedelta(days=1)
    call_command("settle_notices", before=tomorrow, unsent=True, verbosity=0)
    states = set(
        OutboxRow.objects.filter(channel=Channel.EMAIL).values_list("state", flat=True).order_by("pk")
    )
    assert states == {OutboxState.SETTLED}
    assert OutboxRow.objects.filter(channel=Channel.IN_APP, state=OutboxState.DELIVERED).exists()
