"""Roles held, and the read gate that starts from them."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from cases.errors import NotFound
from cases.models import Dossier, User
from cases.permissions import administers, holding_for, holdings_of, may_read
from cases.selectors import dossier_for, dossiers_visible_to
from cases.selectors.search import read_words, search
from tests.journeys import ROUTE_TO, Cast, Journey

#: Who reads a dossier of the CARMI Nord-Pas-de-Calais, whatever its state.
READERS = {
    "agent",
    "agent2",
    "director",
    "carmi_manager",
    "reviewer",
    "reviewer2",
    "accountant",
    "dg",
    "dg2",
    "manager",
    "auditor",
}


def reads(user: User, dossier: Dossier) -> bool:
    """Whether the read gate opens; its three forms must agree."""
    holdings = holdings_of(user)
    one = may_read(holdings, dossier)
    assert dossiers_visible_to(user).filter(pk=dossier.pk).exists() == one
    found = search(user, words=read_words(dossier.reference), holdings=holdings)
    assert (dossier.pk in [each.pk for each in found.items]) == one
    try:
        dossier_for(user, dossier.reference)
    except NotFound:
        assert not one
    else:
        assert one
    return one


@pytest.mark.parametrize("status", sorted(ROUTE_TO))
def test_a_dossier_is_read_by_its_body_those_above_and_auditors(cast: Cast, status: str) -> None:
    journey = Journey.at(cast, status)
    dossier = journey.dossier
    assert {name for name, user in cast.people.items() if reads(user, dossier)} == READERS


def test_outsiders_get_the_answer_of_a_dossier_that_does_not_exist(cast: Cast) -> None:
    journey = Journey.at(cast, "draft")
    with pytest.raises(NotFound) as hidden:
        dossier_for(cast.est_agent, journey.reference)
    with pytest.raises(NotFound) as absent:
        dossier_for(cast.est_agent, "FNMO-2015-0999")
    assert (hidden.value.message, hidden.value.details) == (absent.value.message, absent.value.details)


def test_whoever_a_step_awaits_reads_the_dossier_from_then_on(cast: Cast) -> None:
    """A ministry that a step awaited keeps reading, though it stands beside the hierarchy."""
    journey = Journey.at(cast, "draft")
    assert not reads(cast.ministry, journey.dossier)
    tag = f"{Role.AUTHORITY.value}@{cast.body['dss'].pk}"
    Dossier.objects.filter(pk=journey.pk).update(involved=[tag])
    assert reads(cast.ministry, journey.dossier)
    assert {name for name, user in cast.people.items() if reads(user, journey.dossier)} == READERS | {
        "ministry"
    }
    journey.act("withdraw.withdraw")
    assert reads(cast.ministry, journey.dossier)


def test_steps_leave_the_mark_of_the_role_that_they_await(cast: Cast) -> None:
    journey = Journey.at(cast, "approved")
    own, fund = cast.body["carmi-npdc"].pk, cast.body["canssm"].pk
    assert journey.dossier.involved == [
        f"preparer@{own}",
        f"regional_director@{own}",
        f"reviewer@{fund}",
        f"director_general@{fund}",
    ]


def test_a_body_whose_code_begins_alike_is_not_below(cast: Cast) -> None:
    """``/canssm/carmi-n/`` is no prefix of ``/canssm/carmi-npdc/``; nor do % and _ stand for anything."""
    for code in ("carmi-n", "carmi_npdc", "%"):
        cast.body[code] = type(cast.body["canssm"]).objects.create(
            code=code, name=code, kind=OrganisationKind.CARMI, lineage=f"/canssm/{code}/"
        )
        outsider = cast.person(f"outsider {code}", (Role.PREPARER, code))
        assert not reads(outsider, Journey.at(cast, "draft").dossier)


# -- holdings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "held"),
    [(0, None, True), (0, 0, True), (-5, -1, False), (1, None, False), (-1, 1, True), (1, 2, False)],
)
def test_a_role_is_held_from_its_first_to_its_last_day(
    cast: Cast, starts: int, ends: int | None, held: bool
) -> None:
    today = clock.today()
    cast.give(cast.nobody, (Role.PREPARER, "carmi-npdc"))
    grant = cast.nobody.role_grants.get()
    grant.valid_from = today + timedelta(days=starts)
    grant.valid_until = None if ends is None else today + timedelta(days=ends)
    grant.save()
    assert bool(holdings_of(cast.nobody)) is held


def test_the_day_of_a_role_is_counted_in_paris(cast: Cast) -> None:
    grant = cast.agent.role_grants.get()
    grant.valid_until = date(2015, 6, 30)
    grant.save()
    with clock.at(datetime.fromisoformat("2015-06-30T21:59:00+00:00")):
        assert holdings_of(cast.agent)
    with clock.at(datetime.fromisoformat("2015-06-30T22:01:00+00:00")):
        assert not holdings_of(cast.agent)
        assert holdings_of(cast.agent, on=date(2015, 6, 30))


def test_two_grants_of_one_role_are_one_holding(cast: Cast) -> None:
    cast.give(cast.nobody, (Role.PREPARER, "carmi-npdc"))
    first = cast.nobody.role_grants.get()
    first.valid_until = clock.today()
    first.save()
    cast.give(cast.nobody, (Role.PREPARER, "carmi-npdc"))
    assert [held.tag for held in holdings_of(cast.nobody)] == [f"preparer@{cast.body['carmi-npdc'].pk}"]


def test_inactive_and_anonymous_people_hold_nothing(cast: Cast) -> None:
    cast.agent.is_active = False
    assert holdings_of(cast.agent) == ()
    assert holdings_of(AnonymousUser()) == ()


def test_membership_of_a_group_without_a_grant_gives_nothing(cast: Cast) -> None:
    """Roles go through dated grants; a group given by another way opens no door."""
    cast.nobody.groups.add(cast.agent.role_grants.get().group)
    assert holdings_of(cast.nobody) == ()


def test_a_grant_whose_group_belongs_to_another_body_gives_nothing(cast: Cast) -> None:
    grant = cast.agent.role_grants.get()
    grant.organisation = cast.body["carmi-est"]
    grant.save()
    assert holdings_of(cast.agent) == ()


def test_holdings_cost_one_statement_and_name_the_capacity(cast: Cast) -> None:
    cast.give(cast.agent, (Role.MANAGER, "carmi-npdc"), (Role.PREPARER, "carmi-est"))
    with CaptureQueriesContext(
        connection,
    ) as statements:
        held = holdings_of(cast.agent)
    assert len(statements) == 1
    assert [(one.role, one.organisation_code) for one in held] == [
        (Role.MANAGER, "carmi-npdc"),
        (Role.PREPARER, "carmi-npdc"),
        (Role.PREPARER, "carmi-est"),
    ]
    assert held[0].capacity == "Pilotage — CARMI Nord-Pas-de-Calais"
    assert holding_for(held, Role.PREPARER, cast.body["carmi-est"].pk) == held[2]
    assert holding_for(held, Role.MANAGER, cast.body["carmi-est"].pk) is None


def test_administering_is_for_administrators(cast: Cast) -> None:
    assert {name for name, user in cast.people.items() if administers(holdings_of(user))} == {"admin"}


def test_every_role_can_be_held_somewhere() -> None:
    assert set().union(*ROLES_BY_KIND.values()) == set(Role)
    assert set(ROLES_BY_KIND) == set(OrganisationKind)
