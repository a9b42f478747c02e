"""One acts in somebody's place within the delegation's scope, and nowhere beyond; each act says in whose name."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import Forbidden, NotFound
from cases.journal_chain import verify
from cases.models import Decision, Delegation, JournalEntry, User
from cases.permissions import (
    Delegated,
    Holding,
    acting_holdings_of,
    covers,
    holdings_of,
    may_read,
    reads_budgets,
)
from cases.selectors import dossier_for, dossiers_visible_to
from cases.services import export_journal, verify_all
from cases.services.delegations import delegate, revoke
from tests.api_client import Api
from tests.delegations import ACT, given
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, words
from tests.papers import words as paper_words
from tests.property_journeys import NOW, ON_SALE, PropertyJourney
from tests.workflows.test_statements import statements
from workflows.selectors import available_actions, dossier_view, queue
from workflows.services import claim, claim_next, reassign, release

PATH = "fnmo_investment"


def amounts() -> st.SearchStrategy[Decimal]:
    """Amounts that a dossier or a ceiling may have."""
    return st.decimals("0.01", "999999999.99", places=2, allow_nan=False, allow_infinity=False)


@drawn(
    ceiling=st.none() | amounts(),
    amount=st.none() | amounts(),
    paths=st.lists(st.sampled_from("abc"), unique=True),
    path=st.sampled_from("abcd"),
)
def test_a_delegation_covers_its_paths_and_amounts_up_to_its_ceiling(
    ceiling: Decimal | None, amount: Decimal | None, paths: list[str], path: str
) -> None:
    def holding(*, paths: tuple[str, ...], ceiling: Decimal | None) -> Holding:
        scope = Delegated("", 1, "dg", "Gilles", ACT, paths, ceiling, clock.today())
        return Holding(Role.DIRECTOR_GENERAL, 1, "canssm", "CANSSM", "/canssm/", scope)

    held = holding(paths=tuple(paths), ceiling=ceiling)
    reached = covers(held, path, amount)
    within_paths = not paths or path in paths
    within_ceiling = ceiling is None or (amount is not None and amount <= ceiling)
    assert reached == (within_paths and within_ceiling)
    own = Holding(Role.DIRECTOR_GENERAL, 1, "canssm", "CANSSM", "/canssm/")
    assert covers(own, path, amount), "a role of one's own has no scope"
    if reached and ceiling is not None and amount is not None:
        assert not covers(holding(paths=tuple(paths), ceiling=amount / 2), path, amount)


def acting(user: User) -> list[tuple[str, str]]:
    return [
        (held.role.value, held.delegation.delegator) for held in acting_holdings_of(user) if held.delegation
    ]


def test_the_delegate_decides_and_everything_says_in_whose_name(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    one = given(cast, cast.accountant, ceiling="30000", paths=(PATH,))
    journey.act("decide.approve", cast.accountant)
    capacity = f"Directeur général — CANSSM, par délégation de Gilles Général ({ACT})"
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    decision = Decision.objects.get(dossier=journey.pk)
    assert (entry.actor, entry.capacity, decision.capacity) == (cast.accountant, capacity, capacity)
    assert entry.changes["delegation"] == {"id": str(one.public_id), "act": ACT, "from": "dg"}
    assert journey.dossier.participants["decide"] == [cast.accountant.pk, cast.dg.pk]
    assert list(verify_all()) == []
    assert verify(export_journal(journey.dossier)["entries"]) is None


@pytest.mark.parametrize(
    ("scope", "words_of_it"),
    [
        ({"ceiling": "25000.49"}, "jusqu’à 25\u202f000,49\u00a0€ HT"),
        ({"paths": ("virement",)}, "« Virement de crédits »"),
    ],
)
def test_beyond_the_scope_the_refusal_says_the_scope_and_who_can_act(
    cast: Cast, scope: dict[str, Any], words_of_it: str
) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, cast.reviewer2, **scope)
    with pytest.raises(Forbidden) as refused:
        journey.act("decide.approve", cast.reviewer2)
    (reason,) = refused.value.reasons
    assert reason.code == "delegation_scope"
    assert words_of_it in reason.message
    assert ACT in reason.message
    assert reason.lifted_by == "Gilles Général, ou une autre personne qui tient le rôle « Directeur général »"
    with pytest.raises(Forbidden) as refused:
        claim(task_id=journey.task.pk, actor=cast.reviewer2)
    assert list(refused.value.reasons) == [reason]
    shown = [one for one in available_actions(journey.dossier, cast.reviewer2) if one.step == "decide"]
    assert shown
    assert all(not one.allowed and reason in one.reasons for one in shown)
    assert queue(cast.reviewer2).count == 0


def test_a_dossier_without_amount_is_beyond_any_ceiling(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, cast.reviewer2, ceiling="900000000")
    dossier = journey.dossier
    dossier.amount_ht = None
    (held,) = [one for one in acting_holdings_of(cast.reviewer2) if one.delegation]
    assert not covers(held, dossier.path, dossier.amount_ht)
    (action, *_) = [one for one in available_actions(dossier, cast.reviewer2) if one.step == "decide"]
    assert "n’a pas de montant" in action.reasons[0].message


def test_what_the_act_grants_stays_below_the_ceiling_too(cast: Cast) -> None:
    """A regional director's delegate may not raise the cost above what they could have carried."""
    journey = Journey.at(cast, "approved", "25000.00")
    given(
        cast, cast.agent2, by=cast.director, role=Role.REGIONAL_DIRECTOR, body="carmi-npdc", ceiling="28000"
    )
    with pytest.raises(Forbidden) as refused:
        journey.act("commit.revise_cost", cast.agent2, data={"amount_ht": "30000"})
    assert refused.value.reasons[0].code == "delegation_scope"
    assert "30\u202f000,00" in refused.value.reasons[0].message
    assert journey.dossier.amount_ht == Decimal("25000.00")
    journey.act("commit.revise_cost", cast.agent2, data={"amount_ht": "27000"})
    assert journey.dossier.amount_ht == Decimal("27000.00")


