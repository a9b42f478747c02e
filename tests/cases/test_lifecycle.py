"""One life cycle, told three times: the table, the django-fsm methods and the PostgreSQL trigger agree."""

from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction

from cases import clock, lifecycle
from cases.enums import FINAL_STATUSES, STATUS_MOVES, DossierStatus, sources_of, status_may_move
from cases.errors import Blocked
from cases.models import Dossier
from tests.journeys import Cast
from workflows.paths.fnmo_investment import FnmoInvestment

S = DossierStatus
PAIRS = list(product(S, S))

#: The drawing of design §6, written again by hand; ``approved → under_review`` is its §9 (revised cost).
DRAWN = """
draft → submitted withdrawn
submitted → under_review in_consultation awaiting_decision refused draft approved withdrawn awaiting_authority
under_review → to_complete in_consultation awaiting_decision refused withdrawn
to_complete → under_review withdrawn
in_consultation → under_review awaiting_decision withdrawn
awaiting_decision → under_review awaiting_authority approved refused executed withdrawn
awaiting_authority → awaiting_decision approved refused enforceable
approved → enforceable executed lapsed under_review
enforceable → executed lapsed
executed → closed
refused → closed
"""


def stored(cast: Cast, status: DossierStatus) -> Dossier:
    """A dossier inserted with that status; how it came to it does not matter here."""
    now = clock.now()
    dossier = Dossier(
        path="fnmo_investment",
        convention="cog-2014-2017",
        reference=f"ESSAI-{status}",
        organisation=cast.body["carmi-npdc"],
        status=status.value,
        created_by=cast.agent,
        created_at=now,
        updated_at=now,
        submitted_at=now,
    )
    FnmoInvestment.start_process(dossier)
    dossier.save(force_insert=True)
    return dossier


def test_moves_are_those_of_the_design() -> None:
    drawn = {
        source: frozenset(S(target) for target in targets.split())
        for source, _, targets in (line.partition(" → ") for line in DRAWN.strip().splitlines())
    }
    assert {status.value: targets for status, targets in STATUS_MOVES.items() if targets} == drawn
    assert set(STATUS_MOVES) == set(S)
    assert {S.CLOSED, S.WITHDRAWN, S.LAPSED} == FINAL_STATUSES


def test_sources_of_is_the_table_read_backwards() -> None:
    for source, target in PAIRS:
        assert (source.value in sources_of(target)) == (target in STATUS_MOVES[source])


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=[f"{a}-{b}" for a, b in PAIRS])
def test_move_follows_the_arrows_and_no_other(source: DossierStatus, target: DossierStatus) -> None:
    dossier = Dossier(status=source.value)
    if source == target or target in STATUS_MOVES[source]:
        assert status_may_move(source, target)
        lifecycle.move(dossier, target)
        assert dossier.status == target.value
        return
    assert not status_may_move(source, target)
    with pytest.raises(Blocked) as refused:
        lifecycle.move(dossier, target)
    assert source.label in refused.value.message
    assert target.label in refused.value.message
    assert dossier.status == source.value


def test_every_target_has_its_named_method() -> None:
    assert set(lifecycle.METHODS) == set(S)
    assert len(set(lifecycle.METHODS.values())) == len(S)
    for target, name in lifecycle.METHODS.items():
        if target in FINAL_STATUSES | {S.SUBMITTED}:
            assert getattr(Dossier, name).__doc__


@pytest.mark.parametrize("source", list(S))
def test_raw_update_of_a_status_follows_the_arrows_and_no_other(cast: Cast, source: DossierStatus) -> None:
    dossier = stored(cast, source)
    for target in S:
        allowed = target == source or target in STATUS_MOVES[source]
        with connection.cursor() as cursor, transaction.atomic():
            update = "UPDATE cases_dossier SET status = %s WHERE id = %s"
            if allowed:
                cursor.execute(update, [target.value, dossier.pk])
                assert cursor.rowcount == 1
            else:
                with pytest.raises(DatabaseError, match="Invalid transition of field"), transaction.atomic():
                    cursor.execute(update, [target.value, dossier.pk])
            transaction.set_rollback(True)


def test_queryset_update_goes_past_django_fsm_and_is_stopped_by_postgresql(cast: Cast) -> None:
    dossier = stored(cast, S.DRAFT)
    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        Dossier.objects.filter(pk=dossier.pk).update(status=S.APPROVED.value)
    dossier.refresh_from_db()
    assert dossier.status == S.DRAFT


def test_status_cannot_be_assigned(cast: Cast) -> None:
    dossier = stored(cast, S.DRAFT)
    with pytest.raises(AttributeError):
        dossier.status = S.APPROVED.value
    assert dossier.status == S.DRAFT


@pytest.mark.parametrize("fields", [None, ["status"], ["title", "status"]])
def test_refresh_reads_a_status_that_changed_elsewhere(cast: Cast, fields: list[str] | None) -> None:
    dossier = stored(cast, S.DRAFT)
    Dossier.objects.filter(pk=dossier.pk).update(status=S.SUBMITTED.value)
    dossier.refresh_from_db(fields=fields)
    assert dossier.status == S.SUBMITTED
    with pytest.raises(AttributeError):
        dossier.status = S.APPROVED.value


def test_refresh_of_other_fields_keeps_the_status_at_hand(cast: Cast) -> None:
    dossier = stored(cast, S.DRAFT)
    Dossier.objects.filter(pk=dossier.pk).update(status=S.SUBMITTED.value, title="Autre")
    dossier.refresh_from_db(fields=["title"])
    assert (dossier.status, dossier.title) == (S.DRAFT, "Autre")
    dossier.refresh_from_db(fields=[])
    assert dossier.status == S.DRAFT


def test_deferred_status_is_read_when_it_is_asked_for(cast: Cast) -> None:
    stored(cast, S.DRAFT)
    dossier = Dossier.objects.only("reference").get()
    assert dossier.status == S.DRAFT
