"""The FNMO path: withdrawal, separation of duties, and the splitting of one project."""

from datetime import datetime

import pytest

from cases import clock
from cases.enums import DossierStatus, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound, Reason
from cases.models import Deadline, JournalEntry, User
from tests.journeys import ROUTE_TO, Cast, Journey, file, state_of_everything
from workflows.selectors import available_actions, dossier_view
from workflows.services import add_document, claim, reassign, update_draft

S = DossierStatus
NPDC, EST = "carmi-npdc", "carmi-est"


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T11:00:00+00:00")


# -- withdrawal ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", sorted(ROUTE_TO))
def test_withdrawal_is_allowed_until_the_decision(cast: Cast, status: str) -> None:
    journey = Journey.at(cast, status)
    offered = [one for one in available_actions(journey.dossier, cast.agent) if one.step == "withdraw"]
    if status in {"draft", "submitted", "under_review", "to_complete", "awaiting_decision"}:
        assert [one.allowed for one in offered] == [True]
        journey.act("withdraw.withdraw", motive="Projet abandonné.")
        assert (journey.status, journey.open_steps) == (S.WITHDRAWN, [])
        assert journey.dossier.next_due_on is None
        assert not Deadline.objects.filter(dossier=journey.pk, state__in=("running", "suspended")).exists()
        journey.dossier.process.refresh_from_db()
        assert (journey.dossier.process.status, journey.dossier.process.finished is None) == (
            "CANCELED",
            False,
        )
        return
    assert not any(one.allowed for one in offered)
    before = state_of_everything()
    expected = Conflict if status == "withdrawn" else Blocked
    with pytest.raises(expected) as refused:
        journey.act("withdraw.withdraw", motive="Projet abandonné.")
    assert "retiré" in refused.value.message
    assert state_of_everything() == before


def test_withdrawal_cancels_a_suspended_clock_and_its_date_is_the_computed_one(cast: Cast) -> None:
    journey = Journey.at(cast, "to_complete").follow("withdraw.withdraw")
    review = Deadline.objects.get(dossier=journey.pk, step="check")
    assert review.state == "cancelled"
    found = next(
        one for one in dossier_view(cast.agent, journey.reference).deadlines if one.deadline.pk == review.pk
    )
    assert found.computation.state.value == review.state
    assert found.computation.due_on == review.due_on


@pytest.mark.parametrize("who", ["reviewer", "dg", "manager", "auditor", "carmi_manager"])
def test_withdrawal_is_the_submitters_own(cast: Cast, who: str) -> None:
    journey = Journey.at(cast, "under_review")
    before = state_of_everything()
    expected = Forbidden
    with pytest.raises(expected) as refused:
        journey.act("withdraw.withdraw", actor=who)
    assert "peuvent retirer" in refused.value.message
    assert state_of_everything() == before


@pytest.mark.parametrize("who", ["est_agent", "admin", "ministry", "nobody"])
def test_withdrawal_by_an_outsider_gives_no_hint(cast: Cast, who: str) -> None:
    journey = Journey.at(cast, "under_review")
    with pytest.raises(NotFound) as refused:
        journey.act("withdraw.withdraw", actor=who)
    with pytest.raises(NotFound) as absent:
        Journey.act(_missing(journey), "withdraw.withdraw", actor=who)
    assert refused.value.message == absent.value.message


def _missing(journey: Journey) -> Journey:
    other = Journey(journey.cast, journey.dossier)
    other.reference = "FNMO-2015-9999"
    return other


