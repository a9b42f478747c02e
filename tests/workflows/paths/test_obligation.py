"""Dossiers of the calendar: who prepares, the legal day, the document, who may say that it has arrived."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cases import clock
from cases.enums import DeadlineKind, DeadlineState, DossierStatus, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound
from cases.models import Deadline, Dossier
from cases.services.deadlines import computation_of
from tests.journeys import Cast, Journey
from workflows.rulebook import resolve
from workflows.services import create_draft, open_obligations, perform, simulate, update_draft

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)
TBB3 = {"obligation": "calendar.c03", "exercise": 2026}


def file(cast: Cast, *, by: str = "reviewer", at: datetime = MARCH, **data: Any) -> Journey:
    """A draft filed by hand."""
    with clock.at(at):
        dossier = create_draft(
            path="obligation", organisation=cast.body["canssm"], actor=cast.people[by], data={**TBB3, **data}
        )
        return Journey(cast, dossier)


def act(
    journey: Journey, what: str, by: str = "reviewer", *, at: datetime = MARCH, **options: Any
) -> Dossier:
    """Do ``step.outcome``."""
    step, outcome = what.split(".")
    with clock.at(at):
        return perform(
            reference=journey.reference,
            step=step,
            outcome=outcome,
            actor=journey.cast.people[by],
            **options,
        )


def with_document(journey: Journey) -> Journey:
    with clock.at(MARCH):
        journey.add("transmitted_document", actor=journey.cast.reviewer)
    return journey


def transmitted(cast: Cast, **data: Any) -> Journey:
    """A dossier whose document has left."""
    journey = with_document(file(cast, **data))
    act(journey, "prepare.submit")
    act(journey, "transmit.transmit")
    return journey


def clocks(journey: Journey, kind: DeadlineKind = DeadlineKind.LEGAL) -> list[tuple[str, date | None, str]]:
    return [
        (one.step, one.due_on, one.state)
        for one in Deadline.objects.filter(dossier__reference=journey.reference, kind=kind).order_by("pk")
    ]


def test_dossier_goes_from_preparation_to_closing(cast: Cast) -> None:
    journey = with_document(file(cast))
    assert act(journey, "prepare.submit").status == DossierStatus.SUBMITTED
    sent = act(journey, "transmit.transmit")
    assert sent.status == DossierStatus.AWAITING_DECISION
    assert sent.results["transmit"] == {"transmitted_on": "2026-03-02"}
    received = act(journey, "received_by_state.acknowledge", data={"received_on": "2026-03-02"})
    assert received.status == DossierStatus.EXECUTED
    assert act(journey, "close.close").status == DossierStatus.CLOSED


def test_title_is_the_calendars_unless_one_is_given(cast: Cast) -> None:
    named = file(cast).dossier
    assert named.title.startswith("TBB 3 : exécution à date")
    assert "crédits 2025 reportés" in named.title
    assert named.exercise == 2026
    assert file(cast, exercise=2025, title="Le mien").dossier.title == "Le mien"


def test_legal_clock_is_due_on_the_day_of_the_calendar_and_quotes_it(cast: Cast) -> None:
    journey = file(cast)
    (deadline,) = Deadline.objects.filter(dossier=journey.dossier, kind=DeadlineKind.LEGAL)
    assert (deadline.due_on, deadline.step) == (date(2026, 4, 30), "prepare")
    assert resolve(deadline.rule_ref).key == "calendar.c03"
    assert "en avril" in resolve(deadline.rule_ref).quote


def test_legal_and_internal_clocks_run_side_by_side_until_the_document_is_ready(cast: Cast) -> None:
    journey = with_document(file(cast))
    assert clocks(journey, DeadlineKind.INTERNAL) == [("prepare", date(2026, 4, 20), DeadlineState.RUNNING)]
    assert journey.dossier.next_due_on == date(2026, 4, 20)
    sent = act(journey, "prepare.submit")
    assert clocks(journey, DeadlineKind.INTERNAL) == [("prepare", date(2026, 4, 20), DeadlineState.MET)]
    assert clocks(journey) == [("transmit", date(2026, 4, 30), DeadlineState.RUNNING)]
    assert sent.next_due_on == date(2026, 4, 30)


def test_no_internal_day_is_set_once_it_is_past(cast: Cast) -> None:
    journey = file(cast, at=datetime(2026, 4, 20, 9, tzinfo=UTC))
    assert clocks(journey, DeadlineKind.INTERNAL) == []


def test_stored_day_is_the_sum_of_its_events_until_the_document_has_left(cast: Cast) -> None:
    journey = with_document(file(cast))
    act(journey, "prepare.submit", at=datetime(2026, 4, 2, 9, tzinfo=UTC))
    act(journey, "transmit.transmit", at=datetime(2026, 5, 4, 9, tzinfo=UTC))
    due = date(2026, 4, 30)
    assert clocks(journey) == [("transmit", due, DeadlineState.MET)]
    (total,) = [computation_of(one) for one in Deadline.objects.filter(kind=DeadlineKind.LEGAL)]
    assert (total.due_on, total.late) == (due, True)
    assert total.lines[0].on == date(2026, 3, 2)  # one clock, from the opening to the transmission


@pytest.mark.parametrize(
    "opened",
    [
        datetime(2026, 4, 29, 9, tzinfo=UTC),
        datetime(2026, 4, 30, 9, tzinfo=UTC),
        datetime(2026, 7, 1, 9, tzinfo=UTC),
    ],
)
def test_clock_opened_on_its_day_or_later_keeps_the_legal_day(cast: Cast, opened: datetime) -> None:
    journey = file(cast, at=opened)
    (deadline,) = Deadline.objects.filter(dossier=journey.dossier, kind=DeadlineKind.LEGAL)
    with clock.at(opened):
        computed = computation_of(deadline)
    assert deadline.due_on == computed.due_on == date(2026, 4, 30)
    assert computed.late is (opened.month == 7)


def test_obligation_without_a_day_has_no_clock(cast: Cast) -> None:
    journey = file(cast, obligation="calendar.c47")
    assert not Deadline.objects.filter(dossier=journey.dossier).exists()
    assert journey.dossier.next_due_on is None


def test_clock_follows_a_correction_of_the_exercise(cast: Cast) -> None:
    journey = file(cast)
    with clock.at(MARCH):
        changed = update_draft(
            reference=journey.reference,
            actor=cast.reviewer,
            data={"obligation": "calendar.c06"},
            version=None,
        )
    assert changed.next_due_on == date(2027, 3, 31)  # the internal day; the legal one is ten days later
    assert changed.title == "TBB 6 : budget exécuté 2026, suivi des effectifs annexé"
    assert clocks(journey) == [
        ("prepare", date(2026, 4, 30), DeadlineState.CANCELLED),
        ("prepare", date(2027, 4, 10), DeadlineState.RUNNING),
    ]
    with clock.at(MARCH):
        update_draft(reference=journey.reference, actor=cast.reviewer, data={"title": "Autre"}, version=None)
    assert len(clocks(journey)) == 2
    assert len(clocks(journey, DeadlineKind.INTERNAL)) == 2


def test_nothing_leaves_without_the_document(cast: Cast) -> None:
    journey = file(cast)
    with pytest.raises(Blocked) as refused:
        act(journey, "prepare.submit")
    (reason,) = refused.value.reasons
    assert reason.code == "missing_piece"
    assert reason.quote is not None
    assert reason.quote.rule == "obligation.document"


def test_desk_returns_to_the_preparation_with_a_motive_and_the_day_runs_on(cast: Cast) -> None:
    journey = with_document(file(cast))
    act(journey, "prepare.submit")
    with pytest.raises(Invalid):
        act(journey, "transmit.return")
    assert act(journey, "transmit.return", motive="Une annexe manque.").status == DossierStatus.DRAFT
    assert clocks(journey) == [("prepare", date(2026, 4, 30), DeadlineState.RUNNING)]
    assert act(journey, "prepare.submit").status == DossierStatus.SUBMITTED, "by the role that filed it"


def test_preparer_prepares_and_only_the_desk_transmits(cast: Cast) -> None:
    preparer = cast.person("siege", (Role.PREPARER, "canssm"))
    with clock.at(MARCH):
        journey = Journey(
            cast, create_draft(path="obligation", organisation=cast.body["canssm"], actor=preparer, data=TBB3)
        )
        journey.add("transmitted_document", actor=preparer)
    act(journey, "prepare.submit", "siege")
    with pytest.raises(Forbidden):
        act(journey, "transmit.transmit", "siege")
    act(journey, "transmit.transmit")


@pytest.mark.parametrize("body", ["carmi-npdc", "ca"])
def test_only_the_fund_files(cast: Cast, body: str) -> None:
    agent = cast.person("depose", (Role.PREPARER, "carmi-npdc"), (Role.BOARD_SECRETARY, "ca"))
    with clock.at(MARCH), pytest.raises((Blocked, Forbidden)):
        create_draft(path="obligation", organisation=cast.body[body], actor=agent, data=TBB3)


@pytest.mark.parametrize(
    ("obligation", "step", "by"),
    [
        ("calendar.c03", "received_by_state.acknowledge", "ministry"),
        ("calendar.c03", "received_by_state.acknowledge", "ministry_db"),
        ("calendar.c03", "received_by_state.acknowledge", "reviewer2"),
        ("calendar.c47", "received_by_board.acknowledge", "secretary"),
        ("calendar.c47", "received_by_board.acknowledge", "reviewer"),
        ("calendar.c17", "received.record", "reviewer"),
        ("calendar.c48", "received.record", "reviewer"),
    ],
)
def test_reception_is_told_by_its_addressee_or_recorded_by_the_desk(
    cast: Cast, obligation: str, step: str, by: str
) -> None:
    journey = transmitted(cast, obligation=obligation)
    assert act(journey, step, by).status == DossierStatus.EXECUTED
    assert act(journey, "close.close").status == DossierStatus.CLOSED


def test_reception_is_not_told_by_others_nor_twice(cast: Cast) -> None:
    journey = transmitted(cast)
    with pytest.raises(NotFound):
        act(journey, "received_by_state.acknowledge", "comptroller")
    act(journey, "received_by_state.acknowledge", "ministry")
    with pytest.raises(Conflict):
        act(journey, "received_by_state.acknowledge", "ministry_db")


def test_reception_is_neither_before_the_transmission_nor_to_come(cast: Cast) -> None:
    journey = transmitted(cast)
    with pytest.raises(Blocked) as refused:
        act(journey, "received_by_state.acknowledge", data={"received_on": "2026-03-01"})
    assert [reason.code for reason in refused.value.reasons] == ["received_before_sent"]
    with pytest.raises(Invalid):
        act(journey, "received_by_state.acknowledge", data={"received_on": "2026-03-03"})


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"obligation": "calendar.c99"}, "obligation"),
        ({"obligation": "calendar.c21"}, "obligation"),
        ({"obligation": "calendar.c13"}, "obligation"),
        ({"obligation": ""}, "obligation"),
        ({"exercise": 2030}, "exercise"),
        ({"period": 2}, "period"),
        ({"period": 3}, "period"),
        ({"title": "x" * 201}, "title"),
    ],
)
def test_data_that_name_no_occurrence_are_refused_by_field(
    cast: Cast, data: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        file(cast, **data)
    assert set(refused.value.details) == {field}


def test_dossier_opened_by_the_system_is_taken_up_by_the_desk(cast: Cast) -> None:
    with clock.at(MARCH):
        report = open_obligations(2026, date(2026, 3, 2))
    journey = Journey(cast, Dossier.objects.get(reference=report.done["calendar.c03 2026"]))
    assert journey.dossier.created_by is None
    with_document(journey)
    act(journey, "prepare.submit")
    act(journey, "transmit.transmit")
    act(journey, "received_by_state.acknowledge", "ministry")


def test_simulation_tells_the_legal_day(cast: Cast) -> None:
    with clock.at(MARCH):
        told = simulate(path="obligation", organisation=cast.body["canssm"], data=TBB3)
    assert told.route[0].due_if_started_today == "jeudi 30 avril 2026"
    assert told.route[0].delay == "au jour que fixe le calendrier de la convention"
    internal = told.route[0].delays[1]
    assert (internal.kind, internal.due_if_started_today) == ("internal", "lundi 20 avril 2026")
    assert internal.text == "10 jours avant l’échéance légale"
    assert [piece.key for piece in told.pieces] == ["transmitted_document"]
