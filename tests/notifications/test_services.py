"""Who is told of an act, in the act's own transaction, in one statement."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import Role
from cases.errors import NotFound
from cases.events import DossierMoved, dossier_moved
from cases.models import Dossier, User
from cases.services import deactivate_person, end_role
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from notifications.selectors import unread_of
from notifications.services import announce, mark_all_read, mark_read, settle_before
from workflows.services import claim

pytestmark = pytest.mark.django_db

Make = Callable[..., Dossier]


def in_app() -> QuerySet[OutboxRow]:
    """Rows of notices in the application; those by mail have their own tests."""
    return OutboxRow.objects.filter(channel=Channel.IN_APP)


def told(dossier: Dossier) -> set[tuple[str, str]]:
    """Who was told what by the last act on the dossier."""
    dossier.refresh_from_db()
    rows = in_app().filter(event=f"{dossier.public_id}:{dossier.journal_length}")
    return {(row.recipient.username, row.title) for row in rows.select_related("recipient").order_by("pk")}


@pytest.fixture
def last_event() -> Any:
    """The events emitted since, newest last."""
    events: list[DossierMoved] = []

    @receiver(dossier_moved)
    def keep(event: DossierMoved, **kwargs: Any) -> None:
        events.append(event)

    yield events
    dossier_moved.disconnect(keep)


def test_opened_step_tells_the_holders_of_its_role_on_that_body(draft: Make, act: Make) -> None:
    dossier = draft()
    act(dossier, "agent", "prepare.submit")
    assert told(dossier) == {("directeur", "À faire : Signer et transmettre")}
    act(dossier, "directeur", "sign_off.transmit")
    assert told(dossier) == {("instructeur", "À faire : Instruire le dossier")}


def test_actor_is_not_told_of_their_own_act(draft: Make) -> None:
    dossier = draft()
    row = in_app().get(event=f"{dossier.public_id}:1")
    assert row.recipient.username == "collegue"
    assert row.link == f"/dossiers/{dossier.reference}/"
    assert row.body == (
        "Rénovation du centre de santé de Freyming (CARMI Est). L’étape attend le rôle «\u00a0Agent préparateur\u00a0»."
    )
    assert (row.channel, row.state, row.read_at) == (Channel.IN_APP, OutboxState.DELIVERED, None)


def test_completion_tells_the_creator_the_motive_and_nobody_twice(under_review: Dossier, act: Make) -> None:
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert told(under_review) == {
        ("agent", "Dossier à compléter"),
        ("collegue", "À faire : Compléter le dossier"),
    }
    row = in_app().get(title="Dossier à compléter")
    assert row.body.endswith("Motif\u00a0: Joignez les devis.")


@pytest.mark.parametrize(
    ("outcome", "motive", "expected"),
    [
        ("approve", "", {("agent", "Dossier validé"), ("directeur", "À faire : Engager l’opération")}),
        (
            "refuse",
            "Crédits épuisés.",
            {("agent", "Dossier refusé"), ("instructeur", "À faire : Clore le dossier")},
        ),
        ("send_back", "Revoyez le devis.", {("instructeur", "À faire : Instruire le dossier")}),
    ],
)
def test_decision_tells_the_creator(
    under_review: Dossier, act: Make, outcome: str, motive: str, expected: set[tuple[str, str]]
) -> None:
    act(under_review, "instructeur", "check.complete")
    act(under_review, "dg", f"decide.{outcome}", motive=motive)
    assert told(under_review) == expected


def test_dispense_is_told_by_its_name_and_execution_too(draft: Make, act: Make) -> None:
    dossier = draft(amount_ht="20000.00")
    act(dossier, "agent", "prepare.submit")
    act(dossier, "directeur", "sign_off.transmit")
    assert told(dossier) == {("agent", "Dossier dispensé de validation")}
    act(
        dossier,
        "directeur",
        "commit.commit",
        data={"committed_on": clock.today().isoformat(), "committed_amount_ht": "19000"},
    )
    assert told(dossier) == {("agent", "Opération exécutée"), ("instructeur", "À faire : Clore le dossier")}


def test_ended_future_and_foreign_grants_are_told_nothing(
    draft: Make, act: Make, person: Callable[..., User], people: SimpleNamespace
) -> None:
    yesterday = clock.today() - timedelta(days=1)
    person("ancien", Role.REGIONAL_DIRECTOR, "carmi-est", valid_until=yesterday)
    person("futur", Role.REGIONAL_DIRECTOR, "carmi-est", valid_from=clock.today() + timedelta(days=1))
    person("dernier_jour", Role.REGIONAL_DIRECTOR, "carmi-est", valid_until=clock.today())
    deactivate_person(user=people.collegue, motive="Départ", deactivated_by=None)
    dossier = draft()
    assert told(dossier) == set()
    act(dossier, "agent", "prepare.submit")
    assert {name for name, _ in told(dossier)} == {"directeur", "dernier_jour"}


def test_creator_who_left_the_body_is_told_nothing(
    under_review: Dossier, act: Make, people: SimpleNamespace
) -> None:
    grant = people.agent.role_grants.get()
    end_role(grant=grant, last_day=clock.today() - timedelta(days=1), motive="Mutation", ended_by=None)
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert told(under_review) == {("collegue", "À faire : Compléter le dossier")}


def test_creator_who_only_administers_is_told_nothing(
    under_review: Dossier, act: Make, people: SimpleNamespace
) -> None:
    Dossier.objects.filter(pk=under_review.pk).update(created_by=people.administrateur)
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert "administrateur" not in {name for name, _ in told(under_review)}


def test_creator_who_moved_to_another_body_is_told_nothing(
    under_review: Dossier, act: Make, person: Callable[..., User]
) -> None:
    moved = person("mute", Role.PREPARER, "carmi-sud")
    Dossier.objects.filter(pk=under_review.pk).update(created_by=moved)
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert {name for name, _ in told(under_review)} == {"agent", "collegue"}


def test_creator_of_the_fund_above_is_told(under_review: Dossier, act: Make, people: SimpleNamespace) -> None:
    Dossier.objects.filter(pk=under_review.pk).update(created_by=people.dg)
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    assert ("dg", "Dossier à compléter") in told(under_review)


def test_inactive_holder_is_told_nothing(draft: Make, act: Make, people: SimpleNamespace) -> None:
    User.objects.filter(pk=people.directeur.pk).update(is_active=False)
    dossier = draft()
    act(dossier, "agent", "prepare.submit")
    assert told(dossier) == set()


def test_act_that_leaves_the_status_is_no_news_to_the_creator(draft: Make, act: Make) -> None:
    dossier = draft(amount_ht="18000")
    act(dossier, "agent", "prepare.submit")
    act(dossier, "directeur", "sign_off.transmit")
    act(dossier, "directeur", "commit.revise_cost", data={"amount_ht": "19000"}, motive="Devis révisé.")
    assert dossier.journal.filter(outcome="revise_cost", status_after="approved").exists()
    assert told(dossier) == set()


def test_step_that_was_done_settles_what_asked_for_it(
    under_review: Dossier, act: Make, people: SimpleNamespace
) -> None:
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    asked = in_app().filter(dossier=under_review, step="complete_file").order_by("pk")
    assert [row.state for row in asked] == [OutboxState.DELIVERED] * 2
    act(under_review, "collegue", "complete_file.resubmit")
    assert [row.state for row in asked.all()] == [OutboxState.SETTLED] * 2
    assert unread_of(people.collegue).count == 0
    assert unread_of(people.instructeur).count == 1


def test_withdrawal_settles_everything_that_was_asked(
    under_review: Dossier, act: Make, people: SimpleNamespace
) -> None:
    act(under_review, "agent", "withdraw.withdraw", motive="Projet abandonné.")
    assert unread_of(people.instructeur).count == 0


def test_another_dossier_keeps_its_notices(draft: Make, act: Make, people: SimpleNamespace) -> None:
    one, other = draft(), draft()
    act(one, "agent", "prepare.submit")
    act(other, "agent", "prepare.submit")
    act(one, "directeur", "sign_off.transmit")
    assert [row.dossier for row in unread_of(people.directeur).latest] == [other]


def test_undone_act_leaves_no_row(draft: Make, act: Make) -> None:
    dossier = draft()
    before = in_app().count()

    def undo() -> None:
        with transaction.atomic():
            act(dossier, "agent", "prepare.submit")
            assert in_app().count() == before + 1
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        undo()
    assert in_app().count() == before


def test_failing_notice_undoes_the_act(draft: Make, act: Make) -> None:
    dossier = draft()

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("outbox")

    dossier_moved.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="outbox"):
            act(dossier, "agent", "prepare.submit")
    finally:
        dossier_moved.disconnect(fail)
    dossier.refresh_from_db()
    assert dossier.status == "draft"
    assert not in_app().filter(recipient__username="directeur").exists()


def test_notices_cost_one_statement(
    under_review: Dossier, act: Make, person: Callable[..., User], last_event: list[DossierMoved]
) -> None:
    for number in range(5):
        person(f"agent{number}", Role.PREPARER, "carmi-est")
    act(under_review, "instructeur", "check.request_pieces", motive="Joignez les devis.")
    OutboxRow.objects.filter(dossier=under_review).delete()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        announce(last_event[-1])
    assert len(queries) == 1
    assert in_app().filter(dossier=under_review).count() == 7


def test_same_event_is_told_once(under_review: Dossier, act: Make, last_event: list[DossierMoved]) -> None:
    act(under_review, "instructeur", "check.complete")
    before = in_app().count()
    announce(last_event[-1])
    assert in_app().count() == before


def test_claim_costs_no_statement(
    under_review: Dossier, people: SimpleNamespace, last_event: list[DossierMoved]
) -> None:
    task = under_review.process.task_set.get(status="NEW")
    claim(task_id=task.pk, actor=people.instructeur)
    with CaptureQueriesContext(connection) as queries:
        announce(last_event[-1])
    assert len(queries) == 0
    assert unread_of(people.instructeur).count == 1


def test_title_with_percent_and_quotes_is_kept(draft: Make, act: Make) -> None:
    dossier = draft(title="Réfection d'un toit à 100 % « ; DROP TABLE »")
    act(dossier, "agent", "prepare.submit")
    row = in_app().get(recipient__username="directeur")
    assert row.body.startswith("Réfection d'un toit à 100 % « ; DROP TABLE » (CARMI Est).")


def test_mark_read_keeps_the_first_moment_and_touches_only_ones_own(
    under_review: Dossier, people: SimpleNamespace
) -> None:
    row = in_app().get(recipient=people.instructeur)
    with pytest.raises(NotFound):
        mark_read(user=people.dg, notice_id=row.pk)
    row.refresh_from_db()
    assert row.read_at is None
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)
    with clock.at(moment):
        mark_read(user=people.instructeur, notice_id=row.pk)
    mark_read(user=people.instructeur, notice_id=row.pk)
    row.refresh_from_db()
    assert row.read_at == moment


def test_mark_all_read_spares_what_came_since_and_other_people(
    draft: Make, act: Make, people: SimpleNamespace
) -> None:
    dossiers = [draft(), draft(), draft()]
    for dossier in dossiers:
        act(dossier, "agent", "prepare.submit")
    newest = in_app().get(recipient=people.directeur, dossier=dossiers[1]).pk
    assert mark_all_read(user=people.directeur, up_to=newest) == 2
    assert mark_all_read(user=people.directeur, up_to=newest) == 0
    assert [row.dossier for row in unread_of(people.directeur).latest] == [dossiers[2]]
    assert unread_of(people.collegue).count == 0  # settled: the drafts were submitted


def test_settle_before_does_not_pretend_that_old_notices_were_read(
    under_review: Dossier, people: SimpleNamespace
) -> None:
    row = in_app().get(recipient=people.instructeur)
    assert settle_before(row.created_at) == 0
    assert settle_before(row.created_at + timedelta(seconds=1)) == 1
    row.refresh_from_db()
    assert (row.state, row.read_at) == (OutboxState.SETTLED, None)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({}, "outbox_once"),
        ({"event": "x:1", "channel": "pigeon"}, "outbox_channel_known"),
        ({"event": "x:1", "state": "lost"}, "outbox_state_known"),
        ({"event": "x:1", "link": "https://exemple.invalid/"}, "outbox_link_stays_here"),
        ({"event": "x:1", "link": "//exemple.invalid/"}, "outbox_link_stays_here"),
    ],
)
def test_outbox_constraint_holds(under_review: Dossier, change: dict[str, str], constraint: str) -> None:
    row = in_app().filter(dossier=under_review).order_by("pk").first()
    assert row is not None
    row.pk = None
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_past_grants_count_on_their_own_day(draft: Make, act: Make, person: Callable[..., User]) -> None:
    person("ancien", Role.REGIONAL_DIRECTOR, "carmi-est", valid_until=date(2015, 6, 30))
    with clock.at(datetime(2015, 6, 30, 9, tzinfo=UTC)):
        dossier = draft()
        act(dossier, "agent", "prepare.submit")
    assert {name for name, _ in told(dossier)} == {"directeur", "ancien"}
