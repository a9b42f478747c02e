"""Every cell of the virement matrices: class, path to use, and the words of the convention (A18–A24)."""

from datetime import date
from itertools import product

import pytest

from cases.budget_terms import GROUPS_BY_FUND, FundCode, LineFacts
from tests.workflows.credits.texts import LINES, line, rules
from workflows.credits import VIREMENT_RULES as RULES
from workflows.credits import Classification, VirementClass, Way, classify, strictest

ALONE, INFORM = VirementClass.INTRA_GROUP, VirementClass.INTER_GROUP
NO = VirementClass.FORBIDDEN

INTRA = "les virements de crédits sont effectués par le directeur général."
FROM_G1 = "Les virements de crédits des dépenses de personnel vers les autres groupes de dépenses"
FROM_G2 = "des dépenses de gestion courantes vers les dépenses d’investissement"
FORBIDDEN = "Tout autre virement est interdit."
MODIFYING = "Tout autre virement fait l’objet d’une décision modificative"
MENTON = "ne sont ni fongibles, ni reportables."
LIMITATIVE = "Toutes les dépenses revêtent un caractère limitatif."
RESERVE = "conditionnée par l’autorisation préalable des ministères de tutelle."
RESERVE_LINE = "Une enveloppe de crédits, appelée réserve nationale"
CDC = "4. Rémunération de la caisse des dépôts,"
ANGDM = "5. Dotation ANGDM."
EVALUATIVE = "Ces dépenses sont arrêtées de manière indicative"


def twin(one: LineFacts) -> LineFacts:
    """Another line of the same kind, as a finer budget would have."""
    return LineFacts(one.fund, f"{one.code}.bis", one.label, one.nature, one.side, one.group, one.mark)


def words(found: Classification) -> str:
    """The words that decide, whether the text says it or the rule was derived from them."""
    quote = found.quote
    assert quote is not None
    return f"{quote.text} {quote.source}"


# -- FNGA ------------------------------------------------------------------------------------------

FNGA = {
    "G1": line("A-I-1"),
    "G2": line("A-I-2.autres"),
    "G3": line("A-I-2.info"),
    "G4": line("A-I-3.info"),
    "G5": line("A-I-3.autres"),
    "CDC": line("A-II-1"),
    "ANGDM": line("A-II-2"),
    "évaluatif": line("B-I"),
}
a, i, x = (ALONE, INTRA), (INFORM, FROM_G1), (NO, FORBIDDEN)
j = (INFORM, FROM_G2)
c, d, e = (NO, CDC), (NO, ANGDM), (NO, EVALUATIVE)
FNGA_MATRIX = {
    #             G1 G2 G3 G4 G5 CDC ANGDM évaluatif
    "G1": (a, i, i, i, i, c, d, e),
    "G2": (x, a, x, j, j, c, d, e),
    "G3": (x, x, a, x, x, c, d, e),
    "G4": (x, x, x, a, x, c, d, e),
    "G5": (x, x, x, x, a, c, d, e),
    "CDC": (c, c, c, c, c, c, c, c),
    "ANGDM": (d, d, d, d, d, d, d, d),
    "évaluatif": (e, e, e, e, e, e, e, e),
}
FNGA_CELLS = [
    (origin, target, *FNGA_MATRIX[origin][column])
    for origin, (column, target) in product(FNGA, enumerate(FNGA))
]


@pytest.mark.parametrize(("origin", "target", "kind", "said"), FNGA_CELLS)
def test_fnga(origin: str, target: str, kind: VirementClass, said: str) -> None:
    to = FNGA[target] if origin != target else twin(FNGA[target])
    found = classify(FNGA[origin], to, rules)
    assert (found.kind, found.allowed, found.informs) == (kind, kind is not NO, kind is INFORM)
    assert said in words(found)
    assert found.path is (Way.DEROGATION if kind is NO else Way.VIREMENT)
    rules_quoted = [quote.rule for quote in found.quotes]
    if kind is NO:
        assert rules_quoted[-2:] == ["fnga.virement.forbidden", "fnga.virement.derogation"]
        assert "Demandez une dérogation : accord préalable de chaque ministère" in found.message
    elif kind is INFORM:
        assert rules_quoted[1:] == ["virement.information.addressees", "virement.information.delay"]
        assert found.message.endswith("sont informés dans les 15 jours.")
    else:
        assert found.message.endswith("le directeur général décide seul.")


