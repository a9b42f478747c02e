"""A08, A09: a budget against the convention, line by line."""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import strategies

from cases.budget_terms import LineFacts
from cases.errors import Invalid
from tests.workflows.credits.texts import CENTS, eur, keys, limited, line, rules, words
from workflows.credits import CONFORMITY_RULES, BudgetKind, Conformity, Ground, Proposal, judge

PINNED = limited(*CONFORMITY_RULES)
STAFF, OTHER, EVALUATIVE = line("A-I-1"), line("A-I-2.autres"), line("B-I")
FNASS_LINE = line("I.F.CAN.col", "FNASS")
SIGNED = strategies.integers(-(10**11), 10**11).map(lambda cents: Decimal(cents).scaleb(-2))


def proposal(one: LineFacts, base: str | int | None, granted: str | int, proposed: str | int) -> Proposal:
    """What is proposed for a line."""
    return Proposal(one, None if base is None else eur(base), eur(granted), eur(proposed))


def budget(
    *proposals: Proposal,
    ground: Ground = Ground.ORDINARY,
    given: Mapping[str, Decimal] | None = None,
    kind: BudgetKind = BudgetKind.AMENDING,
) -> Conformity:
    """Judge a budget of the fund of its first line."""
    return judge(
        fund=proposals[0].line.fund, kind=kind, ground=ground, proposals=proposals, rules=PINNED, given=given
    )


@pytest.mark.parametrize(
    ("one", "base", "granted", "proposed", "conforms", "difference", "limit"),
    [
        (STAFF, 100, 0, 100, True, 0, 100),
        (STAFF, 100, 0, "99.99", True, "-0.01", 100),
        (STAFF, 100, 0, "100.01", False, "0.01", 100),
        (STAFF, 100, 25, 125, True, 0, 125),
        (STAFF, 100, 25, "125.01", False, "0.01", 125),
        (STAFF, 100, -25, 75, True, 0, 75),
        (STAFF, 100, -25, 100, False, 25, 75),
        (STAFF, None, 0, 0, True, 0, 0),
        (STAFF, None, 0, 1, False, 1, 0),
        (line("RN"), None, 0, 1, False, 1, 0),
        (EVALUATIVE, 100, 0, 900, True, 800, None),
        (FNASS_LINE, 100, 0, 101, False, 1, 100),
    ],
)
def test_line_is_judged_against_base_and_grants(
    one: LineFacts,
    base: int | None,
    granted: int,
    proposed: str | int,
    conforms: bool,
    difference: str | int,
    limit: int | None,
) -> None:
    found = budget(proposal(one, base, granted, proposed))
    (verdict,) = found.verdicts
    assert (verdict.conforms, verdict.difference) == (conforms, eur(difference))
    assert verdict.limit == (None if limit is None else eur(limit))
    assert verdict.quotes
    assert verdict.message.startswith(f"« {one} »")
    assert found.conforms is found.tacit is conforms


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (STAFF, "Ces dépenses sont arrêtées de manière définitive pour chaque exercice"),
        (FNASS_LINE, "L’ensemble des dépenses d’action sanitaire et sociale revêt un caractère limitatif."),
        (line("RN"), "Une enveloppe de crédits, appelée réserve nationale"),
    ],
)
def test_excess_quotes_what_makes_the_line_a_limit(one: LineFacts, said: str) -> None:
    (verdict,) = budget(proposal(one, 100, 0, "100.01")).verdicts
    assert any(words(quote).startswith(said) for quote in verdict.quotes)
    assert "0,01\u00a0€ de trop" in verdict.message


def test_evaluative_line_quotes_its_nature() -> None:
    (verdict,) = budget(proposal(EVALUATIVE, 100, 0, 900)).verdicts
    assert words(verdict.quotes[0]).startswith("Ces dépenses sont arrêtées de manière indicative")


@pytest.mark.parametrize("ground", [ground for ground in Ground if ground is not Ground.ORDINARY])
def test_ground_of_the_convention_gives_what_its_preview_gives(ground: Ground) -> None:
    grant = {"A-I-1": eur(50)}
    at_most = budget(proposal(STAFF, 100, 10, 160), ground=ground, given=grant)
    above = budget(proposal(STAFF, 100, 10, "160.01"), ground=ground, given=grant)
    elsewhere = budget(proposal(STAFF, 100, 0, 150), proposal(OTHER, 100, 0, 101), ground=ground, given=grant)
    assert at_most.conforms
    assert at_most.verdicts[0].difference == eur(50)
    assert keys(at_most.verdicts[0].quotes)[0] == ground.rule
    assert not above.conforms
    assert [verdict.line for verdict in elsewhere.exceeding] == [OTHER]
    assert ground.label.lower() in at_most.message


def test_ground_that_takes_credits_lowers_the_limit() -> None:
    taken = {"A-I-1": eur(-30)}
    assert budget(proposal(STAFF, 100, 0, 70), ground=Ground.CHARGE_TRANSFERRED, given=taken).conforms
    found = budget(proposal(STAFF, 100, 0, 71), ground=Ground.CHARGE_TRANSFERRED, given=taken)
    assert not found.conforms
    assert found.verdicts[0].limit == eur(70)


