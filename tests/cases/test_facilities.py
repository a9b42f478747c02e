"""The register of the œuvres: who writes, moves of the agrément, adhesion, closing, professionals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from cases import clock
from cases.enums import Role
from cases.errors import Blocked, Conflict, Forbidden, Invalid, NotFound, Stale
from cases.finess import finess_key
from cases.models import Facility, FacilityChange, FacilityProfessional
from cases.register_terms import APPROVAL_MOVES, ApprovalState, FacilityKind
from cases.selectors import facilities_visible_to, facility_for
from cases.services import (
    add_professional,
    adhere,
    change_facility,
    close_facility,
    create_facility,
    end_professional,
    move_approval,
)
from tests.journeys import Cast, Journey, state_of_everything

pytestmark = pytest.mark.django_db

A = ApprovalState
FINESS = "62001234" + finess_key("62001234")


def entered(cast: Cast, *, body: str = "carmi-npdc", **data: Any) -> Facility:
    """An œuvre entered by the reviewer."""
    return create_facility(
        organisation=cast.body[body],
        actor=cast.reviewer,
        data={"name": "Centre de santé", "town": "Lens", "kind": FacilityKind.HEALTH_CENTRE} | data,
    )


def ago(days: int) -> date:
    """A day in the past."""
    return clock.today() - timedelta(days=days)


def led_to(cast: Cast, *states: ApprovalState, **data: Any) -> Facility:
    """An œuvre whose agrément went through these states, one every ten days until ten days ago."""
    facility = entered(cast, **data)
    for number, state in enumerate(states):
        facility = move_approval(facility, state, actor=cast.reviewer, on=ago(10 * (len(states) - number)))
    return facility


def test_created_facility_has_a_code_its_number_and_a_history(cast: Cast) -> None:
    facility = create_facility(
        organisation=cast.body["carmi-npdc"],
        actor=cast.agent,
        data={
            "name": " Œuvre  de la  Gare ",
            "town": "Liévin",
            "kind": "pharmacy",
            "finess": "62 001 234 " + FINESS[8],
        },
    )
    assert (facility.code, facility.name, facility.finess) == (
        "oeuvre-de-la-gare-lievin",
        "Œuvre de la Gare",
        FINESS,
    )
    assert (facility.approval, facility.active, facility.version) == (A.UNLISTED, True, 1)
    (change,) = FacilityChange.objects.filter(facility=facility)
    assert (change.action, change.actor, change.on) == ("create", cast.agent, clock.today())
    assert change.capacity == "Agent préparateur — CARMI Nord-Pas-de-Calais"
    assert change.changes["finess"] == [None, FINESS]
    again = entered(cast, name="Œuvre de la gare", town="Liévin")
    assert again.code == "oeuvre-de-la-gare-lievin-2"


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"name": " "}, "name", "Indiquez le nom"),
        ({"name": "x" * 161}, "name", "dépasse 160 caractères"),
        ({"town": "\x00"}, "town", "retapez le texte"),
        ({"kind": "castle"}, "kind", "dans la liste"),
        ({"finess": "620012340"}, "finess", "donnent la clé"),
        ({"approval": "granted"}, "approval", "ne se change pas ainsi"),
    ],
)
def test_wrong_data_are_refused_field_by_field_and_nothing_is_kept(
    cast: Cast, data: dict[str, Any], field: str, said: str
) -> None:
    facility, before = entered(cast), state_of_everything()
    with pytest.raises(Invalid) as refused:
        entered(cast, **data)
    assert said in refused.value.details[field][0]
    with pytest.raises(Invalid) as refused:
        change_facility(code=facility.code, actor=cast.agent, version=1, data=data)
    assert said in refused.value.details[field][0]
    assert state_of_everything() == before


def test_second_facility_with_a_finess_number_is_refused_with_the_name_of_the_first(cast: Cast) -> None:
    entered(cast, finess=FINESS)
    other = entered(cast, name="Pharmacie", town="Douai")
    with pytest.raises(Invalid) as refused:
        entered(cast, finess=FINESS)
    assert "déjà celui de « Centre de santé (Lens) »" in refused.value.details["finess"][0]
    with pytest.raises(Invalid) as refused:
        change_facility(code=other.code, actor=cast.agent, version=1, data={"finess": FINESS})
    assert "« Centre de santé (Lens) »" in refused.value.details["finess"][0]
    taken = entered(cast, name="Optique")
    with pytest.raises(IntegrityError), transaction.atomic():
        Facility.objects.filter(pk=taken.pk).update(finess=FINESS)


def test_change_keeps_what_was_and_counts_the_version(cast: Cast) -> None:
    facility = entered(cast, finess=FINESS)
    changed = change_facility(
        code=facility.code,
        actor=cast.director,
        version=1,
        data={"name": "Maison de santé", "town": "Lens", "finess": ""},
        motive="Erreur de saisie",
    )
    assert (changed.name, changed.finess, changed.version) == ("Maison de santé", None, 2)
    change = FacilityChange.objects.filter(facility=facility).first()
    assert change is not None
    assert change.changes == {"name": ["Centre de santé", "Maison de santé"], "finess": [FINESS, None]}
    assert (change.motive, change.capacity) == (
        "Erreur de saisie",
        "Directeur régional — CARMI Nord-Pas-de-Calais",
    )
    same = change_facility(code=facility.code, actor=cast.agent, version=2, data={"name": "Maison de santé"})
    assert same.version == 2
    assert FacilityChange.objects.filter(facility=facility).count() == 2
    with pytest.raises(Stale):
        change_facility(code=facility.code, actor=cast.agent, version=1, data={"name": "Autre"})


WRITERS = ("agent", "director", "reviewer")
READERS = (
    "dg",
    "manager",
    "carmi_manager",
    "auditor",
    "ministry",
    "comptroller",
    "secretary",
    "accountant",
    "fund_agent",
)
OUTSIDERS = ("est_agent", "est_director", "admin", "nobody")


def test_who_reads_and_who_writes_the_register(cast: Cast) -> None:
    facility = entered(cast)
    for number, name in enumerate(WRITERS):
        actor = cast.people[name]
        facility = change_facility(
            code=facility.code, actor=actor, version=facility.version, data={"name": f"Centre {number}"}
        )
    cast.person("fund_agent", (Role.PREPARER, "canssm"))  # writes what the fund runs, not what a CARMI runs
    before = state_of_everything()
    for names, refusal in ((READERS, Forbidden), (OUTSIDERS, NotFound)):
        for name in names:
            actor = cast.people[name]
            if refusal is NotFound:
                assert not facilities_visible_to(actor).exists(), name
                with pytest.raises(NotFound):
                    facility_for(actor, facility.code)
            else:
                assert facility_for(actor, facility.code) == facility, name
            for attempt in (
                lambda actor=actor: change_facility(
                    code=facility.code, actor=actor, version=facility.version, data={"name": "Non"}
                ),
                lambda actor=actor: move_approval(facility, A.EXISTING, actor=actor, on=ago(1)),
                lambda actor=actor: adhere(facility, ago(1), actor=actor),
                lambda actor=actor: close_facility(facility, ago(1), actor=actor, motive="Non"),
                lambda actor=actor: create_facility(
                    organisation=facility.organisation, actor=actor, data={"name": "A", "town": "B"}
                ),
                lambda actor=actor: add_professional(
                    facility, adeli="621012345", profession="Infirmier", since=ago(1), actor=actor
                ),
            ):
                with pytest.raises(refusal):
                    attempt()
    assert state_of_everything() == before


@pytest.mark.parametrize("before", list(ApprovalState), ids=lambda state: state.value)
def test_agrement_moves_along_the_table_and_nowhere_else(cast: Cast, before: ApprovalState) -> None:
    facility = Facility.objects.create(
        code="x", name="Centre", town="Lens", organisation=cast.body["carmi-npdc"], approval=before
    )
    for target in ApprovalState:
        if target in APPROVAL_MOVES[before]:
            sid = transaction.savepoint()
            moved = move_approval(facility, target, actor=cast.agent, on=ago(3), act="Arrêté 12")
            change = FacilityChange.objects.get(facility=facility)
            assert (moved.approval, moved.version) == (target, 2)
            assert (change.before, change.after, change.act, change.on) == (
                before,
                target,
                "Arrêté 12",
                ago(3),
            )
            transaction.savepoint_rollback(sid)
        else:
            with pytest.raises(Blocked) as refused:
                move_approval(facility, target, actor=cast.agent, on=ago(3))
            (reason,) = refused.value.reasons
            assert reason.code == "no_approval_move"
            assert f"« {before.label} »" in reason.message
            if target != before:
                with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
                    Facility.objects.filter(pk=facility.pk).update(approval=target)
    assert not FacilityChange.objects.filter(facility=facility).exists()


def test_provisional_agrement_has_a_term_that_follows_it_and_the_others_none(cast: Cast) -> None:
    facility = led_to(cast, A.TO_REQUEST)
    for to, until in ((A.GRANTED, clock.today()), (A.PROVISIONAL, ago(6))):
        with pytest.raises(Invalid) as refused:
            move_approval(facility, to, actor=cast.agent, on=ago(5), provisional_until=until)
        assert "provisional_until" in refused.value.details
    until = clock.today() + timedelta(days=90)
    moved = move_approval(facility, A.PROVISIONAL, actor=cast.agent, on=ago(5), provisional_until=until)
    assert moved.provisional_until == until
    moved = move_approval(facility, A.GRANTED, actor=cast.agent, on=ago(4))
    assert moved.provisional_until is None
    change = FacilityChange.objects.filter(facility=facility).first()
    assert change is not None
    assert change.changes["provisional_until"] == [until.isoformat(), None]


def test_days_to_come_and_days_before_the_last_move_are_refused(cast: Cast) -> None:
    facility = led_to(cast, A.TO_REQUEST)
    for on, said in ((clock.today() + timedelta(days=1), "est à venir"), (ago(11), "L’agrément a changé le")):
        for attempt in (
            lambda on=on: move_approval(facility, A.GRANTED, actor=cast.agent, on=on),
            lambda on=on: close_facility(facility, on, actor=cast.agent, motive="Hors normes"),
        ):
            with pytest.raises(Invalid) as refused:
                attempt()
            assert said in refused.value.details["on"][0]


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((), "no_approval"),
        ((A.TO_REQUEST,), "no_approval"),
        ((A.EXISTING, A.TO_MODIFY), "no_approval"),
        ((A.EXISTING, A.REMOVED), "no_approval"),
        ((A.EXISTING,), ""),
        ((A.TO_REQUEST, A.GRANTED), ""),
        ((A.TO_REQUEST, A.PROVISIONAL), ""),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else value or "adheres",
)
def test_adhesion_needs_an_agrement_on_that_day_and_comes_once(
    cast: Cast, states: tuple[ApprovalState, ...], code: str
) -> None:
    facility = led_to(cast, *states)
    if code:
        with pytest.raises(Blocked) as refused:
            adhere(facility, ago(1), actor=cast.agent)
        assert refused.value.reasons[0].code == code
        return
    with pytest.raises(Blocked) as refused:
        adhere(facility, ago(11), actor=cast.agent)
    assert refused.value.reasons[0].code == "before_approval"
    adhered = adhere(facility, ago(10), actor=cast.agent, act="Bulletin d’adhésion")
    assert adhered.adhered_on == ago(10)
    with pytest.raises(Blocked) as refused:
        adhere(facility, ago(1), actor=cast.agent)
    assert refused.value.reasons[0].code == "already_adhered"
    change = FacilityChange.objects.filter(facility=facility, action="adhere").get()
    assert (change.changes, change.act) == (
        {"adhered_on": [None, ago(10).isoformat()]},
        "Bulletin d’adhésion",
    )


def test_provisional_agrement_that_is_over_lets_nobody_adhere_and_a_removed_one_ends_the_adhesion(
    cast: Cast,
) -> None:
    facility = led_to(cast, A.TO_REQUEST)
    facility = move_approval(facility, A.PROVISIONAL, actor=cast.agent, on=ago(9), provisional_until=ago(5))
    with pytest.raises(Blocked, match="L’adhésion"):
        adhere(facility, ago(4), actor=cast.agent)
    assert adhere(facility, ago(5), actor=cast.agent).adhered_on == ago(5)
    removed = move_approval(facility, A.REMOVED, actor=cast.agent, on=ago(1))
    assert removed.adhered_on is None
    change = FacilityChange.objects.filter(facility=facility).first()
    assert change is not None
    assert change.changes["adhered_on"] == [ago(5).isoformat(), None]


def test_closed_facility_loses_its_agrement_its_adhesion_and_its_professionals_for_good(cast: Cast) -> None:
    facility = led_to(cast, A.EXISTING)
    adhere(facility, ago(8), actor=cast.agent)
    staying = add_professional(
        facility, adeli="621012345", profession="Infirmier", since=ago(9), actor=cast.agent
    )
    with pytest.raises(Invalid) as refused:
        close_facility(facility, ago(2), actor=cast.agent)
    assert "motive" in refused.value.details
    closed = close_facility(facility, ago(2), actor=cast.agent, motive="Hors normes d’agrément")
    assert (closed.active, closed.closed_on, closed.approval, closed.adhered_on) == (
        False,
        ago(2),
        A.REMOVED,
        None,
    )
    staying.refresh_from_db()
    assert staying.until == ago(2)
    change = FacilityChange.objects.filter(facility=facility).first()
    assert change is not None
    assert (change.action, change.before, change.after) == ("close", A.EXISTING, A.REMOVED)
    assert change.changes["professionals"] == [["621012345"], []]
    before = state_of_everything()
    for attempt in (
        lambda: close_facility(facility, ago(1), actor=cast.agent, motive="Encore"),
        lambda: move_approval(facility, A.TO_REQUEST, actor=cast.agent, on=ago(1)),
        lambda: adhere(facility, ago(1), actor=cast.agent),
        lambda: change_facility(
            code=facility.code, actor=cast.agent, version=closed.version, data={"name": "X"}
        ),
        lambda: add_professional(facility, adeli="621012345", profession="I", since=ago(1), actor=cast.agent),
    ):
        with pytest.raises(Blocked) as blocked:
            attempt()
        assert blocked.value.reasons[0].code == "facility_closed"
    assert state_of_everything() == before


def test_acts_of_a_dossier_say_their_own_capacity_and_leave_the_dossier_in_the_history(cast: Cast) -> None:
    facility = entered(cast)
    dossier = Journey.start(cast, facilities=[facility.code]).dossier
    with pytest.raises(Forbidden):
        move_approval(facility, A.EXISTING, actor=cast.dg, on=ago(1), dossier=dossier)
    move_approval(facility, A.EXISTING, actor=cast.dg, capacity="Par délégation", on=ago(1), dossier=dossier)
    close_facility(facility, ago(1), actor=cast.dg, capacity="Par délégation", dossier=dossier)
    assert list(
        FacilityChange.objects.filter(dossier=dossier).order_by("pk").values_list("action", "capacity")
    ) == [("approval", "Par délégation"), ("close", "Par délégation")]


def test_version_that_moved_on_stops_a_form(cast: Cast) -> None:
    facility = led_to(cast, A.EXISTING)
    for attempt in (
        lambda: move_approval(facility, A.TO_MODIFY, actor=cast.agent, on=ago(1), version=1),
        lambda: adhere(facility, ago(1), actor=cast.agent, version=1),
        lambda: close_facility(facility, ago(1), actor=cast.agent, motive="M", version=1),
    ):
        with pytest.raises(Stale):
            attempt()


def test_professionals_come_and_go_by_their_adeli_number(cast: Cast) -> None:
    facility = entered(cast)
    one = add_professional(
        facility, adeli="62 1 01234 5", profession=" Chirurgien-dentiste ", since=ago(9), actor=cast.agent
    )
    assert (one.adeli, one.profession) == ("621012345", "Chirurgien-dentiste")
    with pytest.raises(Conflict, match="déjà inscrit"):
        add_professional(facility, adeli="621012345", profession="Dentiste", since=ago(1), actor=cast.agent)
    for data, field in (
        ({"adeli": "62"}, "adeli"),
        ({"profession": ""}, "profession"),
        ({"since": clock.today() + timedelta(days=1)}, "since"),
    ):
        values: dict[str, Any] = {"adeli": "621099999", "profession": "Infirmier", "since": ago(1)} | data
        with pytest.raises(Invalid) as refused:
            add_professional(facility, actor=cast.agent, **values)
        assert field in refused.value.details
    with pytest.raises(Invalid):
        end_professional(one, until=ago(10), actor=cast.agent)
    with pytest.raises(NotFound):
        end_professional(one, until=ago(1), actor=cast.est_agent)
    assert end_professional(one, until=ago(1), actor=cast.agent).until == ago(1)
    with pytest.raises(Conflict, match="a quitté"):
        end_professional(one, until=ago(1), actor=cast.agent)
    add_professional(facility, adeli="621012345", profession="Dentiste", since=ago(1), actor=cast.agent)
    assert FacilityProfessional.objects.filter(facility=facility).count() == 2
    assert list(
        FacilityChange.objects.filter(facility=facility).order_by("pk").values_list("action", flat=True)
    ) == ["create", "add_professional", "end_professional", "add_professional"]
