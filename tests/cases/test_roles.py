"""Roles granted and ended, people created and deactivated: dated, checked, journalled."""

from datetime import timedelta
from typing import Any

import pytest

from cases import clock
from cases.enums import ROLES_BY_KIND, OrganisationKind, Role
from cases.errors import BusinessError, Conflict, Forbidden, Invalid
from cases.models import AdministrationEntry, ApiToken, Organisation, RoleGrant, User
from cases.permissions import holdings_of
from cases.services import create_person, deactivate_person, end_role, grant_role, issue_token
from cases.services.reference_data import BODIES, load_organisations
from tests.journeys import Cast, Journey, state_of_everything


def grant(cast: Cast, **changes: Any) -> RoleGrant:
    """Grant a role to the person who has none, by the administrator, from today on."""
    given: dict[str, Any] = {
        "user": cast.nobody,
        "role": Role.PREPARER,
        "organisation": cast.body["carmi-est"],
        "valid_from": clock.today(),
        "act": "Décision n° 12",
        "granted_by": cast.admin,
    }
    return grant_role(**(given | changes))


def test_grant_lets_its_holder_act_from_its_first_day(cast: Cast) -> None:
    grant(cast)
    assert [held.capacity for held in holdings_of(cast.nobody)] == ["Agent préparateur — CARMI Est"]
    entry = AdministrationEntry.objects.get()
    assert (entry.action, entry.subject, entry.organisation) == (
        "grant_role",
        cast.nobody,
        cast.body["carmi-est"],
    )
    assert (entry.actor, entry.capacity) == (cast.admin, "Administrateur — CANSSM")
    assert entry.changes == {
        "role": "preparer",
        "valid_from": clock.today().isoformat(),
        "valid_until": None,
    }


@pytest.mark.parametrize(
    ("changes", "error", "fields"),
    [
        ({"granted_by": "agent"}, Forbidden, []),
        ({"granted_by": "manager"}, Forbidden, []),
        ({"granted_by": "auditor"}, Forbidden, []),
        ({"role": Role.DIRECTOR_GENERAL}, Invalid, ["role"]),
        ({"role": Role.EXPERT}, Invalid, ["role"]),
        ({"act": "  "}, Invalid, ["act"]),
        ({"valid_until": -1}, Invalid, ["valid_until"]),
        ({"user": "inactive"}, Invalid, ["user"]),
        ({"act": "a\x00b"}, Invalid, ["act"]),
        ({"act": "x" * 201}, Invalid, ["act"]),
    ],
)
def test_grant_that_may_not_be_is_refused_and_writes_nothing(
    cast: Cast, changes: dict[str, Any], error: type[BusinessError], fields: list[str]
) -> None:
    if isinstance(changes.get("granted_by"), str):
        changes = changes | {"granted_by": cast.people[changes["granted_by"]]}
    if "valid_until" in changes:
        changes = changes | {"valid_until": clock.today() + timedelta(days=changes["valid_until"])}
    if "user" in changes:
        cast.nobody.is_active = False
        cast.nobody.save()
        changes = changes | {"user": cast.nobody}
    before = state_of_everything()
    with pytest.raises(error) as refused:
        grant(cast, **changes)
    assert sorted(refused.value.details) == fields
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [
        ((0, None), (0, None), False),
        ((0, None), (-10, -1), True),
        ((0, None), (-10, 0), False),
        ((0, 5), (5, 9), False),
        ((0, 5), (6, None), True),
        ((0, 5), (1, 2), False),
        ((3, 5), (0, None), False),
    ],
)
def test_one_role_is_held_once_at_a_time(
    cast: Cast, first: tuple[int, int | None], second: tuple[int, int | None], free: bool
) -> None:
    def days(pair: tuple[int, int | None]) -> dict[str, Any]:
        start, end = pair
        return {
            "valid_from": clock.today() + timedelta(days=start),
            "valid_until": None if end is None else clock.today() + timedelta(days=end),
        }

    grant(cast, **days(first))
    if free:
        grant(cast, **days(second))
        assert RoleGrant.objects.filter(user=cast.nobody).count() == 2
        return
    with pytest.raises(Conflict):
        grant(cast, **days(second))


def test_ended_role_is_lost_the_day_after(cast: Cast) -> None:
    given = cast.agent.role_grants.get()
    end_role(grant=given, last_day=clock.today(), motive="Mutation", ended_by=cast.admin)
    assert holdings_of(cast.agent)
    assert not holdings_of(cast.agent, on=clock.today() + timedelta(days=1))
    entry = AdministrationEntry.objects.get()
    assert (entry.action, entry.motive) == ("end_role", "Mutation")
    assert entry.changes == {"role": "preparer", "valid_until": [None, clock.today().isoformat()]}