@pytest.mark.parametrize(
    "code",
    [code for (fund, code), one in LINES.items() if fund == "FNGA" and not one.group and not one.mark],
)
def test_every_line_of_the_fnga_without_a_group_is_out_of_reach(code: str) -> None:
    for origin, target in ((line(code), line("A-I-1")), (line("A-I-1"), line(code))):
        found = classify(origin, target, rules)
        assert (found.kind, found.code, found.path) == (NO, "no_group", Way.DEROGATION)
        assert len(found.quotes) == 3


# -- FNASS -----------------------------------------------------------------------------------------

FNASS = {
    "FA (personnes âgées)": line("I.F.CAN.col", "FNASS"),
    "FA (maladie)": line("II.F.CAN.aut", "FNASS"),
    "FA (AT-MP)": line("III.reg.col", "FNASS"),
    "FB (personnes âgées)": line("I.K.imm", "FNASS"),
    "FB (maladie)": line("II.K.imm", "FNASS"),
    "ANGDM prestations": line("I.F.ANGDM.ind", "FNASS"),
    "ANGDM 22b": line("II.F.ANGDM.22b", "FNASS"),
    "ANGDM dotation": line("III.ang", "FNASS"),
    "ANGDM capital": line("I.K.stg", "FNASS"),
    "Réserve (capital)": line("II.K.res", "FNASS"),
    "Menton": line("I.F.CAN.cv.men", "FNASS"),
    "Réserve nationale": line("RN", "FNASS"),
}


def expected_in_fnass(origin: str, target: str) -> tuple[VirementClass, Way, str]:
    """What the text says, told by the names of the lines."""
    if "Menton" in (origin, target):
        return NO, Way.NONE, MENTON
    if origin == "Réserve nationale":
        return NO, Way.NATIONAL_RESERVE, RESERVE
    if target == "Réserve nationale":
        return NO, Way.BUDGET_VOTE, RESERVE_LINE
    if origin[:2] == target[:2] and origin[:2] in ("FA", "FB"):
        return ALONE, Way.VIREMENT, "À l’intérieur de ces deux groupes de dépenses, " + INTRA
    return NO, Way.MODIFYING_DECISION, MODIFYING


@pytest.mark.parametrize(("origin", "target"), list(product(FNASS, FNASS)))
def test_fnass(origin: str, target: str) -> None:
    to = FNASS[target] if origin != target else twin(FNASS[target])
    found = classify(FNASS[origin], to, rules)
    kind, path, said = expected_in_fnass(origin, target)
    assert (found.kind, found.path) == (kind, path)
    assert said in words(found)


def test_fnass_groups_cross_sections() -> None:
    found = classify(line("I.F.CAN.col", "FNASS"), line("III.reg.ind", "FNASS"), rules)
    assert found.kind is ALONE
    assert rules("fnass.virement.sections").flag


# -- FNPPS, FNMO, other funds ----------------------------------------------------------------------

FNPPS = [code for fund, code in LINES if fund == "FNPPS"]


@pytest.mark.parametrize(("origin", "target"), list(product(FNPPS, FNPPS)))
def test_fnpps(origin: str, target: str) -> None:
    one = line(origin, "FNPPS")
    found = classify(one, twin(one) if origin == target else line(target, "FNPPS"), rules)
    assert found.kind is NO
    if origin == "RN":
        assert (found.path, RESERVE in words(found)) == (Way.NATIONAL_RESERVE, True)
    elif target == "RN":
        assert (found.path, RESERVE_LINE in words(found)) == (Way.BUDGET_VOTE, True)
    else:
        assert (found.path, LIMITATIVE in words(found)) == (Way.BUDGET_VOTE, True)


def test_fnmo() -> None:
    found = classify(line("INV", "FNMO"), line("DEF", "FNMO"), rules)
    assert (found.kind, found.path, found.code) == (NO, Way.BUDGET_VOTE, "no_virement")


@pytest.mark.parametrize(
    ("origin", "target"), [pair for pair in product(FundCode, FundCode) if pair[0] != pair[1]]
)
def test_between_funds(origin: FundCode, target: FundCode) -> None:
    first = dict(reversed(LINES))
    found = classify(line(first[origin.value], origin.value), line(first[target.value], target.value), rules)
    assert (found.kind, found.code, found.path) == (NO, "other_fund", Way.BUDGET_VOTE)
    assert f"Aucun crédit ne passe du {origin.value} au {target.value}." in found.message
    assert FORBIDDEN in words(found)


@pytest.mark.parametrize(("fund", "code"), list(LINES))
def test_no_line_gives_to_itself(fund: str, code: str) -> None:
    found = classify(line(code, fund), line(code, fund), rules)
    assert (found.kind, found.code, found.path, found.quote) == (NO, "same_line", Way.NONE, None)


