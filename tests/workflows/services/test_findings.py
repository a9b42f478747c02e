"""Which rules block the way ahead: found beside the dossier, grown old by an act or a day, searched and shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from cases import clock
from cases.models import Dossier, DossierFindings
from cases.permissions import holdings_of
from tests.journeys import Cast, Journey, state_of_everything
from tests.pages import at_the_site, words
from tests.workflows.test_statements import statements
from workflows.selectors.search import blocking_rules, known_rules, read_search
from workflows.services import findings
from workflows.services.findings import find_blocked
from workflows.tasks import find_blocked as task


def rules_of(journey: Journey) -> list[str]:
    """What was found of a dossier."""
    return list(DossierFindings.objects.get(dossier=journey.pk).blocked_rules)


@pytest.fixture
def blocked(cast: Cast) -> Journey:
    """A draft without the piece that a rule asks for."""
    return Journey.start(cast, pieces=())


def test_rules_that_refuse_the_way_ahead_are_found(cast: Cast, blocked: Journey) -> None:
    free = Journey.start(cast)
    done = Journey.at(cast, "closed")
    assert find_blocked() == 2  # nothing is open on the third
    (rule,) = rules_of(blocked)
    assert rule in known_rules()
    assert rules_of(free) == rules_of(done) == []
    row = DossierFindings.objects.get(dossier=blocked.pk)
    assert (row.checked_length, row.checked_on) == (blocked.dossier.journal_length, clock.today())


def test_who_looks_plays_no_part(cast: Cast) -> None:
    """The role, the holder and the separation of duties are refusals of a person, not of the dossier."""
    journey = Journey.at(cast, "under_review")
    find_blocked()
    assert rules_of(journey) == []


def test_only_what_changed_or_is_of_another_day_is_looked_at(cast: Cast, blocked: Journey) -> None:
    assert find_blocked() == 1
    assert find_blocked() == 0
    blocked.add("presentation_note")
    assert find_blocked() == 1
    assert rules_of(blocked) == []
    with clock.at(clock.now() + timedelta(days=1)):
        assert task() == 1
        assert find_blocked() == 0


def test_small_batches_reach_every_dossier(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    journeys = [Journey.start(cast, pieces=()) for _ in range(5)]
    monkeypatch.setattr(findings, "BATCH", 2)
    assert (find_blocked(most=3), find_blocked(most=3)) == (3, 2)
    assert all(rules_of(journey) for journey in journeys)


def test_dossier_itself_is_only_read(cast: Cast, blocked: Journey) -> None:
    before = state_of_everything(blocked.reference)
    find_blocked()
    assert state_of_everything(blocked.reference) == before


def test_a_path_that_cannot_be_read_stops_nothing(
    cast: Cast, blocked: Journey, caplog: pytest.LogCaptureFixture
) -> None:
    other = Journey.start(cast, pieces=())
    Dossier.objects.filter(pk=blocked.pk).update(path="gone")
    assert find_blocked() == 2
    assert rules_of(blocked) == []
    assert rules_of(other) != []
    assert "cannot be told" in caplog.text


def test_beat_looks_every_five_minutes() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["find-blocked"]
    assert entry["task"] == "workflows.tasks.find_blocked"
    assert entry["options"]["expires"] < entry["schedule"]


def test_page_offers_the_rules_in_sight_and_says_when_it_was_found(cast: Cast, blocked: Journey) -> None:
    find_blocked()
    (rule,) = rules_of(blocked)
    title = known_rules()[rule]
    assert blocking_rules(cast.agent, holdings_of(cast.agent)) == [(rule, title)]
    for user in (cast.est_agent, cast.nobody):
        assert blocking_rules(user, holdings_of(user)) == []
    page = at_the_site(cast.agent).get("/dossiers/", {"rule": rule})
    assert blocked.reference in words(page)
    assert f"Bloqué par la règle « {title} », constaté le" in words(page)
    blocked.add("presentation_note")  # what was found is of the dossier without it: no longer said
    page = at_the_site(cast.agent).get("/dossiers/", {"rule": rule})
    assert blocked.reference not in words(page)
    assert blocking_rules(cast.agent, holdings_of(cast.agent)) == []


def test_what_blocked_a_dossier_is_forgotten_once_it_waits_for_nobody(cast: Cast, blocked: Journey) -> None:
    closed = Journey.at(cast, "closed")
    find_blocked()
    found = rules_of(blocked)
    DossierFindings.objects.filter(dossier=closed.pk).update(blocked_rules=found, checked_length=1)
    find_blocked()
    assert rules_of(closed) == []
    assert rules_of(blocked) == found != []


def test_rules_in_sight_are_read_by_one_statement_whatever_their_number(cast: Cast, blocked: Journey) -> None:
    def read() -> list[tuple[str, str]]:
        return blocking_rules(cast.agent, held)

    held = holdings_of(cast.agent)
    for _ in range(2):
        Journey.start(cast, pieces=())
        find_blocked()
        assert len(statements(read)) == 1


def test_unknown_rule_is_refused(db: Any) -> None:
    _, faults = read_search({"rule": "no.such.rule"})
    assert list(faults) == ["rule"]
