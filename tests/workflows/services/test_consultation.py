"""Opinions of several experts: sealed until all are in, each under a clock, one who steps down is replaced."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cases import clock
from cases.enums import DeadlineState, Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid
from cases.models import Consultation, Deadline, JournalEntry, Opinion
from cases.selectors.opinions import consultations_of
from cases.services.opinions import seal_of
from tests.api_client import Api
from tests.credit_journeys import NOW
from tests.journeys import Cast, state_of_everything
from tests.opening_journeys import COMMITTEE, OpeningJourney
from tests.workflows.test_statements import LIMIT_WITH_PAPER, statements
from workflows.selectors import dossier_view
from workflows.services import expire_deadlines, reassign, release

pytestmark = pytest.mark.django_db

SECRET = "Le site de Lens ne tient pas."


def refused(journey: OpeningJourney, call: Any, error: type[Exception]) -> Any:
    before = state_of_everything(journey.reference)
    with pytest.raises(error) as caught:
        call()
    assert state_of_everything(journey.reference) == before
    return caught.value


def everything_said(journey: OpeningJourney) -> str:
    """All that the journal and the dossier's own row hold."""
    entries = JournalEntry.objects.filter(dossier=journey.pk).values_list("changes", "motive", "outcome")
    return json.dumps([*map(list, entries), journey.dossier.results], default=str, ensure_ascii=False)


