"""Messages and internal notes: who writes, who reads, who is told, what the journal keeps."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, BusinessError, Forbidden, Invalid, NotFound
from cases.models import Consultation, Dossier, JournalEntry, Message, MessageFile, Opinion, User
from cases.permissions import holdings_of
from cases.register_terms import OpinionState
from cases.selectors import dossier_for
from cases.selectors.exchanges import message_file_for, messages_of
from cases.services import verify_all
from notifications.enums import Channel
from notifications.models import OutboxRow
from notifications.services import set_preferences
from tests.journeys import PDF, Cast, Journey, file, state_of_everything
from tests.workflows.test_statements import statements
from workflows.services import claim, create_draft, perform, post_message, post_note

SECRET = "Prudence : ce devis ressemble à celui de 2013."


def read(user: User, reference: str) -> list[str]:
    """The texts that a person reads on a dossier."""
    held = holdings_of(user)
    dossier = dossier_for(user, reference, held)
    return [one.text for one in messages_of(dossier, user.pk, held)]


def told() -> list[str]:
    """User names of those told in the application of the last message or note."""
    last = Message.objects.latest("pk")
    rows = OutboxRow.objects.filter(event=f"message:{last.public_id}", channel=Channel.IN_APP)
    return sorted(rows.values_list("recipient__username", flat=True))


def test_message_is_stored_proved_and_read_by_all_who_read_the_dossier(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = journey.dossier
    message = post_message(
        reference=journey.reference,
        text="  Le devis est-il\r\nà jour ?  ",
        actor=cast.reviewer,
        files=[file(name="devis.pdf"), file(b"a;b\n1;2\n", name="lot.csv")],
    )
    assert message.text == "Le devis est-il\nà jour ?"
    assert (message.from_submitter, message.capacity) == (False, "Instructeur — CANSSM")
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.action, entry.motive, entry.actor) == ("message", "", cast.reviewer)
    assert (
        entry.changes["message"]["sha256"] == hashlib.sha256("Le devis est-il\nà jour ?".encode()).hexdigest()
    )
    assert [one["sha256"] for one in entry.changes["message"]["files"]] == list(
        message.files.values_list("sha256", flat=True)
    )
    assert "devis est-il" not in str(entry.content())
    after = journey.dossier
    assert (after.version, after.updated_at, after.status) == (
        before.version,
        before.updated_at,
        before.status,
    )
    assert not list(verify_all())
    for who in ("agent", "director", "dg", "manager", "auditor"):
        assert read(cast.people[who], journey.reference) == [message.text]
    for who in ("est_agent", "admin", "ministry", "nobody"):
        with pytest.raises(NotFound):
            read(cast.people[who], journey.reference)
    stored = message_file_for(cast.agent, message.public_id, message.files.first().public_id)
    assert Path(stored.file.path).read_bytes() == PDF
    with pytest.raises(NotFound):
        message_file_for(cast.est_agent, message.public_id, stored.public_id)
    with pytest.raises(NotFound):
        message_file_for(cast.agent, message.public_id, stored.public_id, reference="FNMO-2015-9999")


def test_who_writes_and_in_which_capacity(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    cast.person("helper", (Role.PREPARER, "canssm"))
    cast.person("both", (Role.REVIEWER, "canssm"), (Role.PREPARER, "carmi-npdc"))
    expected = {
        "agent2": ("Agent préparateur — CARMI Nord-Pas-de-Calais", True),
        "carmi_manager": ("Pilotage — CARMI Nord-Pas-de-Calais", True),
        "dg": ("Directeur général — CANSSM", False),
        "accountant": ("Agent comptable — CANSSM", False),
        "helper": ("Agent préparateur — CANSSM", False),
        "both": ("Agent préparateur — CARMI Nord-Pas-de-Calais", True),
    }
    for who, (capacity, of_submitter) in expected.items():
        message = post_message(reference=journey.reference, text="Bonjour", actor=cast.people[who])
        assert (message.capacity, message.from_submitter) == (capacity, of_submitter), who
    assert told() == ["reviewer", "reviewer2"]  # « both » wrote, and is a reviewer too
    before = state_of_everything(journey.reference)
    for who, error in {
        "auditor": Forbidden,
        "admin": NotFound,
        "est_agent": NotFound,
        "nobody": NotFound,
    }.items():
        with pytest.raises(error):
            post_message(reference=journey.reference, text="Bonjour", actor=cast.people[who])
    assert state_of_everything(journey.reference) == before
    Dossier.objects.filter(pk=journey.pk).update(involved=[f"authority@{cast.body['dss'].pk}"])
    assert post_message(reference=journey.reference, text="Vu", actor=cast.ministry).capacity == (
        "Ministère de tutelle — Direction de la sécurité sociale"
    )
    with pytest.raises(NotFound):
        post_message(reference=journey.reference, text="Vu", actor=cast.ministry_db)


@pytest.mark.parametrize(
    ("text", "files", "field"),
    [
        ("", [], "text"),
        (" \r\n\t ", [], "text"),
        ("x" * 5_001, [], "text"),
        ("nul\x00", [], "text"),
        ("demi \ud800", [], "text"),
        ("Voici", [b""], "files"),
        ("Voici", [b"<html><script>alert(1)</script>"], "files"),
        ("Voici", [b"MZ\x90\x00programme"], "files"),
        ("Voici", [PDF] * 6, "files"),
    ],
    ids=["empty", "blank", "long", "nul", "surrogate", "empty file", "web page", "program", "six files"],
)
def test_what_cannot_be_kept_is_refused_and_nothing_written(
    cast: Cast, text: str, files: list[bytes], field: str
) -> None:
    journey = Journey.at(cast, "under_review")
    before = state_of_everything(journey.reference)
    for post, who in ((post_message, cast.agent), (post_note, cast.reviewer)):
        with pytest.raises(Invalid) as caught:
            post(reference=journey.reference, text=text, actor=who, files=[file(one) for one in files])
        assert set(caught.value.details) <= {field, "reason"}
    assert state_of_everything(journey.reference) == before
    longest = post_message(
        reference=journey.reference, text="x" * 5_000, actor=cast.agent, files=[file()] * 5
    )
    assert MessageFile.objects.filter(message=longest).count() == 5


def test_other_side_is_told_and_never_the_author(cast: Cast) -> None:
    journey = Journey.start(cast)
    post_message(reference=journey.reference, text="Une question", actor=cast.agent)
    assert told() == ["reviewer", "reviewer2"]  # nobody of the fund knows the dossier yet
    journey.follow("prepare.submit", "sign_off.transmit")
    claim(task_id=journey.task.pk, actor=cast.reviewer2)
    post_message(reference=journey.reference, text="Une autre", actor=cast.agent2)
    assert told() == ["reviewer2"]  # who has the task
    post_message(reference=journey.reference, text="Réponse", actor=cast.reviewer2)
    assert told() == ["agent", "director"]  # who prepared it and signed it off
    journey.act("check.complete", "reviewer2")
    post_message(reference=journey.reference, text="Et maintenant ?", actor=cast.director)
    assert told() == ["reviewer2"]  # who reviewed it, though the DG has the task
    User.objects.filter(pk=cast.reviewer2.pk).update(is_active=False)
    post_message(reference=journey.reference, text="Personne ?", actor=cast.director)
    assert told() == ["reviewer"]
    User.objects.filter(pk__in=(cast.agent.pk, cast.director.pk)).update(is_active=False)
    post_message(reference=journey.reference, text="Qui est là ?", actor=cast.dg)
    assert told() == ["agent2"]  # all who may prepare or sign there
    Dossier.objects.filter(pk=journey.pk).update(involved=[f"authority@{cast.body['dss'].pk}"])
    post_message(reference=journey.reference, text="Observation", actor=cast.ministry)
    assert told() == ["agent2", "reviewer"]


def test_notice_shows_an_extract_and_follows_the_preference(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    cast.agent.email = "agent@carmi.example"
    cast.agent.save(update_fields=["email"])
    message = post_message(
        reference=journey.reference, text="mot " * 100, actor=cast.reviewer, files=[file(), file()]
    )
    rows = OutboxRow.objects.filter(event=f"message:{message.public_id}", recipient=cast.agent).order_by(
        "channel"
    )
    assert [(one.channel, one.kind) for one in rows] == [("email", "message"), ("in_app", "message")]
    assert rows[0].title == "Message d’Irène Instructrice"
    assert rows[0].link == f"/dossiers/{journey.reference}/#message-{message.public_id}"
    assert "« " + "mot " * 74 + "mot… »" in rows[0].body
    assert rows[0].body.endswith("2 fichiers y sont joints.")
    set_preferences(user=cast.agent, chosen={"message": "in_app"})
    again = post_message(reference=journey.reference, text="Encore", actor=cast.reviewer)
    assert OutboxRow.objects.get(event=f"message:{again.public_id}", recipient=cast.agent).channel == "in_app"


def test_notes_are_read_by_the_desks_of_the_fund_and_auditors_only(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    before = state_of_everything(journey.reference)
    note = post_note(reference=journey.reference, text=SECRET, actor=cast.reviewer, files=[file()])
    after = state_of_everything(journey.reference)
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"cases_message", "cases_messagefile", "notifications_outboxrow"}
    stored = note.files.get()
    cast.person("helper", (Role.PREPARER, "canssm"))
    cast.person("double", (Role.REVIEWER, "canssm"), (Role.PREPARER, "carmi-npdc"))
    cast.person("double_audit", (Role.AUDITOR, "canssm"), (Role.REGIONAL_DIRECTOR, "carmi-npdc"))
    cast.person("double_ministry", (Role.REVIEWER, "canssm"), (Role.AUTHORITY, "dss"))
    Dossier.objects.filter(pk=journey.pk).update(
        involved=[f"authority@{cast.body['dss'].pk}", f"board_secretary@{cast.body['ca'].pk}"]
    )
    for who in ("reviewer", "reviewer2", "dg", "accountant", "manager", "auditor"):
        assert read(cast.people[who], journey.reference) == [SECRET], who
        assert message_file_for(cast.people[who], note.public_id, stored.public_id) == stored
    outsiders = ("agent", "agent2", "director", "carmi_manager", "ministry", "secretary", "helper", "double")
    for who in (*outsiders, "double_audit", "double_ministry"):
        assert read(cast.people[who], journey.reference) == [], who
        with pytest.raises(NotFound):
            message_file_for(cast.people[who], note.public_id, stored.public_id)
        with pytest.raises(Forbidden):
            post_note(reference=journey.reference, text="Moi aussi", actor=cast.people[who])
    with pytest.raises(Forbidden):  # auditors read only
        post_note(reference=journey.reference, text="Moi aussi", actor=cast.auditor)
    with pytest.raises(NotFound):
        post_note(reference=journey.reference, text="Moi aussi", actor=cast.est_agent)


def test_note_tells_those_of_the_fund_who_have_the_task_without_its_words(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    cast.person("double", (Role.REVIEWER, "canssm"), (Role.PREPARER, "carmi-npdc"))
    post_note(reference=journey.reference, text=SECRET, actor=cast.reviewer)
    assert told() == ["reviewer2"]
    claim(task_id=journey.task.pk, actor=cast.reviewer)
    post_note(reference=journey.reference, text=SECRET, actor=cast.dg)
    assert told() == ["reviewer"]
    journey.act("check.request_pieces")  # the submitter has it now: nobody of the fund is waited for
    post_note(reference=journey.reference, text=SECRET, actor=cast.dg)
    assert told() == []
    for row in OutboxRow.objects.filter(kind="message"):
        assert "Prudence" not in f"{row.title} {row.body} {row.details}"


def test_fund_that_files_keeps_notes_from_who_prepared(cast: Cast) -> None:
    """A document due by the fund, prepared by one of its reviewers: that one is the submitter."""
    cast.person("helper", (Role.PREPARER, "canssm"))
    dossier = create_draft(
        path="obligation",
        organisation=cast.body["canssm"],
        actor=cast.reviewer,
        data={"obligation": "calendar.c03", "exercise": clock.today().year},
    )
    message = post_message(reference=dossier.reference, text="Prêt", actor=cast.reviewer)
    assert (message.from_submitter, told()) == (True, ["reviewer2"])
    note = post_note(reference=dossier.reference, text=SECRET, actor=cast.reviewer2, files=[file()])
    assert read(cast.dg, dossier.reference) == ["Prêt", SECRET]
    for who in (cast.reviewer, cast.people["helper"]):
        assert read(who, dossier.reference) == ["Prêt"]
        with pytest.raises(NotFound):
            message_file_for(who, note.public_id, note.files.get().public_id)
        with pytest.raises(Forbidden):
            post_note(reference=dossier.reference, text="Moi", actor=who)
    answer = post_message(reference=dossier.reference, text="Vu", actor=cast.reviewer2)
    assert (answer.from_submitter, told()) == (False, ["reviewer"])


def test_experts_keep_silent_while_they_are_consulted_in_confidence(cast: Cast) -> None:
    from cases.enums import OrganisationKind
    from cases.models import Organisation

    committee = Organisation.objects.create(
        code="comite",
        name="Comité d’experts",
        kind=OrganisationKind.COMMITTEE,
        parent=cast.body["canssm"],
        lineage="/canssm/comite/",
    )
    cast.body["comite"] = committee
    asked, recused, idle = (
        cast.person(name, (Role.EXPERT, "comite")) for name in ("asked", "recused", "idle")
    )
    cast.give(cast.reviewer2, (Role.EXPERT, "comite"))
    journey = Journey.at(cast, "under_review")
    Dossier.objects.filter(pk=journey.pk).update(involved=[f"expert@{committee.pk}"])
    round_ = Consultation.objects.create(
        dossier_id=journey.pk, step="experts", round=1, confidential=True, opened_at=clock.now()
    )
    for expert in (asked, recused, cast.reviewer2):
        Opinion.objects.create(
            consultation=round_, organisation=committee, expert=expert, invited_at=clock.now()
        )
    Opinion.objects.filter(expert=recused).update(
        state=OpinionState.RECUSED, motive="Conflit", settled_at=clock.now()
    )

    def tried(people: Iterable[User]) -> list[type[BusinessError] | None]:
        return [_error_of(journey.reference, one) for one in people]

    everybody = (asked, recused, idle, cast.reviewer2, cast.reviewer, cast.agent)
    assert tried(everybody) == [Blocked, Blocked, Blocked, Blocked, None, None]
    Consultation.objects.filter(pk=round_.pk).update(closed_at=clock.now())
    assert tried(everybody) == [None, Forbidden, Forbidden, None, None, None]
    post_note(reference=journey.reference, text=SECRET, actor=cast.dg)
    assert SECRET not in read(cast.reviewer2, journey.reference)


def _error_of(reference: str, actor: User) -> type[BusinessError] | None:
    try:
        post_message(reference=reference, text="Bonjour", actor=actor)
    except BusinessError as error:
        return type(error)
    return None


def test_messages_are_written_in_every_state_and_never_changed(cast: Cast) -> None:
    for status in ("draft", "closed", "withdrawn", "refused"):
        journey = Journey.at(cast, status)
        post_message(reference=journey.reference, text="Toujours", actor=cast.agent)
        post_message(reference=journey.reference, text="Oui", actor=cast.reviewer)
    message = Message.objects.latest("pk")
    for change in (lambda: Message.objects.update(text="Autre"), message.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_undone_message_tells_nobody(cast: Cast) -> None:
    """The message, its entry and its notices are one transaction."""
    journey = Journey.at(cast, "under_review")
    before = state_of_everything(journey.reference)
    with transaction.atomic():
        post_message(reference=journey.reference, text="Bonjour", actor=cast.agent)
        transaction.set_rollback(True)
    assert state_of_everything(journey.reference) == before


def test_message_does_not_make_the_version_of_readers_old(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    version = journey.dossier.version
    post_message(reference=journey.reference, text="Bonjour", actor=cast.agent)
    perform(
        reference=journey.reference, step="check", outcome="complete", actor=cast.reviewer, version=version
    )
    assert journey.status == "awaiting_decision"


def test_messages_and_notes_cost_so_many_statements(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    acts: dict[str, Any] = {
        "message": lambda: post_message(reference=journey.reference, text="Bonjour", actor=cast.agent),
        "with files": lambda: post_message(
            reference=journey.reference, text="Bonjour", actor=cast.agent, files=[file()] * 5
        ),
        "note": lambda: post_note(reference=journey.reference, text="Bonjour", actor=cast.reviewer),
    }
    counts = {name: len(statements(act)) for name, act in acts.items()}
    assert counts == {"message": 8, "with files": 9, "note": 6}
    held = holdings_of(cast.reviewer)
    dossier = journey.dossier
    assert len(statements(lambda: [list(one.files.all()) for one in messages_of(dossier, 0, held)])) == 2


def test_file_names_are_made_safe(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    message = post_message(
        reference=journey.reference,
        text="Voici",
        actor=cast.agent,
        files=[ContentFile(PDF, name="../../etc/pass\u202ewd.pdf")],
    )
    stored = message.files.get()
    assert stored.name == "passwd.pdf"
    assert stored.file.name == f"messages/{stored.public_id.hex[:2]}/{stored.public_id}"
