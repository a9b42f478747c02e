"""The FNMO path (A01, A02), carried by its people through the services."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cases import clock
from cases.enums import DecisionKind, DossierStatus
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import Deadline, Decision, Document, JournalEntry
from cases.services import computation_of
from cases.uploads import sha256_of
from tests.journeys import ROUTE_TO, Cast, Journey, impact, state_of_everything
from workflows.paths.fnmo_investment import THRESHOLD, FnmoInvestment
from workflows.rulebook import registry, rulebooks
from workflows.services import update_draft

S = DossierStatus


def codes(error: Blocked | Forbidden | Conflict) -> list[str]:
    return [reason.code for reason in error.reasons]


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T11:00:00+00:00")


# -- the way of a dossier ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "after_signature", "step", "needs_note"),
    [
        pytest.param("20000.01", S.UNDER_REVIEW, "check", True, id="a cent above"),
        pytest.param("25 000,50 €", S.UNDER_REVIEW, "check", True, id="above"),
        pytest.param("20000.00", S.APPROVED, "commit", False, id="exactly the threshold"),
        pytest.param("19999.99", S.APPROVED, "commit", False, id="a cent below"),
        pytest.param("0,01", S.APPROVED, "commit", False, id="far below"),
    ],
)
def test_threshold_is_strict_and_decides_the_route(
    cast: Cast, amount: str, after_signature: DossierStatus, step: str, needs_note: bool
) -> None:
    journey = Journey.start(cast, amount, pieces=())
    if needs_note:
        with pytest.raises(Blocked) as refused:
            journey.act("prepare.submit")
        assert codes(refused.value) == ["missing_piece"]
        assert "note de présentation" in refused.value.message.lower()
        quote = refused.value.reasons[0].quote
        assert quote is not None
        assert "note de présentation justifiant" in quote.text
        journey.add("presentation_note")
    journey.follow("prepare.submit", "sign_off.transmit")
    assert (journey.status, journey.open_steps) == (after_signature, [step])


def test_above_the_threshold_four_people_carry_it_to_its_end(cast: Cast) -> None:
    journey = Journey.start(cast)
    seen = [journey.status]
    for act in ROUTE_TO["closed"]:
        journey.act(act)
        seen.append(journey.status)
    assert seen == [
        "draft",
        "submitted",
        "under_review",
        "awaiting_decision",
        "approved",
        "executed",
        "closed",
    ]
    assert journey.open_steps == []
    journal = JournalEntry.objects.filter(dossier=journey.pk, action="perform").order_by("sequence")
    assert [(entry.step, entry.outcome, entry.actor_name, entry.capacity) for entry in journal] == [
        ("prepare", "submit", "Anne Agent", "Agent préparateur — CARMI Nord-Pas-de-Calais"),
        ("sign_off", "transmit", "Denis Directeur", "Directeur régional — CARMI Nord-Pas-de-Calais"),
        ("check", "complete", "Irène Instructrice", "Instructeur — CANSSM"),
        ("decide", "approve", "Gilles Général", "Directeur général — CANSSM"),
        ("commit", "commit", "Denis Directeur", "Directeur régional — CARMI Nord-Pas-de-Calais"),
        ("close", "close", "Irène Instructrice", "Instructeur — CANSSM"),
    ]
    assert [entry.status_before for entry in journal] == seen[:-1]
    assert [entry.status_after for entry in journal] == seen[1:]


def test_dispense_is_recorded_as_a_decision_and_opens_the_commitment_at_once(cast: Cast) -> None:
    journey = Journey.start(cast, "20000.00", pieces=()).follow("prepare.submit", "sign_off.transmit")
    dossier = journey.dossier
    decision = Decision.objects.get(dossier=dossier)
    assert (decision.kind, decision.amount_ht) == (DecisionKind.DISPENSE, Decimal("20000.00"))
    assert dossier.approved_amount_ht == Decimal("20000.00")
    assert (decision.decided_by, decision.capacity) == (
        cast.director,
        "Directeur régional — CARMI Nord-Pas-de-Calais",
    )
    last = JournalEntry.objects.filter(dossier=dossier).order_by("-sequence")[0]
    assert "cog-2014-2017/fnmo.investment.dispense@2014-01-01" in last.rule_refs
    assert "cog-2014-2017/fnmo.investment.threshold@2014-01-01" in last.rule_refs
    journey.follow("commit.commit", "close.close")
    assert journey.status == S.CLOSED


# -- restructuring -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "rows", "missing"),
    [
        pytest.param(
            ("presentation_note",), impact(2016, 2017, 2018), ["missing_piece"], id="no economic file"
        ),
        pytest.param(("presentation_note", "economic_file"), [], ["missing_impact"], id="no impact"),
        pytest.param(
            ("presentation_note", "economic_file"), impact(2016, 2017), ["missing_impact"], id="two years"
        ),
        pytest.param(
            ("presentation_note", "economic_file"), impact(2016, 2017, 2019), ["missing_impact"], id="a hole"
        ),
        pytest.param(
            ("presentation_note", "economic_file"),
            impact(2016, 2017, 2018) + impact(2016, gestion="FNASS"),
            ["missing_impact"],
            id="one gestion complete, the other not",
        ),
        pytest.param((), [], ["missing_piece", "missing_piece", "missing_impact"], id="nothing"),
        pytest.param(
            ("presentation_note", "economic_file"),
            impact(2016, 2017, 2018, 2019) + impact(2016, 2017, 2018, gestion="FNASS"),
            [],
            id="all there",
        ),
    ],
)
def test_restructuring_needs_the_economic_file_and_three_years_per_gestion(
    cast: Cast, pieces: tuple[str, ...], rows: list[dict[str, object]], missing: list[str]
) -> None:
    journey = Journey.start(cast, pieces=pieces, is_restructuring=True, impact=rows)
    if not missing:
        journey.act("prepare.submit")
        assert journey.status == S.SUBMITTED
        return
    before = state_of_everything()
    with pytest.raises(Blocked) as refused:
        journey.act("prepare.submit")
    assert codes(refused.value) == missing
    assert all(reason.quote is not None and reason.lifted_by for reason in refused.value.reasons)
    assert state_of_everything() == before


def test_restructuring_below_the_threshold_needs_no_piece(cast: Cast) -> None:
    journey = Journey.start(cast, "20000.00", pieces=(), is_restructuring=True)
    journey.follow("prepare.submit", "sign_off.transmit")
    assert journey.status == S.APPROVED


# -- complements, returns ------------------------------------------------------------------------------------


def test_request_of_pieces_stops_the_review_clock_and_resubmission_lets_it_run(cast: Cast) -> None:
    with clock.at(noon("2015-03-02")):
        journey = Journey.at(cast, "under_review")
    review = Deadline.objects.get(dossier=journey.pk, step="check")
    assert (review.state, review.due_on) == ("running", date(2015, 3, 23))  # 15 working days
    assert journey.dossier.next_due_on == date(2015, 3, 23)

    with clock.at(noon("2015-03-05")):
        journey.act("check.request_pieces", motive="Le devis manque.")
    review.refresh_from_db()
    assert (review.state, review.due_on) == ("suspended", None)
    completion = Deadline.objects.get(dossier=journey.pk, step="complete_file")
    assert (completion.state, completion.due_on) == ("running", date(2015, 4, 4))
    assert journey.dossier.next_due_on == date(2015, 4, 4)
    assert (journey.status, journey.open_steps) == (S.TO_COMPLETE, ["complete_file"])

    with clock.at(noon("2015-03-09")):
        journey.act("complete_file.resubmit")
    review.refresh_from_db()
    # Friday the 6th and Monday the 9th do not count
    assert (review.state, review.due_on) == ("running", date(2015, 3, 25))
    assert journey.dossier.next_due_on == date(2015, 3, 25)
    lines = [line.label for line in computation_of(review).lines]
    assert (
        "Suspendu du vendredi 6 mars 2015 au lundi 9 mars 2015 : 2 jours ouvrés (Le devis manque.)" in lines
    )

    with clock.at(noon("2015-03-20")):
        journey.act("check.complete")
    review.refresh_from_db()
    assert (review.state, review.closed_at) == ("met", noon("2015-03-20"))
    assert computation_of(review).late is False
    assert Deadline.objects.filter(dossier=journey.pk, step="check").count() == 1


def test_a_second_request_of_pieces_suspends_the_same_clock_again(cast: Cast) -> None:
    with clock.at(noon("2015-03-02")):
        journey = Journey.at(cast, "under_review")
    for stop, resume in (("2015-03-03", "2015-03-05"), ("2015-03-10", "2015-03-11")):
        with clock.at(noon(stop)):
            journey.act("check.request_pieces")
        with clock.at(noon(resume)):
            journey.act("complete_file.resubmit")
    review = Deadline.objects.get(dossier=journey.pk, step="check")
    assert review.due_on == date(2015, 3, 26)  # 23 March, two working days and one more


def test_send_back_reopens_the_review_with_a_clock_of_its_own(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    before = state_of_everything()
    with pytest.raises(Invalid) as refused:
        journey.act("decide.send_back", motive="  ")
    assert list(refused.value.details) == ["motive"]
    assert state_of_everything() == before
    journey.act("decide.send_back", motive="L’avis du service travaux manque.")
    assert (journey.status, journey.open_steps) == (S.UNDER_REVIEW, ["check"])
    states = list(
        Deadline.objects.filter(dossier=journey.pk, step="check")
        .order_by("pk")
        .values_list("state", flat=True)
    )
    assert states == ["met", "running"]
    journey.follow("check.complete", "decide.approve")
    assert journey.status == S.APPROVED


def test_return_before_it_left_the_body_gives_the_draft_back(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    journey.act("sign_off.return")
    assert (journey.status, journey.open_steps) == (S.DRAFT, ["prepare"])
    dossier = update_draft(
        reference=journey.reference, actor=cast.agent, data={"amount_ht": "18 000"}, version=None
    )
    assert dossier.amount_ht == Decimal("18000.00")
    journey.follow("prepare.submit", "sign_off.transmit")
    assert journey.status == S.APPROVED


# -- decisions -----------------------------------------------------------------------------------------------


def test_refusal_needs_a_motive_and_only_filing_follows(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    before = state_of_everything()
    with pytest.raises(Invalid) as refused:
        journey.act("decide.refuse", motive="")
    assert "motif" in refused.value.details["motive"][0]
    assert state_of_everything() == before
    journey.act("decide.refuse", motive="Opération déjà financée en 2014.")
    decision = Decision.objects.get(dossier=journey.pk)
    assert (decision.kind, decision.motive) == (DecisionKind.REFUSAL, "Opération déjà financée en 2014.")
    assert journey.dossier.approved_amount_ht is None
    assert (journey.status, journey.open_steps) == (S.REFUSED, ["close"])
    journey.act("close.close")
    assert journey.status == S.CLOSED


def test_decision_paper_is_stored_and_its_fingerprint_stands_in_the_journal(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    head = journey.dossier.journal_head
    journey.act("decide.approve")
    document = Document.objects.get(dossier=journey.pk, kind="decision")
    with document.file.open("rb") as stored:
        content = stored.read()
    assert content.startswith(b"%PDF-1.7")
    assert document.size == len(content)
    with document.file.open("rb") as stored:
        assert sha256_of(stored) == document.sha256
    entry = JournalEntry.objects.get(dossier=journey.pk, step="decide")
    assert entry.changes["document"]["sha256"] == document.sha256
    assert entry.previous_hash == head
    assert Decision.objects.get(dossier=journey.pk).document == document
    assert Decision.objects.get(dossier=journey.pk).capacity == "Directeur général — CANSSM"
    assert journey.reference in document.name


# -- commitment ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "submitted", "under_review", "to_complete", "awaiting_decision"])
def test_commitment_before_the_approval_is_blocked_with_the_quote(cast: Cast, status: str) -> None:
    journey = Journey.at(cast, status)
    before = state_of_everything()
    with pytest.raises(Blocked) as refused:
        journey.act("commit.commit", data={"committed_on": "2015-03-02", "committed_amount_ht": "1"})
    (reason,) = refused.value.reasons
    assert reason.code == "not_open"
    assert reason.quote is not None
    assert "validation avant engagement" in reason.quote.text
    assert journey.tasks()[0].flow_task.task_title in reason.message
    assert state_of_everything() == before


def test_commitment_after_a_refusal_is_blocked(cast: Cast) -> None:
    journey = Journey.at(cast, "refused")
    with pytest.raises(Blocked) as refused:
        journey.act("commit.commit", data={"committed_on": "2015-03-02", "committed_amount_ht": "1"})
    assert codes(refused.value) == ["not_open"]


@pytest.mark.parametrize(
    ("day", "amount", "reasons"),
    [
        pytest.param("2015-03-02", "25000.50", [], id="the same day, the whole amount"),
        pytest.param("2015-03-20", "1", [], id="later, less"),
        pytest.param("2015-03-02", "25000.51", ["above_approved_amount"], id="a cent too much"),
        pytest.param("2015-03-01", "25000.50", ["before_approval"], id="the day before"),
        pytest.param("2015-03-21", "25000.50", ["future_date"], id="tomorrow"),
        pytest.param("2015-03-01", "30000", ["above_approved_amount", "before_approval"], id="both"),
    ],
)
def test_commitment_keeps_to_what_was_approved(cast: Cast, day: str, amount: str, reasons: list[str]) -> None:
    with clock.at(noon("2015-03-02")):
        journey = Journey.at(cast, "approved")
    data = {"committed_on": day, "committed_amount_ht": amount}
    with clock.at(noon("2015-03-20")):
        if not reasons:
            dossier = journey.act("commit.commit", data=data)
            assert dossier.status == S.EXECUTED
            assert dossier.results["commit"] == {
                "committed_on": day,
                "committed_amount_ht": f"{Decimal(amount):.2f}",
            }
            return
        before = state_of_everything()
        with pytest.raises(Blocked) as refused:
            journey.act("commit.commit", data=data)
        assert codes(refused.value) == reasons
        assert state_of_everything() == before


def test_commitment_day_is_counted_in_paris(cast: Cast) -> None:
    """Approved at 23:30 UTC on 1 July, that is on 2 July in Paris: an engagement of 1 July precedes it."""
    with clock.at(datetime(2015, 7, 1, 22, 30, tzinfo=UTC)):
        journey = Journey.at(cast, "approved")
        with pytest.raises(Blocked) as refused:
            journey.act("commit.commit", data={"committed_on": "2015-07-01", "committed_amount_ht": "1"})
        assert codes(refused.value) == ["before_approval"]
        journey.act("commit.commit", data={"committed_on": "2015-07-02", "committed_amount_ht": "1"})


# -- revised cost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "revised", "status", "step", "approved"),
    [
        pytest.param("15000", "20000.01", S.UNDER_REVIEW, "check", None, id="dispensed, above"),
        pytest.param("15000", "20000.00", S.APPROVED, "commit", "20000.00", id="dispensed, to the threshold"),
        pytest.param("15000", "12000", S.APPROVED, "commit", "15000.00", id="dispensed, lower"),
        pytest.param("25000", "25000.01", S.UNDER_REVIEW, "check", None, id="approved, higher"),
        pytest.param("25000", "24000", S.APPROVED, "commit", "25000.00", id="approved, lower"),
        pytest.param("25000", "9000", S.APPROVED, "commit", "25000.00", id="approved, below the threshold"),
    ],
)
def test_revised_cost_goes_back_only_when_no_approval_covers_it(
    cast: Cast, first: str, revised: str, status: DossierStatus, step: str, approved: str | None
) -> None:
    journey = Journey.start(cast, first).follow("prepare.submit", "sign_off.transmit")
    if journey.status == S.UNDER_REVIEW:
        journey.follow("check.complete", "decide.approve")
    journey.act("commit.revise_cost", data={"amount_ht": revised}, motive="Devis actualisé.")
    dossier = journey.dossier
    assert (dossier.status, journey.open_steps) == (status, [step])
    assert dossier.amount_ht == Decimal(revised)
    assert dossier.data["amount_ht"] == f"{Decimal(revised):.2f}"
    assert dossier.approved_amount_ht == (Decimal(approved) if approved else None)
    last = JournalEntry.objects.filter(dossier=dossier).order_by("-sequence")[0]
    assert last.changes["amount_ht"] == [f"{Decimal(first):.2f}", f"{Decimal(revised):.2f}"]
    assert "cog-2014-2017/fnmo.investment.revised_cost@2014-01-01" in last.rule_refs


def test_revised_cost_above_is_validated_again_before_any_commitment(cast: Cast) -> None:
    """A dispensed operation that crosses the threshold owes the pieces that it never had to give."""
    journey = Journey.start(cast, "15000", pieces=()).follow("prepare.submit", "sign_off.transmit")
    journey.act("commit.revise_cost", data={"amount_ht": "30 000"}, motive="Devis actualisé.")
    with pytest.raises(Blocked) as refused:
        journey.act("check.complete")
    assert codes(refused.value) == ["missing_piece"]
    journey.act("check.request_pieces")
    journey.add("presentation_note")
    journey.follow("complete_file.resubmit", "check.complete", "decide.approve")
    assert journey.dossier.approved_amount_ht == Decimal("30000.00")
    kinds = list(Decision.objects.filter(dossier=journey.pk).values_list("kind", flat=True))
    assert kinds == [DecisionKind.DISPENSE, DecisionKind.APPROVAL]
    journey.act("commit.commit")
    assert journey.status == S.EXECUTED


def test_revised_cost_refused_leaves_nothing_to_commit(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    journey.act("commit.revise_cost", data={"amount_ht": "40000"}, motive="Devis actualisé.")
    journey.follow("check.complete", "decide.refuse")
    assert (journey.status, journey.dossier.approved_amount_ht) == (S.REFUSED, None)


@pytest.mark.parametrize(
    ("data", "motive", "error", "field"),
    [
        ({"amount_ht": "25000.50"}, "Devis.", Blocked, "unchanged_cost"),
        ({"amount_ht": "-1"}, "Devis.", Invalid, "amount_ht"),
        ({"amount_ht": "30000"}, "", Invalid, "motive"),
        ({}, "Devis.", Invalid, "amount_ht"),
        ({"amount_ht": "30000", "title": "x"}, "Devis.", Invalid, "title"),
    ],
)
def test_revised_cost_refuses_what_makes_no_sense(
    cast: Cast, data: dict[str, str], motive: str, error: type[Blocked | Invalid], field: str
) -> None:
    journey = Journey.at(cast, "approved")
    before = state_of_everything()
    with pytest.raises(error) as refused:
        journey.act("commit.revise_cost", data=data, motive=motive)
    found = codes(refused.value) if isinstance(refused.value, Blocked) else list(refused.value.details)
    assert found == [field]
    assert state_of_everything() == before


# -- rules are pinned ----------------------------------------------------------------------------------------


@pytest.fixture
def threshold_of_2020(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A rulebook in which a circular doubles the threshold from 1 June 2020 on."""
    books = dict(rulebooks())
    book = books["cog-2014-2017"]
    (old,) = book.rules[THRESHOLD]
    old = replace(old, valid_until=date(2020, 5, 31))
    new = replace(
        old, value=Decimal("40000.00"), valid_from=date(2020, 6, 1), valid_until=None, act="Circulaire"
    )
    books["cog-2014-2017"] = replace(book, rules={**book.rules, THRESHOLD: (old, new)})
    monkeypatch.setattr(registry, "load", lambda folder: books)
    rulebooks.cache_clear()
    yield
    rulebooks.cache_clear()