def test_nobody_decides_in_the_name_of_somebody_who_reviewed(cast: Cast) -> None:
    """The giver could not decide, so their delegation does not either; that of another giver does."""
    cast.give(cast.dg, (Role.REVIEWER, "canssm"))
    journey = Journey.at(cast, "under_review")
    journey.act("check.complete", cast.dg)
    given(cast, cast.accountant)
    with pytest.raises(Forbidden) as refused:
        journey.act("decide.approve", cast.accountant)
    (reason,) = refused.value.reasons
    assert reason.code == "separation_of_duties"
    assert reason.message.startswith("Gilles Général a participé à l’instruction")
    assert reason.quote is not None
    assert reason.quote.rule == "separation.prepare_decide"
    given(cast, cast.accountant, by=cast.dg2, act="Décision n° 13")
    journey.act("decide.approve", cast.accountant)
    assert "par délégation de Ginette Générale" in Decision.objects.get(dossier=journey.pk).capacity


def test_what_is_done_in_ones_name_counts_as_ones_own(cast: Cast) -> None:
    """Somebody who has a file reviewed in their name does not decide it then."""
    cast.give(cast.dg, (Role.REVIEWER, "canssm"))
    journey = Journey.at(cast, "under_review")
    given(cast, cast.accountant, role=Role.REVIEWER)
    journey.act("check.complete", cast.accountant)
    for decider in (cast.dg, cast.accountant):
        with pytest.raises(Forbidden):
            journey.act("decide.approve", decider)
    journey.act("decide.approve", cast.dg2)


def test_nobody_reviews_by_delegation_what_they_prepared(cast: Cast) -> None:
    journey = Journey.at(cast, "under_review")
    for person in (cast.agent, cast.agent2):
        given(cast, person, by=cast.reviewer, role=Role.REVIEWER, act=f"Décision pour {person}")
    with pytest.raises(Forbidden, match="déjà participé à la préparation") as refused:
        journey.act("check.complete", cast.agent)
    assert refused.value.reasons[0].code == "separation_of_duties"
    journey.act("check.complete", cast.agent2)


def test_ones_own_role_comes_first(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, cast.dg2)
    journey.act("decide.approve", cast.dg2)
    assert Decision.objects.get(dossier=journey.pk).capacity == "Directeur général — CANSSM"


@pytest.fixture
def outsider(cast: Cast) -> User:
    """Somebody who reads nothing of the CARMI in their own right."""
    return cast.est_agent