def test_three_experts_are_asked_and_the_last_answer_closes(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    assert journey.open_steps == ["expert_opinions"] * 3
    assert {task.owner.username for task in journey.tasks()} == {"expert1", "expert2", "expert3"}
    journey.opinion("expert2", "unfavourable", SECRET)
    journey.opinion("expert1")
    assert (journey.status, journey.open_steps) == ("in_consultation", ["expert_opinions"])
    assert "1 avis attendu" in dossier_view(cast.agent, journey.reference).waiting
    journey.opinion("expert3", "reserved")
    assert (journey.status, journey.open_steps) == ("in_consultation", ["transmit_opinion"])
    assert Consultation.objects.get(dossier=journey.pk).closed_at is not None


def test_opinion_is_sealed_until_all_are_in(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.opinion("expert1", "unfavourable", SECRET)
    kept = everything_said(journey)
    assert SECRET not in kept
    assert "unfavourable" not in kept
    for reader in (cast.people["expert2"], cast.reviewer, cast.dg, cast.agent, cast.auditor):
        (shown,) = consultations_of(journey.dossier, reader.pk)
        assert [(one.answer, one.text, one.nonce) for one in shown.opinions] == [("", "", "")] * 3
        assert (shown.given, shown.asked, shown.closed_to_reader) == (1, 3, True)
    (own,) = consultations_of(journey.dossier, cast.people["expert1"].pk)
    assert [one.text for one in own.opinions if one.own] == [SECRET]

    journey.opinion("expert2")
    journey.opinion("expert3")
    told = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence").changes["opinions"]
    seals = [
        entry.changes["opinion"]["seal"]
        for entry in JournalEntry.objects.filter(dossier=journey.pk, outcome="opinion").order_by("sequence")
    ]
    assert [seal_of(one["answer"], one["text"], one["nonce"]) for one in told] == seals
    (after,) = consultations_of(journey.dossier, cast.agent.pk)
    assert [one.answer for one in after.opinions] == ["unfavourable", "favourable", "favourable"]


def test_opinion_is_given_once_by_who_was_asked(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    outsider = cast.person("expert9", (Role.EXPERT, COMMITTEE))
    uninvited = refused(journey, lambda: journey.opinion(outsider.username), Forbidden)
    assert [reason.code for reason in uninvited.reasons] == ["not_invited"]
    refused(journey, lambda: journey.opinion("dg"), Forbidden)
    journey.opinion("expert1")
    twice = refused(journey, lambda: journey.opinion("expert1", "reserved"), Conflict)
    assert "déjà répondu" in twice.message
    refused(journey, lambda: journey.recuse("expert1"), Conflict)
    journey.opinion("expert2")
    journey.opinion("expert3")
    refused(journey, lambda: journey.opinion("expert3"), Conflict)
    with pytest.raises(Invalid):
        journey.do("expert_opinions.lapse", "expert1")


def test_opinion_without_reasons_is_refused(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    error = refused(journey, lambda: journey.opinion("expert1", text=" "), Invalid)
    assert set(error.details) == {"text"}


def test_observation_beside_a_sealed_opinion_is_refused(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    data = {"text": "Le plan est fondé."}
    error = refused(
        journey,
        lambda: journey.do("expert_opinions.favourable", "expert1", data=data, motive=SECRET),
        Invalid,
    )
    assert set(error.details) == {"motive"}


def test_withdrawal_interrupts_the_consultation_and_opens_no_opinion(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.opinion("expert1", "unfavourable", SECRET)
    journey.act("withdraw.withdraw", "director")
    assert (journey.status, journey.open_steps) == ("withdrawn", [])
    states = Opinion.objects.filter(consultation__dossier=journey.pk).order_by("pk")
    assert [one.state for one in states] == ["given", "cancelled", "cancelled"]
    (shown,) = consultations_of(journey.dossier, cast.agent.pk)
    assert (shown.interrupted, shown.closed_to_reader, shown.opinions[0].text) == (True, True, "")
    assert SECRET not in everything_said(journey)
    refused(journey, lambda: journey.opinion("expert2"), Conflict)


def test_expert_who_steps_down_is_replaced(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast, experts=4)
    assert {task.owner.username for task in journey.tasks()} == {"expert1", "expert2", "expert3"}
    later = NOW + timedelta(days=10)
    journey.recuse("expert2", at=later)
    assert {task.owner.username for task in journey.tasks()} == {"expert1", "expert3", "expert4"}
    (shown,) = consultations_of(journey.dossier, cast.agent.pk)
    assert [(one.state, one.replaces) for one in shown.opinions][1::2] == [
        ("recused", ""),
        ("invited", "Expert2"),
    ]
    assert shown.asked == 3
    clocks = {
        one.person.username: (one.state, one.due_on)
        for one in Deadline.objects.filter(dossier=journey.pk, step="expert_opinions").select_related(
            "person"
        )
        if one.person
    }
    assert clocks["expert2"][0] == DeadlineState.CANCELLED
    assert clocks["expert4"] == (DeadlineState.RUNNING, (later + timedelta(days=30)).date())
    assert clocks["expert1"] == (DeadlineState.RUNNING, (NOW + timedelta(days=30)).date())
    refused(journey, lambda: journey.opinion("expert2", at=later), Conflict)
    for expert in ("expert1", "expert3", "expert4"):
        journey.opinion(expert, at=later)
    assert journey.open_steps == ["transmit_opinion"]


def test_seat_that_nobody_can_take_waits_for_a_new_expert(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.recuse("expert1")
    assert sorted(task.owner_id is None for task in journey.tasks()) == [False, False, True]
    with pytest.raises((Forbidden, Conflict)):
        journey.opinion("expert1")
    journey.opinion("expert2")
    with pytest.raises((Forbidden, Conflict)):
        journey.opinion("expert2")
    newcomer = cast.person("expert4", (Role.EXPERT, COMMITTEE))
    journey.opinion(newcomer.username)
    assert Opinion.objects.get(expert=newcomer).state == "given"
    states = Deadline.objects.filter(dossier=journey.pk, step="expert_opinions").order_by("pk")
    assert [one.state for one in states] == ["cancelled", "met", "running", "met"]
    journey.opinion("expert3")
    assert journey.open_steps == ["transmit_opinion"]


def test_delay_closes_without_the_opinion_that_is_missing(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast, experts=4)
    journey.opinion("expert1")
    journey.recuse("expert2", at=NOW + timedelta(days=10))
    last_day = NOW + timedelta(days=30)
    with clock.at(last_day):
        assert expire_deadlines().done == [], "the last day still serves"
    with clock.at(last_day + timedelta(days=1)):
        assert expire_deadlines().done == [journey.reference]
        assert expire_deadlines().done == [], "once"
    assert {task.owner.username for task in journey.tasks()} == {"expert4"}, "their own delay is not over"
    refused(journey, lambda: journey.opinion("expert3", at=last_day + timedelta(days=1)), Conflict)
    with clock.at(NOW + timedelta(days=41)):
        assert expire_deadlines().done == [journey.reference]
    assert (journey.status, journey.open_steps) == ("in_consultation", ["transmit_opinion"])
    states = Opinion.objects.filter(consultation__dossier=journey.pk).order_by("pk")
    assert [one.state for one in states] == ["given", "recused", "lapsed", "lapsed"]
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.actor, entry.outcome) == (None, "lapse")
    assert [one["state"] for one in entry.changes["opinions"]] == ["given", "recused", "lapsed", "lapsed"]


def test_opinion_after_the_delay_is_late_even_before_the_sweep(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    error = refused(journey, lambda: journey.opinion("expert1", at=NOW + timedelta(days=31)), Blocked)
    assert [reason.code for reason in error.reasons] == ["delay_over"]
    journey.opinion("expert1", at=NOW + timedelta(days=30))


def test_free_seat_lapses_alone(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.recuse("expert1", at=NOW + timedelta(days=1))
    with clock.at(NOW + timedelta(days=31)):
        expire_deadlines()
    assert journey.open_steps == ["expert_opinions"], "the seat's own delay runs a day longer"
    with clock.at(NOW + timedelta(days=32)):
        assert expire_deadlines().done == [journey.reference]
    assert journey.open_steps == ["transmit_opinion"]


def test_seat_passes_to_nobody_by_hand(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast, experts=4)
    task = next(task for task in journey.tasks() if task.owner.username == "expert1")
    with pytest.raises(Blocked):
        release(task_id=task.pk, actor=cast.people["expert1"])
    with pytest.raises(Blocked):
        reassign(task_id=task.pk, actor=cast.manager, to=cast.people["expert4"], motive="Absent.")


def test_without_any_expert_the_plan_stays_where_it_is(cast: Cast) -> None:
    journey = OpeningJourney.file(cast, experts=0)
    journey.do("prepare.submit")
    error = refused(journey, lambda: journey.do("sign_off.transmit"), Blocked)
    assert [reason.code for reason in error.reasons] == ["no_expert"]


def test_expert_sees_their_own_action_and_others_see_none(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast, experts=4)

    def allowed(who: str) -> list[str]:
        view = dossier_view(cast.people[who], journey.reference)
        return [one.outcome for one in view.actions if one.allowed]

    assert allowed("expert1") == ["favourable", "reserved", "unfavourable", "recuse"]
    assert allowed("expert4") == []
    journey.opinion("expert1")
    assert allowed("expert1") == []


def test_page_and_api_show_no_opinion_before_the_closing(cast: Cast, client: Client) -> None:
    journey = OpeningJourney.consulted(cast)
    journey.opinion("expert1", "unfavourable", SECRET)
    address = f"/dossiers/{journey.reference}/"
    with clock.at(NOW):
        for reader in ("agent", "director", "reviewer", "dg", "manager", "auditor", "expert2", "secretary"):
            client.force_login(cast.people[reader])
            page = client.get(address)
            if reader == "secretary":
                assert page.status_code == 404, "the board is not awaited yet"
                continue
            text = page.content.decode()
            assert SECRET not in text, reader
            assert "1 avis rendu sur 3" in text
            assert "Se récuser" in text or reader != "expert2"
            assert "Observation" not in text.split("Se récuser")[0] or reader != "expert2"
            for part in ("", "/journal"):
                assert SECRET not in Api(cast.people[reader]).get(f"dossiers/{journey.reference}{part}").text
        client.force_login(cast.people["expert1"])
        assert SECRET in client.get(address).content.decode()
        journey.opinion("expert2")
        journey.opinion("expert3")
        client.force_login(cast.agent)
        assert SECRET in client.get(address).content.decode()
        body = Api(cast.agent).get(f"dossiers/{journey.reference}").ok()
    shown = body["consultations"][0]["opinions"][0]
    assert shown["seal"] == seal_of(shown["answer"], shown["text"], shown["nonce"])


def test_opening_and_answering_cost_few_statements(cast: Cast) -> None:
    journey = OpeningJourney.file(cast)
    journey.do("prepare.submit")
    opened = statements(lambda: journey.do("sign_off.transmit"))
    answered = statements(lambda: journey.opinion("expert1"))
    journey.opinion("expert2")
    closed = statements(lambda: journey.opinion("expert3"))
    counts = (len(opened), len(answered), len(closed))
    assert counts == (16, 12, 14), "\n".join([*opened, "", *answered, "", *closed])


def test_rounds_are_read_by_two_statements(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    dossier = journey.dossier
    assert len(statements(lambda: consultations_of(dossier, cast.agent.pk))) == 2


def test_acts_with_a_paper_keep_their_limit(cast: Cast) -> None:
    journey = OpeningJourney.consulted(cast)
    for expert in ("expert1", "expert2", "expert3"):
        journey.opinion(expert)
    told = statements(
        lambda: journey.do("transmit_opinion.transmit", data={"synthesis": "Trois avis favorables."})
    )
    journey.do("revise.maintain")
    journey.on_agenda(journey.session())
    voted = statements(lambda: journey.vote("adopted", endowment="1.00"))
    assert (len(told), len(voted)) == (17, 17), "\n".join([*told, "", *voted])
    assert max(len(told), len(voted)) <= LIMIT_WITH_PAPER