def test_withdrawal_needs_a_motive_and_no_data(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    before = state_of_everything()
    with pytest.raises(Invalid) as refused:
        journey.act("withdraw.withdraw", motive=" \n")
    assert list(refused.value.details) == ["motive"]
    with pytest.raises(Invalid) as refused:
        journey.act("withdraw.withdraw", data={"amount_ht": "1"})
    assert list(refused.value.details) == ["amount_ht"]
    with pytest.raises(Invalid):
        journey.act("withdraw.refuse")
    assert state_of_everything() == before


def test_withdrawal_is_journalled_under_the_role_that_allows_it(cast: Cast) -> None:
    """A manager who also prepares dossiers withdraws one as their preparer, not as a manager."""
    cast.give(cast.agent, (Role.MANAGER, NPDC))
    journey = Journey.at(cast, "submitted").follow("withdraw.withdraw")
    entry = JournalEntry.objects.filter(dossier=journey.pk).order_by("-sequence")[0]
    assert entry.capacity == "Agent préparateur — CARMI Nord-Pas-de-Calais"
    assert (entry.action, entry.status_after, entry.motive) == ("withdraw", "withdrawn", "Le devis manque.")


# -- separation of duties ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "roles"),
    [
        pytest.param("prepare.submit", ((Role.PREPARER, NPDC),), id="submitted it"),
        pytest.param("sign_off.transmit", ((Role.REGIONAL_DIRECTOR, NPDC),), id="signed it"),
        pytest.param("check.complete", ((Role.REVIEWER, "canssm"),), id="reviewed it"),
    ],
)
def test_nobody_decides_what_they_prepared_or_reviewed(
    cast: Cast, part: str, roles: tuple[tuple[Role, str], ...]
) -> None:
    both = cast.person("both", *roles, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = Journey.start(cast)
    for act in ROUTE_TO["awaiting_decision"]:
        journey.act(act, actor=both if act == part else None)
    before = state_of_everything()
    for outcome in ("approve", "refuse", "send_back"):
        with pytest.raises(Forbidden) as refused:
            journey.act(f"decide.{outcome}", actor=both, motive="Essai")
        assert [reason.code for reason in refused.value.reasons] == ["separation_of_duties"]
        assert refused.value.reasons[0].quote is not None
    with pytest.raises(Forbidden):
        claim(task_id=journey.task.pk, actor=both)
    with pytest.raises(Invalid):
        reassign(task_id=journey.task.pk, actor=cast.manager, to=both, motive="Absence")
    offered = {one.outcome: one for one in available_actions(journey.dossier, both) if one.step == "decide"}
    assert {outcome: one.allowed for outcome, one in offered.items()} == dict.fromkeys(offered, False)
    assert state_of_everything() == before
    journey.act("decide.approve", actor="dg")


@pytest.mark.parametrize("what", ["create", "edit", "piece"])
def test_work_on_the_draft_counts_as_preparation(cast: Cast, what: str) -> None:
    """Who created or edited the draft, or put a piece into it, prepared the dossier, whoever submits it."""
    both = cast.person("both", (Role.PREPARER, NPDC), (Role.DIRECTOR_GENERAL, "canssm"))
    if what == "create":
        cast.agent, agent = both, cast.agent
        journey = Journey.start(cast)
        cast.agent = agent
    else:
        journey = Journey.start(cast)
    if what == "edit":
        update_draft(reference=journey.reference, actor=both, data={"nature": "Équipement"}, version=None)
    if what == "piece":
        journey.add("presentation_note", actor=both)
    journey.follow(*ROUTE_TO["awaiting_decision"])
    with pytest.raises(Forbidden) as refused:
        journey.act("decide.approve", actor=both)
    assert [reason.code for reason in refused.value.reasons] == ["separation_of_duties"]


def test_who_sent_it_back_no_longer_prepares_it(cast: Cast) -> None:
    both = cast.person("both", (Role.PREPARER, NPDC), (Role.DIRECTOR_GENERAL, "canssm"))
    journey = Journey.at(cast, "awaiting_decision")
    journey.act("decide.send_back", actor=both)
    journey.act("check.request_pieces")
    before = state_of_everything()
    with pytest.raises(Forbidden):
        journey.act("complete_file.resubmit", actor=both)
    with pytest.raises(Forbidden):
        update_draft(reference=journey.reference, actor=both, data={"nature": "Équipement"}, version=None)
    with pytest.raises(Forbidden):
        journey.add("presentation_note", actor=both)
    assert not dossier_view(both, journey.reference).may_edit
    assert state_of_everything() == before
    assert dossier_view(cast.agent, journey.reference).may_edit
    journey.act("complete_file.resubmit")


# -- splitting -----------------------------------------------------------------------------------------------


def warnings_of(journey: Journey, user: User | None = None) -> tuple[Reason, ...]:
    return dossier_view(user or journey.cast.reviewer, journey.reference).warnings


def filed(cast: Cast, day: str, amount: str, facility: str = "Lens", body: str = NPDC) -> Journey:
    """An operation submitted and signed that day, without the pieces that none of these amounts needs."""
    with clock.at(noon(day)):
        journey = Journey.start(cast, amount, pieces=(), facilities=[facility], body=body)
        if body == NPDC:
            journey.follow("prepare.submit", "sign_off.transmit")
        else:
            journey.act("prepare.submit", actor="est_agent")
    return journey


def test_split_warning_names_the_other_dossiers_to_desk_and_decider(cast: Cast) -> None:
    first = filed(cast, "2015-01-12", "12000")
    second = filed(cast, "2015-06-01", "15 000,50")
    (warning,) = warnings_of(second, cast.agent)
    assert warning.code == "possible_split"
    assert first.reference in warning.message
    assert second.reference not in warning.message
    assert "27\u202f000,50\u00a0€" in warning.message
    assert warning.quote is not None
    assert "quel que soit le nombre d" in warning.quote.text
    (back,) = warnings_of(first, cast.agent)
    assert second.reference in back.message


def test_split_warning_is_seen_while_the_dossier_is_reviewed_and_decided(cast: Cast) -> None:
    small = filed(cast, "2015-01-12", "12000", "Centre de santé de Lens")
    with clock.at(noon("2015-03-02")):
        big = Journey.at(cast, "awaiting_decision")
    for user in (cast.reviewer, cast.dg):
        (warning,) = warnings_of(big, user)
        assert small.reference in warning.message


@pytest.mark.parametrize(
    ("day", "amount", "facility", "body"),
    [
        pytest.param("2015-06-01", "8000.00", "Lens", NPDC, id="exactly the threshold together"),
        pytest.param("2015-06-01", "12000", "Liévin", NPDC, id="another facility"),
        pytest.param("2015-06-01", "12000", "Lens", EST, id="another body"),
        pytest.param("2014-01-11", "12000", "Lens", NPDC, id="a year and a day before"),
        pytest.param("2016-01-13", "12000", "Lens", NPDC, id="a year and a day after"),
    ],
)
def test_split_warning_stays_silent_for_unrelated_operations(
    cast: Cast, day: str, amount: str, facility: str, body: str
) -> None:
    first = filed(cast, "2015-01-12", "12000")
    other = filed(cast, day, amount, facility, body)
    assert warnings_of(first, cast.agent) == ()
    assert warnings_of(other, cast.agent if body == NPDC else cast.est_agent) == ()


def test_split_warning_sums_no_more_than_twelve_months(cast: Cast) -> None:
    """Three operations over two years: the middle one is within twelve months of each, never of both at once."""
    early = filed(cast, "2015-01-12", "9000")
    middle = filed(cast, "2015-12-01", "9000")
    late = filed(cast, "2016-11-01", "9000")
    assert warnings_of(middle, cast.agent) == ()
    assert warnings_of(early, cast.agent) == ()
    assert warnings_of(late, cast.agent) == ()
    more = filed(cast, "2016-11-02", "2000.01")
    (warning,) = warnings_of(middle, cast.agent)
    assert late.reference in warning.message
    assert more.reference in warning.message
    assert early.reference not in warning.message


@pytest.mark.parametrize("given_up", ["withdraw.withdraw", "sign_off.return"])
def test_split_warning_forgets_what_was_given_up(cast: Cast, given_up: str) -> None:
    with clock.at(noon("2015-01-12")):
        first = Journey.at(cast, "submitted", "12000", pieces=())
        first.act(given_up)
    second = filed(cast, "2015-06-01", "12000", "Centre de santé de Lens")
    assert warnings_of(second, cast.agent) == ()


def test_two_operations_above_the_threshold_are_no_split(cast: Cast) -> None:
    with clock.at(noon("2015-03-02")):
        first, second = Journey.at(cast, "submitted"), Journey.at(cast, "submitted")
    assert warnings_of(first, cast.agent) == warnings_of(second, cast.agent) == ()


def test_a_piece_is_added_only_by_those_who_prepare(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    before = state_of_everything()
    for who in ("director", "reviewer", "carmi_manager", "auditor"):
        with pytest.raises((Forbidden, NotFound)):
            journey.add(actor=cast.people[who])
    with pytest.raises(NotFound):
        add_document(reference="FNMO-2015-0999", kind="presentation_note", file=file(), actor=cast.agent)
    assert state_of_everything() == before