def test_rule_versions_are_pinned_at_submission_and_stay(cast: Cast, threshold_of_2020: None) -> None:
    with clock.at(noon("2020-05-29")):
        journey = Journey.at(cast, "submitted", "30000", exercise=2020)
    assert set(journey.dossier.rule_versions) == set(FnmoInvestment.rules)
    assert journey.dossier.rule_versions[THRESHOLD] == f"cog-2014-2017/{THRESHOLD}@2014-01-01"
    with clock.at(noon("2020-06-02")):
        journey.act("sign_off.transmit")
    assert journey.status == S.UNDER_REVIEW


def test_rule_versions_are_those_of_the_last_submission_after_a_return(
    cast: Cast, threshold_of_2020: None
) -> None:
    with clock.at(noon("2020-05-29")):
        journey = Journey.at(cast, "submitted", "30000", exercise=2020)
        journey.act("sign_off.return")
    with clock.at(noon("2020-06-02")):
        dossier = journey.act("prepare.submit")
        assert dossier.rule_versions[THRESHOLD] == f"cog-2014-2017/{THRESHOLD}@2020-06-01"
        journal = JournalEntry.objects.filter(dossier=dossier).order_by("-sequence")
        assert f"cog-2014-2017/{THRESHOLD}@2020-06-01" in journal[0].rule_refs
        assert f"cog-2014-2017/{THRESHOLD}@2014-01-01" not in journal[0].rule_refs
        journey.act("sign_off.transmit")
    assert journey.status == S.APPROVED
