"""Giving and revoking delegations: who may, what is refused in which words, what PostgreSQL refuses by name."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from cases import clock
from cases.enums import Role
from cases.errors import BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import Absence, AdministrationEntry, Delegation, Organisation, User
from cases.permissions import DELEGABLE, MAX_CAPACITY, acting_holdings_of, holdings_of
from cases.selectors.delegations import Standing, delegations_visible_to, offices_today, shown
from cases.services import verify_all
from cases.services.delegations import UNDELEGABLE, delegate, revoke
from tests.delegations import ACT, given
from tests.journeys import Cast

PATHS = ("fnmo_investment", "virement")


def days(first: int, last: int) -> dict[str, date]:
    today = clock.today()
    return {"valid_from": today + timedelta(days=first), "valid_until": today + timedelta(days=last)}


def make(cast: Cast, **changed: Any) -> Delegation:
    """The directeur général delegates to the agent comptable for a month; ``changed``: what is otherwise."""
    usual: Mapping[str, Any] = {
        "delegator": cast.dg,
        "to": cast.accountant,
        "role": Role.DIRECTOR_GENERAL,
        "organisation": cast.body["canssm"],
        "act": ACT,
        "known_paths": PATHS,
        "created_by": cast.dg,
        **days(0, 30),
    }
    return delegate(**(usual | changed))


def test_a_delegation_is_journalled_and_its_chain_holds(cast: Cast) -> None:
    made = make(cast, ceiling=Decimal("50000.00"), paths=["virement"], created_by=cast.admin)
    entry = AdministrationEntry.objects.latest("sequence")
    assert (entry.action, entry.subject, entry.capacity) == (
        "delegate",
        cast.accountant,
        "Administrateur — CANSSM",
    )
    assert entry.changes == {
        "delegation": str(made.public_id),
        "from": "dg",
        "role": "director_general",
        "paths": ["virement"],
        "ceiling": "50000.00",
        "valid_from": made.valid_from.isoformat(),
        "valid_until": made.valid_until.isoformat(),
    }
    revoke(public_id=made.public_id, revoked_by=cast.dg, motive="Retour anticipé")
    entry = AdministrationEntry.objects.latest("sequence")
    assert (entry.action, entry.motive) == ("revoke_delegation", "Retour anticipé")
    assert list(verify_all()) == []


@pytest.mark.parametrize(
    ("field", "changed", "words"),
    [
        ("valid_from", days(-1, 5), "ne commence pas dans le passé"),
        ("valid_until", days(5, 4), "La fin précède le début"),
        ("valid_until", days(0, 366), "dure un an au plus"),
        ("paths", {"paths": ["inconnu"]}, "Circuit inconnu : « inconnu »"),
        ("ceiling", {"ceiling": Decimal(0)}, "supérieur à zéro"),
        ("ceiling", {"ceiling": Decimal(-5)}, "supérieur à zéro"),
        ("ceiling", {"ceiling": Decimal("1E+12")}, "supérieur à zéro"),
        ("ceiling", {"ceiling": Decimal("1.005")}, "deux décimales"),
        ("act", {"act": " "}, "Indiquez l’acte"),
        ("act", {"act": "x" * 121}, "dépasse 120 caractères"),
        ("act", {"act": "n\x00"}, "ne peut pas être enregistré"),
        ("role", {"role": Role.REVIEWER}, "ne tient pas le rôle « Instructeur »"),
    ],
)
def test_each_fault_is_said_at_its_field(cast: Cast, field: str, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(cast, **changed)
    assert list(refused.value.details) == [field]
    assert words in refused.value.details[field][0]
    assert not Delegation.objects.exists()


@pytest.mark.parametrize("role", sorted(set(Role) - DELEGABLE))
def test_roles_that_cannot_be_delegated_say_why(cast: Cast, role: Role) -> None:
    with pytest.raises(Invalid) as refused:
        make(cast, role=role, created_by=cast.admin)
    assert refused.value.details["role"] == [UNDELEGABLE[role]]


def test_who_receives_a_delegation_is_another_active_person_without_the_role(cast: Cast) -> None:
    cast.nobody.is_active = False
    cast.nobody.save()
    for to, words in (
        (cast.dg, "à soi-même"),
        (cast.nobody, "est fermé"),
        (cast.dg2, "tient déjà le rôle"),
    ):
        with pytest.raises(Invalid) as refused:
            make(cast, to=to)
        assert words in refused.value.details["to"][0]


def test_what_was_received_is_not_delegated_on(cast: Cast) -> None:
    make(cast)
    with pytest.raises(Invalid) as refused:
        make(cast, delegator=cast.accountant, to=cast.reviewer, created_by=cast.accountant)
    assert "reçu par délégation ne se délègue pas" in refused.value.details["role"][0]


def test_only_the_giver_and_another_administrator_give_and_revoke(cast: Cast) -> None:
    for person in (cast.dg2, cast.manager, cast.accountant):
        with pytest.raises(Forbidden):
            make(cast, created_by=person)
    with pytest.raises(Forbidden) as refused:
        make(cast, to=cast.admin, created_by=cast.admin)
    assert "vous-même" in refused.value.message
    made = make(cast)
    for person, error in (
        (cast.est_agent, NotFound),  # does not learn that it exists
        (cast.accountant, Forbidden),
        (cast.manager, Forbidden),
    ):
        with pytest.raises(error):
            revoke(public_id=made.public_id, revoked_by=person, motive="Non")
    revoke(public_id=made.public_id, revoked_by=cast.admin, motive="Demandé par téléphone")
    with pytest.raises(Conflict):
        revoke(public_id=made.public_id, revoked_by=cast.dg, motive="Encore")


def test_a_revocation_needs_a_motive_and_something_to_revoke(cast: Cast) -> None:
    made = make(cast)
    for motive in (" ", "x" * 301):
        with pytest.raises(Invalid) as refused:
            revoke(public_id=made.public_id, revoked_by=cast.dg, motive=motive)
        assert "motive" in refused.value.details
    over = given(cast, cast.reviewer, days=(-9, -1))
    with pytest.raises(Invalid):
        revoke(public_id=over.public_id, revoked_by=cast.dg, motive="Trop tard")


def test_the_same_delegation_twice_is_a_conflict(cast: Cast) -> None:
    first = make(cast, paths=["virement", "fnmo_investment"], ceiling=Decimal(500))
    same = {"paths": ["fnmo_investment", "virement"], "ceiling": Decimal(500)}
    with pytest.raises(Conflict):
        make(cast, **same, **days(30, 40))
    make(cast, **same, **days(31, 40))
    make(cast, paths=["virement"], ceiling=Decimal(500))
    make(cast, paths=same["paths"])
    revoke(public_id=first.public_id, revoked_by=cast.dg, motive="Erreur")
    make(cast, **same)


def test_a_stamp_that_would_not_fit_is_refused(cast: Cast) -> None:
    User.objects.filter(pk=cast.secretary.pk).update(display_name="N" * 120)
    Organisation.objects.filter(code="ca").update(name="C" * 160)
    options = {
        "delegator": User.objects.get(pk=cast.secretary.pk),
        "created_by": cast.admin,
        "role": Role.BOARD_SECRETARY,
        "organisation": Organisation.objects.get(code="ca"),
    }
    with pytest.raises(Invalid) as refused:
        make(cast, **options, act="A" * 120)
    assert "abrégez-le" in refused.value.details["act"][0]
    make(cast, **options, act="A" * 20)
    (held,) = [one for one in acting_holdings_of(cast.accountant) if one.delegation]
    assert len(held.capacity) <= MAX_CAPACITY


def test_what_a_delegation_is_worth_is_said(cast: Cast) -> None:
    today = clock.today()
    Absence.objects.create(
        user=cast.accountant,
        first_day=today + timedelta(days=3),
        last_day=today + timedelta(days=5),
        created_at=clock.now(),
        created_by=cast.accountant,
    )
    cast.dg.role_grants.update(valid_until=today + timedelta(days=10))
    make(cast)
    given(cast, cast.reviewer, days=(5, 9))
    given(cast, cast.reviewer, days=(-9, -1), act="Ancienne")
    given(cast, cast.reviewer, days=(20, 30), act="Trop tard")
    found = {one.delegation.act: one for one in shown(list(delegations_visible_to(cast.dg)))}
    assert found["Ancienne"].standing is Standing.OVER
    assert found["Trop tard"].standing is Standing.WITHOUT_EFFECT
    standings = [one.standing for one in shown(list(Delegation.objects.filter(act=ACT).order_by("pk")))]
    assert standings == [Standing.IN_FORCE, Standing.TO_COME]
    (mine,) = shown(list(Delegation.objects.filter(delegate=cast.accountant)))
    assert mine.warnings[0].startswith("Le rôle de Gilles Général prend fin le")
    assert mine.warnings[1].startswith("Albert Comptable est absent du")
    User.objects.filter(pk=cast.dg.pk).update(is_active=False)
    (gone,) = shown(list(Delegation.objects.select_related("delegator").filter(delegate=cast.accountant)))
    assert gone.standing is Standing.WITHOUT_EFFECT


def test_who_sees_which(cast: Cast) -> None:
    make(cast)
    regional = given(
        cast, cast.agent, by=cast.director, role=Role.REGIONAL_DIRECTOR, body="carmi-npdc", act="Note 1"
    )

    def seen(user: User) -> int:
        return delegations_visible_to(user).count()

    assert (seen(cast.dg), seen(cast.accountant), seen(cast.admin), seen(cast.manager)) == (1, 1, 2, 2)
    assert list(delegations_visible_to(cast.carmi_manager)) == [regional]
    assert (seen(cast.dg2), seen(cast.est_agent), seen(cast.auditor)) == (0, 0, 0)


def test_who_can_decide_what_today(cast: Cast, django_assert_num_queries: Any) -> None:
    today = clock.today()
    given(cast, cast.accountant, ceiling="20000")
    given(cast, cast.reviewer, by=cast.nobody, act="Sans titre")
    for person in (cast.dg, cast.dg2, cast.director):
        Absence.objects.create(
            user=person, first_day=today, last_day=today, created_at=clock.now(), created_by=person
        )
    held = holdings_of(cast.manager)
    with django_assert_num_queries(4):
        found = {(one.organisation.code, one.role): one for one in offices_today(held)}
    general = found["canssm", Role.DIRECTOR_GENERAL]
    assert [one.away_until for one in general.holders] == [today, today]
    assert [one.name for one in general.delegates] == ["Albert Comptable"]
    assert (general.vacant, general.limited) == (False, True)
    assert found["carmi-npdc", Role.REGIONAL_DIRECTOR].vacant
    assert not found["carmi-est", Role.REGIONAL_DIRECTOR].vacant
    regional = {one.organisation.code for one in offices_today(holdings_of(cast.director))}
    assert regional == {"carmi-npdc"}
    assert offices_today(holdings_of(cast.agent)) == []


def test_of_two_who_give_the_same_at_once_one_does(committed: str) -> None:
    cast = Cast()
    answers: list[str] = []

    def run() -> None:
        try:
            make(cast)
            answers.append("given")
        except BusinessError as error:
            answers.append(error.code)
        finally:
            connection.close()

    both = [Thread(target=run) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(answers) == ["conflict", "given"]
