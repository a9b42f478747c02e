"""What stands in feeds: the dates of the tasks that await a person or a role, and the latest of the register."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from cases import clock
from cases.deadlines import EventKind
from cases.enums import FeedKind, Role
from cases.models import Deadline, DeadlineEvent, LegalNotice, User
from cases.permissions import holdings_of
from cases.selectors import live_feed
from cases.services import create_feed, grant_role
from tests import atom_checker, ical_checker
from tests.credit_journeys import NOW, CreditJourney, transfers
from tests.journeys import Cast, Journey
from workflows.feeds import Feed, feed_behind
from workflows.selectors import feeds
from workflows.services import claim, open_obligations, release

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def feed_of(user: User, kind: FeedKind, role: Role | None = None, body: str = "", *, cast: Cast) -> Feed:
    """What the feed of a person shows now, through a real address."""
    organisation = cast.body[body] if body else None
    _, secret = create_feed(user=user, kind=kind, role=role, organisation=organisation)
    live = live_feed(secret, tuple(FeedKind))
    assert live is not None
    return feed_behind(live)


def dates(
    cast: Cast, who: str, role: Role | None = None, body: str = "", *, at: datetime = MONDAY
) -> list[ical_checker.Read]:
    """The events that somebody, or a role of theirs, sees on a day."""
    with clock.at(at):
        kind = FeedKind.ROLE if role else FeedKind.PERSON
        return ical_checker.events(feed_of(cast.people[who], kind, role, body, cast=cast).render())


def summaries(cast: Cast, who: str, *role: object, at: datetime = MONDAY) -> list[str]:
    return [one.summary for one in dates(cast, who, *role, at=at)]  # type: ignore[arg-type]


def stamped(user: User) -> int:
    """How many dates tell whether anything has changed; those alone count for the bound."""
    with clock.at(MONDAY):
        return len(feeds.stamps_of(user, holdings_of(user), everybody=False))


def under_review(cast: Cast, at: datetime = MONDAY, **data: str) -> Journey:
    with clock.at(at):
        return Journey.at(cast, "under_review", **data)


# -- a date -------------------------------------------------------------------------------------------


def test_date_says_what_to_do_by_when_under_which_rule_and_where(cast: Cast) -> None:
    journey = under_review(cast, title="Travaux, mobilier ; salle\\Nord 🏗️")
    (found,) = dates(cast, "reviewer")
    assert found.summary == f"{journey.reference} — Instruire le dossier · échéance interne"
    assert (found.on, found.until) == (date(2026, 3, 23), date(2026, 3, 24))
    lines = found.description.split("\n")
    assert lines[:3] == [
        "Objet : Travaux, mobilier ; salle\\Nord 🏗️",
        "Organisme : CARMI Nord-Pas-de-Calais",
        "À faire : Instruire le dossier",
    ]
    assert "Échéance interne : lundi 23 mars 2026" in lines
    rule = next(line for line in lines if line.startswith("Règle déduite : « Le texte ne fixe aucun délai"))
    assert rule.endswith("(Règle fixée dans le silence du texte)")
    assert found.url == f"http://127.0.0.1:8000/dossiers/{journey.reference}/"
    assert found.categories == ("Échéance interne", "Investissement FNMO")
    assert (found.sequence, found.changed) == (0, "20260302T090000Z")


def test_legal_date_of_a_virement_is_quoted_and_says_what_its_end_brings(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    found = [one for one in dates(cast, "ministry") if journey.reference in one.summary]
    assert [one.summary for one in found] == [
        f"{journey.reference} — Accuser réception de l’information · échéance légale"
    ]
    assert found[0].on == date(2026, 3, 17)
    assert "Règle : « dans les 15 jours qui suivent le virement » (COG 2014-2017" in found[0].description
    # Each addressee has a clock of its own, and sees its own only.
    theirs = [dates(cast, who)[0].uid for who in ("ministry", "ministry_db", "comptroller")]
    assert len(set(theirs)) == 3
    assert [len(dates(cast, who)) for who in ("ministry", "ministry_db", "comptroller")] == [1, 1, 1]
    journey.do("inform.acknowledge", "ministry_db")
    assert dates(cast, "ministry_db") == []
    assert dates(cast, "ministry")[0].uid == theirs[0]


def test_obligation_of_the_convention_appears_like_any_other_deadline(cast: Cast) -> None:
    with clock.at(MONDAY), transaction.atomic():
        opened = open_obligations(2026, clock.today()).done
    reference = opened["calendar.c05 2026"]
    found = {one.summary.partition(" — ")[0]: one for one in dates(cast, "reviewer")}
    assert found[reference].on == Deadline.objects.get(dossier__reference=reference, kind="legal").due_on
    assert set(opened.values()) >= set(found)


# -- whose dates --------------------------------------------------------------------------------------


def test_person_sees_what_is_open_to_their_roles_and_what_they_took(cast: Cast) -> None:
    first, second = under_review(cast), under_review(cast)
    assert len(dates(cast, "reviewer")) == 2
    with clock.at(MONDAY):
        claim(task_id=first.task.pk, actor=cast.reviewer2)
        claim(task_id=second.task.pk, actor=cast.reviewer)
    assert [one.partition(" ")[0] for one in summaries(cast, "reviewer")] == [second.reference]
    assert [one.partition(" ")[0] for one in summaries(cast, "reviewer2")] == [first.reference]
    with clock.at(MONDAY):
        release(task_id=first.task.pk, actor=cast.reviewer2)
    assert len(dates(cast, "reviewer")) == 2


def test_role_sees_what_colleagues_took_too(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(MONDAY):
        claim(task_id=journey.task.pk, actor=cast.reviewer2)
    assert len(dates(cast, "reviewer", Role.REVIEWER, "canssm")) == 1
    assert dates(cast, "reviewer") == []


@pytest.mark.parametrize(
    "who", ["agent", "director", "est_agent", "dg", "manager", "auditor", "admin", "nobody"]
)
def test_whoever_reads_a_dossier_without_having_to_act_has_no_date_of_it(cast: Cast, who: str) -> None:
    under_review(cast)
    assert dates(cast, who) == []


def test_feed_of_one_role_leaves_out_the_dates_of_another(cast: Cast) -> None:
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    review = under_review(cast)
    with clock.at(MONDAY):
        decision = Journey.at(cast, "awaiting_decision")
    assert len(dates(cast, "reviewer")) == 2
    for role, journey in ((Role.REVIEWER, review), (Role.DIRECTOR_GENERAL, decision)):
        (found,) = summaries(cast, "reviewer", role, "canssm")
        assert found.startswith(journey.reference)


def test_two_roles_that_may_do_one_step_give_one_date(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    cast.give(cast.ministry, (Role.AUTHORITY, "db"))
    found = dates(cast, "ministry")
    assert len({one.uid for one in found}) == len(found) == 2  # one for each body


def test_clock_of_several_bodies_together_is_one_date_for_who_sits_in_two(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    cast.give(cast.ministry, (Role.AUTHORITY, "db"))
    Deadline.objects.filter(dossier=journey.pk).update(organisation=None)
    assert len(dates(cast, "ministry")) == 3  # each clock once, though two tasks await the person
    assert stamped(cast.ministry) == 3


@pytest.mark.parametrize("state", ["suspended", "met", "cancelled"])
def test_clock_that_does_not_run_counts_for_nothing_though_its_step_is_open(cast: Cast, state: str) -> None:
    journey = under_review(cast)
    closed = None if state == "suspended" else MONDAY
    Deadline.objects.filter(dossier=journey.pk, step="check").update(state=state, closed_at=closed)
    assert stamped(cast.reviewer) == 0
    assert dates(cast, "reviewer") == []


def test_clock_of_another_step_belongs_to_whoever_does_that_step(cast: Cast) -> None:
    journey = under_review(cast)
    own = Deadline.objects.get(dossier=journey.pk, step="check")
    own.pk, own.step = None, "decide"
    own.save(force_insert=True)
    DeadlineEvent.objects.create(deadline=own, kind=EventKind.STARTED, at=MONDAY)
    assert summaries(cast, "reviewer") == [f"{journey.reference} — Instruire le dossier · échéance interne"]
    assert dates(cast, "dg") == []


# -- how dates move -----------------------------------------------------------------------------------


def test_suspended_date_disappears_and_comes_back_moved_as_the_same_entry(cast: Cast) -> None:
    journey = under_review(cast)
    (before,) = dates(cast, "reviewer")
    with clock.at(MONDAY + timedelta(days=2)):
        journey.act("check.request_pieces")
    assert dates(cast, "reviewer", at=MONDAY + timedelta(days=2)) == []
    assert stamped(cast.reviewer) == 0
    with clock.at(MONDAY + timedelta(days=9)):
        journey.act("complete_file.resubmit")
    (after,) = dates(cast, "reviewer", at=MONDAY + timedelta(days=9))
    assert after.uid == before.uid
    assert after.on > before.on
    assert after.sequence > before.sequence
    assert after.changed == "20260311T090000Z" > before.changed


def test_met_and_withdrawn_dates_disappear(cast: Cast) -> None:
    met, withdrawn = under_review(cast), under_review(cast)
    with clock.at(MONDAY):
        met.act("check.complete")
        assert [one.partition(" ")[0] for one in summaries(cast, "reviewer")] == [withdrawn.reference]
        withdrawn.act("withdraw.withdraw", "director")
    assert dates(cast, "reviewer") == []


def test_date_that_is_over_stays_until_the_step_is_done(cast: Cast) -> None:
    under_review(cast)
    (found,) = dates(cast, "reviewer", at=MONDAY + timedelta(days=60))
    assert found.on == date(2026, 3, 23)


def test_dates_come_soonest_first_and_are_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    days = (5, 0, 9)
    for day in days:
        under_review(cast, MONDAY + timedelta(days=day))
    later = MONDAY + timedelta(days=9)
    found = [one.on for one in dates(cast, "reviewer", at=later)]
    assert found == sorted(found)
    assert len(found) == 3
    monkeypatch.setattr(feeds, "MOST_DATES", 2)
    assert [one.on for one in dates(cast, "reviewer", at=later)] == found[:2]


# -- whether anything changed -------------------------------------------------------------------------


def test_version_changes_with_the_content_and_only_then(cast: Cast) -> None:
    journey = under_review(cast)
    with clock.at(MONDAY):
        _, secret = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)

    def version(days: int) -> str:
        with clock.at(MONDAY + timedelta(days=days)):
            live = live_feed(secret, (FeedKind.PERSON,))
            assert live is not None
            return feed_behind(live).version

    seen = [version(0)]
    assert version(30) == seen[0]  # time alone changes nothing
    with clock.at(MONDAY + timedelta(hours=1)):
        claim(task_id=journey.task.pk, actor=cast.reviewer)
    seen.append(version(1))
    with clock.at(MONDAY + timedelta(days=2)):
        journey.act("check.request_pieces")
    seen.append(version(2))
    with clock.at(MONDAY + timedelta(days=3)):
        journey.act("complete_file.resubmit")
    seen.append(version(3))
    User.objects.filter(pk=cast.reviewer.pk).update(display_name="Irène Autre")  # the calendar's own name
    seen.append(version(3))
    assert len(set(seen)) == len(seen)


def test_last_change_is_never_before_a_date_that_went(cast: Cast) -> None:
    """A program that only knows since when it has its copy must be told that a date is gone."""
    journey, other = under_review(cast), under_review(cast)
    with clock.at(MONDAY):
        _, secret = create_feed(user=cast.reviewer, kind=FeedKind.PERSON)

    def changed(at: datetime) -> datetime:
        with clock.at(at):
            live = live_feed(secret, (FeedKind.PERSON,))
            assert live is not None
            return feed_behind(live).changed_at

    assert changed(MONDAY + timedelta(hours=1)) == MONDAY
    done, taken = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3)
    with clock.at(done):
        journey.act("check.complete")
    assert changed(MONDAY + timedelta(hours=4)) == done
    with clock.at(taken):
        claim(task_id=other.task.pk, actor=cast.reviewer2)
    assert changed(MONDAY + timedelta(hours=4)) == taken
    tomorrow = MONDAY + timedelta(days=1)
    assert changed(tomorrow) == clock.start_of(clock.paris_date(tomorrow))  # roles begin and end at midnight


def test_role_that_begins_today_counts_as_a_change(cast: Cast) -> None:
    with clock.at(MONDAY):
        _, secret = create_feed(user=cast.nobody, kind=FeedKind.PERSON)
    given = MONDAY + timedelta(hours=5)
    with clock.at(given):
        grant_role(
            user=cast.nobody,
            role=Role.REVIEWER,
            organisation=cast.body["canssm"],
            valid_from=clock.today(),
            act="Note 3",
            granted_by=cast.admin,
        )
    with clock.at(given + timedelta(hours=1)):
        live = live_feed(secret, (FeedKind.PERSON,))
        assert live is not None
        assert feed_behind(live).changed_at == given


# -- the register -------------------------------------------------------------------------------------


def told(cast: Cast) -> CreditJourney:
    journey = CreditJourney.file(
        cast, "virement", transfers(("A-I-1", "A-I-2.info", "1.00"), reason="Ordinateurs & <écrans>")
    )
    return journey.walk("prepare.submit", "check.credits_available", "effect.effect")


def news(cast: Cast, who: str, at: datetime = NOW) -> list[atom_checker.Read]:
    with clock.at(at):
        return atom_checker.entries(feed_of(cast.people[who], FeedKind.REGISTER, cast=cast).render())


def test_register_tells_each_sending_and_each_receipt_newest_first(cast: Cast) -> None:
    journey = told(cast)
    sent = news(cast, "auditor")
    assert {one.title for one in sent} == {
        f"{journey.reference} — {name} : information envoyée"
        for name in (
            "Direction de la sécurité sociale",
            "Direction du budget",
            "Contrôle général économique et financier",
        )
    }
    assert {one.category for one in sent} == {"issued"}
    assert "Ordinateurs & <écrans>" in sent[0].summary
    assert "À informer au plus tard le mardi 17 mars 2026" in sent[0].summary
    journey.do("inform.acknowledge", "ministry", at=NOW + timedelta(days=1))
    journey.do("inform.acknowledge", "ministry_db", at=NOW + timedelta(days=20))
    found = news(cast, "auditor", NOW + timedelta(days=21))
    assert len({one.key for one in found}) == len(found) == 5
    late, in_time = found[:2]
    assert (
        late.title == f"{journey.reference} — Direction du budget : accusé de réception donné après le délai"
    )
    assert late.category == "acknowledged_late"
    assert in_time.title.endswith(
        "Direction de la sécurité sociale : accusé de réception donné dans le délai"
    )
    assert in_time.summary.endswith("Accusé de réception donné le mardi 3 mars 2026, dans le délai")
    assert found[2:] == sent  # what was told stays as it was
    assert {one.url for one in found} == {f"http://127.0.0.1:8000/dossiers/{journey.reference}/"}


def test_register_shows_the_notices_that_the_person_reads(cast: Cast) -> None:
    told(cast)
    assert len(news(cast, "ministry")) == 3  # the dossier is theirs to read, with all that it told
    assert news(cast, "est_agent") == []
    assert len(news(cast, "agent")) == 3


def test_register_is_bounded_to_the_latest(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    journey = told(cast)
    journey.do("inform.acknowledge", "ministry", at=NOW + timedelta(days=1))
    later = NOW + timedelta(days=2)
    every = news(cast, "auditor", later)
    monkeypatch.setattr(feeds, "MOST_NEWS", 2)
    monkeypatch.setattr("workflows.feeds.sources.MOST_NEWS", 2)
    assert news(cast, "auditor", later) == every[:2]


def test_register_changes_when_a_receipt_is_given(cast: Cast) -> None:
    journey = told(cast)
    with clock.at(NOW):
        _, secret = create_feed(user=cast.auditor, kind=FeedKind.REGISTER)

    def feed(at: datetime) -> Feed:
        with clock.at(at):
            live = live_feed(secret, (FeedKind.REGISTER,))
            assert live is not None
            return feed_behind(live)

    first, given = feed(NOW), NOW + timedelta(hours=2)
    assert feed(NOW + timedelta(hours=1)).version == first.version
    assert first.changed_at == NOW
    journey.do("inform.acknowledge", "ministry", at=given)
    assert feed(given).version != first.version
    assert feed(given).changed_at == given
    assert LegalNotice.objects.filter(acknowledged_at=given).count() == 1