def reads(user: User, journey: Journey) -> bool:
    """Whether the dossier opens: page, pieces, journal, API; all say the same."""
    site, api = at_the_site(user), Api(user)
    piece = journey.dossier.documents.first()
    download = site.get(f"/dossiers/{journey.reference}/pieces/{piece.public_id}/")
    b"".join(download)  # closes the file, not the connection
    answers = {
        download.status_code,
        site.get(f"/dossiers/{journey.reference}/").status_code,
        site.get(f"/dossiers/{journey.reference}/journal.json").status_code,
        api.get(f"dossiers/{journey.reference}").status,
        api.get(f"dossiers/{journey.reference}/journal").status,
        api.get(f"dossiers/{journey.reference}/documents/{piece.public_id}").status,
    }
    assert len(answers) == 1, answers
    opened = answers == {200}
    held = acting_holdings_of(user)
    assert may_read(held, journey.dossier) == opened
    assert dossiers_visible_to(user, held).filter(pk=journey.pk).exists() == opened
    return opened


def test_the_delegate_reads_what_lies_in_the_scope_and_nothing_besides(cast: Cast, outsider: User) -> None:
    inside = Journey.at(cast, "awaiting_decision", "25000.50")
    beyond = Journey.at(cast, "awaiting_decision", "30000.01")
    assert not reads(outsider, inside)
    given(cast, outsider, ceiling="30000", paths=(PATH,))
    assert reads(outsider, inside)
    assert not reads(outsider, beyond)
    with pytest.raises(NotFound):
        beyond.act("decide.approve", outsider)
    with pytest.raises(NotFound):
        claim(task_id=beyond.task.pk, actor=outsider)
    assert [item.dossier.pk for item in queue(outsider).items] == [inside.pk]
    assert Api(outsider).get("queue").ok()["items"][0]["under"] == "par délégation de Gilles Général"


def test_registers_and_lists_are_not_widened(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, cast.nobody)
    assert holdings_of(cast.nobody) == ()
    assert not reads_budgets(holdings_of(cast.nobody))
    assert not dossiers_visible_to(cast.nobody).exists()
    with pytest.raises(NotFound):
        dossier_for(cast.nobody, journey.reference)
    site = at_the_site(cast.nobody)
    for address in ("budgets", "patrimoine", "registre", "seances", "roles", "oeuvres", "calendrier"):
        assert site.get(f"/{address}/").status_code in (403, 404) or not words(
            site.get(f"/{address}/")
        ).count(journey.reference), address
    assert journey.reference not in words(site.get("/dossiers/"))
    page = words(site.get(f"/dossiers/{journey.reference}/"))
    assert "Par délégation, vous lisez ce dossier et ses pièces" in page
    assert f"Directeur général — CANSSM, par délégation de Gilles Général ({ACT})" in page
    assert site.post(f"/dossiers/{journey.reference}/messages/", {"text": "Bonjour"}).status_code == 404


@pytest.mark.parametrize(
    "ending", ["revoked", "over", "to come", "giver gone", "role ended", "sub-delegated"]
)
def test_a_delegation_out_of_force_gives_nothing(cast: Cast, outsider: User, ending: str) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    by = cast.nobody if ending == "sub-delegated" else cast.dg
    days = {"over": (-9, -1), "to come": (1, 9)}.get(ending, (0, 30))
    one = given(cast, outsider, by=by, days=days)
    if ending == "sub-delegated":  # who gives holds the role by delegation only
        given(cast, cast.nobody)
    elif ending == "revoked":
        revoke(public_id=one.public_id, revoked_by=cast.dg, motive="Retour de congé")
    elif ending == "giver gone":
        User.objects.filter(pk=cast.dg.pk).update(is_active=False)
    elif ending == "role ended":
        cast.dg.role_grants.update(valid_until=clock.today() - timedelta(days=1))
    assert acting(outsider) == []
    assert not reads(outsider, journey)
    assert queue(outsider).count == 0
    with pytest.raises(NotFound):
        journey.act("decide.approve", outsider)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.MANAGER, Role.ADMINISTRATOR])
def test_a_role_that_cannot_be_delegated_gives_nothing_however_it_was_written(cast: Cast, role: Role) -> None:
    by = {Role.AUDITOR: cast.auditor, Role.MANAGER: cast.manager, Role.ADMINISTRATOR: cast.admin}[role]
    given(cast, cast.nobody, by=by, role=role)
    assert acting_holdings_of(cast.nobody) == ()


