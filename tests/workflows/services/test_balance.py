"""A queue shared out by its manager: the plan is even, fair to the separation of duties, and done by reassignments."""

import math
import re
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import NotFound
from cases.models import Absence, BulkRun, JournalEntry
from cases.permissions import acting_holdings_of
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, words
from tests.workflows.services.test_bulk import many, states
from tests.workflows.test_statements import statements
from workflows.selectors.balance import place_managed, share_of
from workflows.services import claim, run_due
from workflows.services.balance import Portion, even_out, propose

QUEUE = {"role": "reviewer", "body": "canssm", "path": "fnmo_investment", "step": "check"}
PAGE = "/charge/repartition/"


def share(cast: Cast, **other: str) -> Any:
    held = acting_holdings_of(cast.manager)
    return share_of(place_managed(held, QUEUE | other), cast.manager, held)


# -- the plan alone -----------------------------------------------------------------------------------------------


@st.composite
def questions(draw: Any, barring: bool = True) -> tuple[list[Portion], dict[int, int], bool]:
    """People with something in hand elsewhere, and tasks that are free, theirs, or of somebody who is not chosen."""
    people = list(range(draw(st.integers(1, 5))))
    tasks = []
    for number in range(draw(st.integers(0, 14))):
        holder = draw(st.sampled_from([None, None, *people, 99]))
        barred = draw(st.frozensets(st.sampled_from(people))) if barring else frozenset()
        tasks.append(Portion(100 + number, holder, barred - {holder}))
    held = Counter(one.holder for one in tasks)
    loads = {person: draw(st.integers(0, 6)) + held[person] for person in people}
    return tasks, loads, draw(st.booleans())


def after(tasks: list[Portion], loads: dict[int, int], moves: dict[int, int]) -> dict[int, int]:
    holders = {one.task: one.holder for one in tasks}
    found = Counter(loads)
    for task, person in moves.items():
        found[person] += 1
        if holders[task] in loads:
            found[holders[task]] -= 1
    return {person: found[person] for person in loads}


@given(questions())
def test_plan_gives_to_nobody_barred_and_no_move_more_would_make_it_more_even(question: Any) -> None:
    tasks, loads, taken_too = question
    moves = even_out(tasks, loads, taken_too=taken_too)
    assert moves == even_out(tasks, loads, taken_too=taken_too)
    final = after(tasks, loads, moves)
    for one in tasks:
        to = moves.get(one.task)
        if to is not None:
            assert to in loads
            assert to not in one.barred
            assert to != one.holder
        if one.holder is not None and not taken_too:
            assert to is None
            continue
        able = loads.keys() - one.barred
        if one.holder not in loads:
            assert (to is not None) == bool(able)
        where = one.holder if to is None else to
        for other in able if where in loads else ():
            assert final[where] <= final[other] + 1


@given(questions(barring=False))
def test_without_refusals_nobody_has_more_than_the_mean_rounded_up(question: Any) -> None:
    tasks, loads, taken_too = question
    final = after(tasks, loads, even_out(tasks, loads, taken_too=taken_too))
    stays = Counter(one.holder for one in tasks) if taken_too else Counter()
    fixed = max(loads[person] - stays[person] for person in loads)
    assert max(final.values()) <= max(math.ceil(sum(final.values()) / len(final)), fixed)


def test_plan_gives_the_oldest_first_and_takes_the_last_away() -> None:
    free = [Portion(number) for number in (1, 2, 3)]
    assert even_out(free, {7: 1, 8: 0}) == {1: 8, 2: 7, 3: 8}
    taken = [Portion(number, 7) for number in (1, 2, 3, 4)]
    assert even_out(taken, {7: 4, 8: 0}) == {}
    assert even_out(taken, {7: 4, 8: 0}, taken_too=True) == {4: 8, 3: 8}
    assert even_out(free, {}) == {}


# -- the queue ----------------------------------------------------------------------------------------------------


def test_share_tells_who_is_there_what_they_have_in_hand_and_who_may_not_receive(cast: Cast) -> None:
    old, young, taken = many(cast, 3, "under_review")
    elsewhere = Journey.start(cast, body="carmi-est")
    elsewhere.act("prepare.submit", "est_agent")
    elsewhere.act("sign_off.transmit", "est_director")
    old.dossier.deadlines.filter(state="running").update(kind="legal", due_on=clock.today())
    claim(task_id=taken.task.pk, actor=cast.reviewer)
    cast.give(cast.agent, (Role.REVIEWER, "canssm"))  # prepared the dossiers: nothing forbids to review them
    away = Absence.objects.create(
        user=cast.reviewer2,
        first_day=clock.today(),
        last_day=clock.today() + timedelta(days=3),
        created_by=cast.manager,
        created_at=clock.now(),
    )
    found = share(cast)
    assert [one.dossier.reference for one in found.tasks][0] == old.reference
    assert {one.dossier.pk for one in found.tasks} == {old.pk, young.pk, taken.pk, elsewhere.pk}
    assert {(str(one.user), one.load, one.away is not None) for one in found.people} == {
        ("Anne Agent", 0, False),
        ("Irène Instructrice", 1, False),
        ("Igor Instructeur", 0, True),
    }
    only = share(cast, organisation="carmi-est")
    assert [one.dossier.pk for one in only.tasks] == [elsewhere.pk]
    plan = propose(found, [one.user.pk for one in found.people])
    assert {gift.to for gift in plan.gifts} <= {cast.agent, cast.reviewer, None}
    assert plan.loads[away.user_id] == 0
    assert sorted(plan.loads.values()) == [0, 2, 2]