def test_budget_conforms_when_each_line_does() -> None:
    fine, above = proposal(STAFF, 100, 0, 100), proposal(OTHER, 100, 0, 101)
    assert budget(fine, proposal(EVALUATIVE, 1, 0, 5)).conforms
    found = budget(fine, above, kind=BudgetKind.PRIMITIVE)
    assert not found.conforms
    assert [verdict.line for verdict in found.exceeding] == [OTHER]
    assert found.message.startswith("Budget primitif du FNGA (vote ordinaire) : non conforme")
    assert "approbation expresse de chaque ministère" in found.message
    assert "budget.not_conforming" in keys(found.quotes)
    assert "budget.tacit_approval" not in keys(found.quotes)


def test_conforming_budget_is_deemed_approved() -> None:
    found = budget(proposal(STAFF, 100, 0, 100))
    assert "réputée acquise" in found.message
    assert "budget.tacit_approval" in keys(found.quotes)


@pytest.mark.parametrize("proposed", [100, 101])
def test_conformity_changes_nothing_for_the_fnmo(proposed: int) -> None:
    one = LineFacts("FNMO", "inv", "Investissements", "limitative", "canssm")
    found = budget(proposal(one, 100, 0, proposed))
    assert found.conforms is (proposed == 100)
    assert not found.has_effect
    assert not found.tacit
    assert "sans effet" in found.message
    assert keys(found.quotes)[0] == "fnmo.budget.conformity"
    assert "budget.tacit_approval" not in keys(found.quotes)


def test_conformity_as_plain_values() -> None:
    plain = json.loads(json.dumps(budget(proposal(STAFF, None, 5, 10)).as_dict()))
    assert (plain["conforms"], plain["tacit"], plain["ground"], plain["kind"]) == (
        False,
        False,
        "ordinary",
        "amending",
    )
    assert plain["verdicts"][0] | {"message": "", "quotes": []} == {
        "line": "A-I-1",
        "label": "Dépenses de personnel",
        "base": None,
        "granted": "5.00",
        "given": "0.00",
        "limit": "5.00",
        "proposed": "10.00",
        "difference": "5.00",
        "conforms": False,
        "message": "",
        "quotes": [],
    }


def test_grounds_have_labels_and_rules() -> None:
    assert len({ground.label for ground in Ground}) == len(Ground)
    for ground in Ground:
        assert (ground is Ground.ORDINARY) is (ground.rule == "")
        if ground.rule:
            assert rules(ground.rule).title
    common = [ground for ground in Ground if ground.funds == rules("budget.common_funds").items]
    assert common == [Ground.CHARGE_TRANSFERRED, Ground.NEW_CHARGE, Ground.NON_CASH_RECEIPTS]


@pytest.mark.parametrize(
    ("proposals", "ground", "given", "said"),
    [
        ([proposal(STAFF, 1, 0, 1)] * 2, Ground.ORDINARY, {}, "deux fois"),
        ([proposal(STAFF, 1, 0, 1), proposal(FNASS_LINE, 1, 0, 1)], Ground.ORDINARY, {}, "ligne du FNASS"),
        ([proposal(STAFF, 1, 0, -1)], Ground.ORDINARY, {}, "positif ou nul"),
        ([proposal(STAFF, 1, 0, 1)], Ground.ORDINARY, {"A-I-1": eur(1)}, "vote ordinaire"),
        ([proposal(STAFF, 1, 0, 1)], Ground.DISPOSAL, {"A-I-3.info": eur(1)}, "pas une ligne de ce budget"),
        ([proposal(FNASS_LINE, 1, 0, 1)], Ground.RECEIPTS_EXCESS, {}, "n’existe pas pour le FNASS"),
        ([proposal(STAFF, 1, 0, 1)], Ground.DISPOSAL, {"A-I-1": Decimal("0.001")}, "deux décimales"),
    ],
)
def test_malformed_budget_is_refused(
    proposals: list[Proposal], ground: Ground, given: dict[str, Decimal], said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        budget(*proposals, ground=ground, given=given)


def test_empty_budget_is_refused() -> None:
    with pytest.raises(Invalid, match="aucune ligne"):
        judge(fund="FNGA", kind=BudgetKind.PRIMITIVE, ground=Ground.ORDINARY, proposals=[], rules=PINNED)


@examples(
    strategies.sampled_from([STAFF, OTHER, EVALUATIVE, line("RN")]),
    strategies.none() | CENTS,
    SIGNED,
    SIGNED,
    CENTS,
    CENTS,
)
def test_proposing_less_never_stops_a_line_from_conforming(
    one: LineFacts, base: Decimal | None, granted: Decimal, gift: Decimal, high: Decimal, low: Decimal
) -> None:
    low, high = sorted((low, high))
    more, less = (
        budget(
            Proposal(one, base, granted, amount), ground=Ground.RECEIPTS_EXCESS, given={one.code: gift}
        ).verdicts[0]
        for amount in (high, low)
    )
    assert more.conforms <= less.conforms
    if one.limitative:
        assert more.conforms is (high <= (base or 0) + granted + gift)