def test_every_pair_of_printed_lines_is_classified_with_its_words() -> None:
    for origin, target in product(LINES.values(), repeat=2):
        found = classify(origin, target, rules)
        assert found.message.endswith(".")
        assert found.quotes or origin == target
        assert {quote.rule for quote in found.quotes} <= set(RULES)


# -- several lines ---------------------------------------------------------------------------------


def test_the_strictest_line_governs() -> None:
    alone = classify(line("I.F.CAN.col", "FNASS"), line("I.F.CAN.aut", "FNASS"), rules)
    inform = classify(line("A-I-1"), line("A-I-3.info"), rules)
    derogation = classify(line("A-I-3.info"), line("A-I-1"), rules)
    modifying = classify(line("I.K.imm", "FNASS"), line("I.F.CAN.col", "FNASS"), rules)
    reserve = classify(line("RN"), line("A-I-1"), rules)
    budget = classify(line("M.reg", "FNPPS"), line("M.nat", "FNPPS"), rules)
    never = classify(line("I.F.CAN.cv.men", "FNASS"), line("I.F.CAN.col", "FNASS"), rules)
    ordered = [alone, inform, derogation, modifying, reserve, budget, never]
    for count in range(1, len(ordered) + 1):
        assert strictest(reversed(ordered[:count])) is ordered[count - 1]
        assert strictest(ordered[:count]) is ordered[count - 1]
    with pytest.raises(ValueError, match="empty"):
        strictest([])


def test_a_reason_carries_the_words() -> None:
    found = classify(line("A-I-3.info"), line("A-I-3.autres"), rules)
    reason = found.as_reason()
    assert reason.code == "forbidden_direction"
    assert reason.message.startswith("Aucun virement n’est permis du groupe G4 vers le groupe G5.")
    assert reason.quote is not None
    assert reason.quote.text == FORBIDDEN


# -- rules and registers agree ---------------------------------------------------------------------


@pytest.mark.parametrize("fund", [FundCode.FNGA, FundCode.FNASS])
def test_groups_of_the_rulebook_are_those_of_the_register(fund: FundCode) -> None:
    groups = GROUPS_BY_FUND[fund]
    prefix = fund.value.lower()
    assert rules(f"{prefix}.virement.groups").items == tuple(groups)
    for group in groups:
        listed = set(rules(f"{prefix}.virement.group.{group.value.lower()}").items)
        assert listed == {one.code for one in LINES.values() if one.group == group}


def test_lines_set_apart_by_the_rulebook_are_those_of_the_register() -> None:
    assert rules("fnass.menton").items == tuple(one.code for one in LINES.values() if one.mark == "menton")
    reserves = {one.code for one in LINES.values() if one.mark == "national_reserve"}
    assert set(rules("reserve.line").items) == reserves
    assert rules("fnga.virement.cdc").items == tuple(
        one.code for one in LINES.values() if one.side == "cdc" and one.limitative
    )
    assert rules("fnga.virement.angdm").items == tuple(
        code
        for (fund, code), one in LINES.items()
        if fund == "FNGA" and one.side == "angdm" and one.limitative
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("virement.information.delay", 15),
        ("virement.information.addressees", ("cgefi", "dss", "db")),
        ("virement.information.scope", ("inter_group",)),
        ("fnga.virement.derogation", "virement_derogation"),
        ("fnass.virement.other", "modifying_decision"),
        ("fnmo.budget.enforceable_delay", 20),
        ("budget.tacit_approval_delay", 20),
        ("carry_over.last_exercise", 2017),
        ("fnga.disposal.rent_years", 10),
    ],
)
def test_values_that_paths_will_ask_for(key: str, value: object) -> None:
    assert rules(key).value == value


def test_shares_of_receipts_make_a_whole() -> None:
    assert (
        rules("fnga.receipts.excess_share").amount + rules("fnga.receipts.contribution_share").amount == 100
    )
    assert rules("fnga.receipts.shortfall_share").amount == 100


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("fnmo.budget.primitive_deadline", date(2015, 6, 30)),
        ("fnmo.budget.amending_deadline", date(2015, 12, 30)),
        ("budget.primitive.deadline", date(2014, 12, 31)),
        ("reserve.cancelled", date(2015, 12, 31)),
        ("exercise.accounts_closed", date(2016, 4, 10)),
    ],
)
def test_dates_of_the_exercise_2015(key: str, expected: date) -> None:
    assert rules(key).date_for(2015) == expected


def test_exercises_are_closed_on_the_day_of_the_rule() -> None:
    from cases.budget_tables import read_exercises

    for year, closed_on in read_exercises().items():
        assert closed_on == rules("exercise.accounts_closed").date_for(year)