@pytest.mark.parametrize(
    ("days", "motive", "who", "error", "fields"),
    [
        (0, " ", "admin", Invalid, ["motive"]),
        (0, "a\x00b", "admin", Invalid, ["motive"]),
        (-2, "Mutation", "admin", Invalid, ["last_day"]),
        (-10_000, "Mutation", "admin", Invalid, ["last_day"]),
        (0, "Mutation", "agent", Forbidden, []),
        (0, "Mutation", "dg", Forbidden, []),
    ],
)
def test_end_that_may_not_be_is_refused_and_writes_nothing(
    cast: Cast, days: int, motive: str, who: str, error: type[BusinessError], fields: list[str]
) -> None:
    before = state_of_everything()
    with pytest.raises(error) as refused:
        end_role(
            grant=cast.agent.role_grants.get(),
            last_day=clock.today() + timedelta(days=days),
            motive=motive,
            ended_by=cast.people[who],
        )
    assert sorted(refused.value.details) == fields
    assert state_of_everything() == before
    assert cast.agent.role_grants.get().valid_until is None


def test_an_end_is_brought_forward_never_put_off(cast: Cast) -> None:
    given = grant(cast, valid_until=clock.today() + timedelta(days=10))
    with pytest.raises(Invalid):
        end_role(
            grant=given, last_day=clock.today() + timedelta(days=11), motive="Erreur", ended_by=cast.admin
        )
    ended = end_role(
        grant=given, last_day=clock.today() + timedelta(days=3), motive="Départ", ended_by=cast.admin
    )
    assert ended.valid_until == clock.today() + timedelta(days=3)


# -- people ----------------------------------------------------------------------------------------


def person(cast: Cast, **changes: Any) -> User:
    given: dict[str, Any] = {
        "username": "nouvelle",
        "display_name": "Nouvelle Personne",
        "email": "nouvelle@example.org",
        "password": "un mot de passe assez long",
        "created_by": cast.admin,
    }
    return create_person(**(given | changes))


def test_created_person_has_no_role_and_is_journalled(cast: Cast) -> None:
    user = person(cast)
    assert user.check_password("un mot de passe assez long")
    assert holdings_of(user) == ()
    assert AdministrationEntry.objects.get().action == "create_person"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"username": "agent"}, Invalid, "username"),
        ({"username": ""}, Invalid, "username"),
        ({"username": "a b"}, Invalid, "username"),
        ({"username": "a\x00b"}, Invalid, "username"),
        ({"email": "nulle part"}, Invalid, "email"),
        ({"password": "court"}, Invalid, "password"),
        ({"display_name": "x" * 121}, Invalid, "display_name"),
        ({"created_by": "agent"}, Forbidden, ""),
    ],
)
def test_person_that_may_not_be_is_refused_and_writes_nothing(
    cast: Cast, changes: dict[str, Any], error: type[BusinessError], field: str
) -> None:
    if isinstance(changes.get("created_by"), str):
        changes = {"created_by": cast.people[changes["created_by"]]}
    before = state_of_everything()
    with pytest.raises(error) as refused:
        person(cast, **changes)
    assert list(refused.value.details) == ([field] if field else [])
    assert state_of_everything() == before


def test_deactivated_person_loses_access_at_once_and_keeps_their_past(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    issue_token(user=cast.agent)
    deactivate_person(user=cast.agent, motive="Départ", deactivated_by=cast.admin)
    cast.agent.refresh_from_db()
    assert holdings_of(cast.agent) == ()
    assert not ApiToken.objects.filter(user=cast.agent).exists()
    assert journey.dossier.created_by == cast.agent
    assert cast.agent.role_grants.exists()


@pytest.mark.parametrize(
    ("who", "by", "motive", "error"),
    [
        ("agent", "agent2", "Départ", Forbidden),
        ("agent", "admin", "  ", Invalid),
        ("agent", "admin", "\x00", Invalid),
        ("admin", "admin", "Départ", Invalid),
    ],
)
def test_deactivation_that_may_not_be_is_refused(
    cast: Cast, who: str, by: str, motive: str, error: type[BusinessError]
) -> None:
    before = state_of_everything()
    with pytest.raises(error):
        deactivate_person(user=cast.people[who], motive=motive, deactivated_by=cast.people[by])
    assert state_of_everything() == before
    assert User.objects.get(username=who).is_active


# -- bodies ----------------------------------------------------------------------------------------


def test_bodies_of_the_conventions_are_loaded_once_with_a_group_for_each_role(db: None) -> None:
    assert load_organisations() == len(BODIES)
    before = state_of_everything()
    load_organisations()
    assert state_of_everything() == before
    codes = {"canssm", "carmi-npdc", "carmi-est", "carmi-sud", "ca", "comite-experts", "dss", "db", "cgefi"}
    assert set(Organisation.objects.values_list("code", flat=True)) == codes | {"hfm", "psb"}
    for body in Organisation.objects.order_by("code"):
        names = set(
            body.group_permissions.values_list("permission__codename", flat=True)  # type: ignore[attr-defined]
        )
        assert names == {role.codename for role in ROLES_BY_KIND[OrganisationKind(body.kind)]}