def test_separation_of_duties_bars_a_person_from_a_task(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    cast.give(cast.reviewer, (Role.DIRECTOR_GENERAL, "canssm"))
    found = share(cast, role="director_general", step="decide")
    assert found.barred() == {journey.task.pk: frozenset({cast.reviewer.pk})}
    plan = propose(found, [cast.reviewer.pk])
    assert [(gift.to, gift.stuck) for gift in plan.gifts] == [(None, True)]
    page = at_the_site(cast.manager).get(
        PAGE, QUEUE | {"role": "director_general", "step": "decide", "plan": "1", "person": cast.reviewer.pk}
    )
    assert "Rien à déplacer" in words(page)


@pytest.mark.parametrize("count", [1, 4])
def test_share_and_its_page_cost_the_same_whatever_the_number(cast: Cast, count: int) -> None:
    many(cast, count, "under_review")
    client = at_the_site(cast.manager)
    asked = QUEUE | {"plan": "1", "person": [cast.reviewer.pk, cast.reviewer2.pk]}
    client.get(PAGE, asked)
    sent = statements(lambda: client.get(PAGE, asked))
    assert len(sent) == 12, "\n".join(sent)


def test_without_a_queue_the_page_lists_those_that_the_manager_may_share_out(cast: Cast) -> None:
    free, taken = many(cast, 2, "under_review")
    claim(task_id=taken.task.pk, actor=cast.reviewer)
    Journey.at(cast, "submitted")
    page = at_the_site(cast.manager).get(PAGE)
    text = words(page)
    assert "Instruire le dossier Investissement FNMO Instructeur, CANSSM 2 1" in text
    link = f"{PAGE}?{urlencode(QUEUE)}".replace("&", "&amp;")
    assert f'href="{link}"' in page.content.decode()
    own = words(at_the_site(cast.carmi_manager).get(PAGE, {"organisation": "carmi-npdc"}))
    assert "Directeur régional, CARMI Nord-Pas-de-Calais 1 1" in own
    assert "Instructeur" not in own
    for name, user in cast.people.items():
        expected = 200 if name in ("manager", "carmi_manager") else 404
        assert at_the_site(user).get(PAGE).status_code == expected, name


# -- the page -----------------------------------------------------------------------------------------------------


def test_page_is_for_managers_of_that_body_only(cast: Cast) -> None:
    Journey.at(cast, "under_review")
    for name, user in cast.people.items():
        expected = 200 if name == "manager" else 404
        assert at_the_site(user).get(PAGE, QUEUE).status_code == expected, name
    own = QUEUE | {"role": "regional_director", "body": "carmi-npdc", "step": "sign_off"}
    some = {"manager": 200, "carmi_manager": 200, "director": 404, "est_director": 404}
    for name, expected in some.items():
        client = at_the_site(cast.people[name])
        assert client.get(PAGE, own).status_code == expected, name
        assert client.post(f"{PAGE}?role=x").status_code == 404
    manager = at_the_site(cast.manager)
    nonsense: list[dict[str, str]] = [
        {"role": "burglar"},
        {"body": "dss", "role": "authority"},
        {"body": "ca", "role": "board_secretary"},
        {"body": "nowhere"},
        {"path": "nowhere"},
        {"step": "nowhere"},
        {"organisation": "dss"},
        {"organisation": "nowhere"},
    ]
    for wrong in nonsense:
        assert manager.get(PAGE, QUEUE | wrong).status_code == 404, wrong
    with pytest.raises(NotFound):
        place_managed(acting_holdings_of(cast.carmi_manager), QUEUE)


def test_plan_is_shown_confirmed_with_a_motive_and_done_by_reassignments(people: Cast) -> None:
    journeys = many(people, 4, "under_review")
    claim(task_id=journeys[0].task.pk, actor=people.reviewer)
    client = at_the_site(people.manager)
    asked = QUEUE | {"plan": "1", "person": [people.reviewer.pk, people.reviewer2.pk]}
    page = client.get(PAGE, asked)
    assert "Répartir 3 tâches" in words(page)
    assert journeys[0].task.owner == people.reviewer
    items = re.findall(r'name="item"\s+value="([^"]+)"', page.content.decode())
    assert len(items) == 3
    answer = client.post(f"{PAGE}?{page.context['query']}", {**asked, "item": items, "motive": " "})
    assert answer.status_code == 422
    assert "demande un motif" in words(answer)
    assert re.findall(r'name="item"\s+value="([^"]+)"', answer.content.decode()) == items
    claim(task_id=int(items[0].split(":")[0]), actor=people.reviewer2)  # somebody is faster
    answer = client.post(f"{PAGE}?{page.context['query']}", {**asked, "item": items, "motive": "Congé"})
    run = BulkRun.objects.get()
    assert answer["Location"] == f"/lots/{run.public_id}/"
    assert run_due().items == 3
    assert sorted(states(run)) == ["conflict", "done", "done"]
    entries = JournalEntry.objects.filter(action="reassign")
    assert set(entries.values_list("motive", "actor", "capacity")) == {
        ("Congé", people.manager.pk, "Pilotage — CANSSM")
    }
    holders = Counter(str(one.task.owner) for one in journeys)
    assert holders == {"Irène Instructrice": 2, "Igor Instructeur": 2}
    assert "Confiée" not in words(client.get(answer["Location"]))
    for item in ("", "1:2", "a:b:c:d", f"{items[1].split(':')[0]}:1::999999"):
        answer = client.post(f"{PAGE}?{page.context['query']}", {**asked, "item": item, "motive": "Congé"})
        assert answer.status_code == 422
    assert BulkRun.objects.count() == 1