@pytest.mark.parametrize("ceiling", [None, "25000.49", "25000.50", "30000"])
@pytest.mark.parametrize("paths", [(), (PATH,), ("virement",), ("virement", PATH)])
def test_queue_gate_and_law_agree_on_every_scope(
    cast: Cast, outsider: User, ceiling: str | None, paths: tuple[str, ...]
) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, outsider, ceiling=ceiling, paths=paths)
    dossier, held = journey.dossier, acting_holdings_of(outsider)
    law = any(covers(one, dossier.path, dossier.amount_ht) for one in held if one.delegation)
    assert law == ((not paths or PATH in paths) and ceiling != "25000.49")
    assert dossiers_visible_to(outsider, held).filter(pk=dossier.pk).exists() == law
    assert may_read(held, dossier) == law
    assert queue(outsider).count == int(law)


def test_the_first_and_the_last_day_count(cast: Cast) -> None:
    given(cast, cast.nobody, days=(2, 4))
    today = clock.today()
    held = [bool(acting_holdings_of(cast.nobody, on=today + timedelta(days=number))) for number in range(7)]
    assert held == [False, False, True, True, True, False, False]


def test_a_task_is_taken_given_back_and_handed_over_by_delegation(cast: Cast, outsider: User) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, outsider)
    task = claim_next(actor=outsider)
    assert task.pk == journey.task.pk
    entry = JournalEntry.objects.filter(dossier=journey.pk).latest("sequence")
    assert (entry.action, entry.changes["delegation"]["act"]) == ("claim", ACT)
    release(task_id=task.pk, actor=outsider)
    claim(task_id=task.pk, actor=cast.dg)
    reassign(task_id=task.pk, actor=cast.dg, to=outsider, motive="Absence")
    reassign(task_id=task.pk, actor=outsider, to=cast.dg2, motive="Retour")
    assert "par délégation" in JournalEntry.objects.filter(dossier=journey.pk).latest("sequence").capacity


def test_an_act_by_delegation_and_its_pages_cost_what_others_cost(cast: Cast, outsider: User) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    for number in range(3):
        given(
            cast, outsider, by=cast.dg if number else cast.dg2, act=f"Décision n° {number}", ceiling="90000"
        )
    assert len(statements(lambda: acting_holdings_of(outsider))) == 1
    assert len(statements(lambda: queue(outsider))) == 2
    assert queue(outsider).count == 1, "three delegations of one role show a task once"
    assert len(statements(lambda: dossier_view(outsider, journey.reference))) <= 13
    assert len(statements(lambda: journey.act("decide.approve", outsider))) == 14


def test_the_paper_bears_the_delegation(cast: Cast) -> None:
    journey = Journey.at(cast, "awaiting_decision")
    given(cast, cast.accountant)
    journey.act("decide.approve", cast.accountant)
    document = Decision.objects.get(dossier=journey.pk).document
    assert document is not None
    with document.file.open("rb") as stored:
        text = paper_words(stored.read())
    assert (
        f"agissant en qualité de directeur général — CANSSM, par délégation de Gilles Général ({ACT})" in text
    )


def test_service_made_delegations_are_the_ones_that_act(cast: Cast) -> None:
    made = delegate(
        delegator=cast.dg,
        to=cast.accountant,
        role=Role.DIRECTOR_GENERAL,
        organisation=cast.body["canssm"],
        valid_from=clock.today(),
        valid_until=clock.today(),
        act=ACT,
        known_paths=(PATH,),
        created_by=cast.dg,
    )
    assert Delegation.objects.get() == made
    assert acting(cast.accountant) == [("director_general", "dg")]


def test_amounts_named_by_an_act_and_recorded_by_its_decision_are_bounded_each(cast: Cast) -> None:
    """An offer is in the act alone; the proceeds of a sale are decided on at a price that the act does not repeat."""
    journey = PropertyJourney.of(cast, *ON_SALE)
    with clock.at(NOW):
        given(cast, cast.accountant, role=Role.REVIEWER, by=cast.reviewer, ceiling="220000")
        given(cast, cast.accountant, ceiling="220000")
    with pytest.raises(Forbidden) as refused:
        journey.do("sell.record_offer", "accountant", data={"amount": "250000.00"})
    assert refused.value.reasons[0].code == "delegation_scope"
    journey.do("sell.record_offer", "accountant")
    journey.do("sell.sold", data={"price": "250000.00"})
    with pytest.raises(Forbidden) as refused:
        journey.do("allocate_proceeds.allocate", "accountant", data={"to_investment": "30000.00"})
    assert refused.value.reasons[0].code == "delegation_scope"
    assert "250\u202f000,00" in refused.value.reasons[0].message
