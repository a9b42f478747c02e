"""What a virement, a derogation and a décision modificative refuse: with the reason in French, and nothing written."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cases import clock
from cases.budget_terms import MovementKind
from cases.enums import Role
from cases.errors import Blocked, BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.services import close_exercise, ledger
from cases.services.ledger import Credit
from tests.credit_journeys import LOST, VOTE, CreditJourney, credits_of, transfers
from tests.credits import Credits, euros
from tests.journeys import Cast, state_of_everything

pytestmark = pytest.mark.django_db

FNASS = {"fund": "FNASS"}
EXCEPTIONAL = {"exceptional_reason": "Incendie du site de Lens"}


def refused(
    journey: CreditJourney, what: str, error: type[BusinessError], by: str = "", **options: Any
) -> BusinessError:
    """Do an act that must be refused, and see that nothing was written."""
    before = state_of_everything(journey.reference)
    with pytest.raises(error) as raised:
        journey.do(what, by or None, **options)
    assert type(raised.value) is error
    assert state_of_everything(journey.reference) == before
    return raised.value


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        (transfers(("A-I-9", "A-I-1", "1.00")), "lines", "« A-I-9 » n’est pas une ligne du budget du FNGA"),
        (transfers(("A-I", "A-I-1", "1.00")), "lines", "est un total"),
        (transfers(("A-I-1", "A-I-1", "1.00")), "lines", "à la fois l’origine et la destination"),
        (transfers(*[("A-I-1", "A-I-2.autres", "1.00")] * 2), "lines", "déjà écrit"),
        (transfers(), "lines", "Ajoutez au moins une ligne"),
        (transfers(("A-I-1", "A-I-2.autres", "0.00")), "lines", "Ligne 1"),
        (transfers(("A-I-1", "A-I-2.autres", "-5.00")), "lines", "Ligne 1"),
        (transfers(("A-I-1", "A-I-2.autres", "1.005")), "lines", "Ligne 1"),
        (transfers(("A-I-1", "A-I-2.autres", "1.00"), exercise=2020), "exercise", "n’a pas de budget ouvert"),
        (transfers(("A-I-1", "A-I-2.autres", "1.00"), fund="FNXX"), "fund", "FNXX"),
        (transfers(("A-I-1", "A-I-2.autres", "1.00"), reason=""), "reason", "Dites pourquoi"),
        (transfers(("A-I-1", "A-I-2.autres", "1.00"), lines="A-I-1"), "lines", "liste de lignes"),
        (transfers(("A-I-1", "A-I-2.autres", "1.00"), note="?"), "note", "Donnée inconnue"),
        (transfers(("A\x00", "A-I-2.autres", "1.00")), "lines", "Ligne 1"),
    ],
)
def test_draft_is_refused_with_the_field_at_fault(
    cast: Cast, data: dict[str, Any], field: str, message: str
) -> None:
    Credits(cast)
    before = state_of_everything()
    with pytest.raises(Invalid) as raised:
        CreditJourney.file(cast, "virement", data)
    assert message in " ".join(raised.value.details[field])
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("rows", "more", "code", "rule", "says"),
    [
        (
            [("A-I-2.autres", "A-I-2.info", "1.00")],
            {},
            "forbidden_direction",
            "fnga.virement.forbidden",
            "dérogation",
        ),
        ([("A-II-1", "A-I-1", "1.00")], {}, "no_group", "fnga.virement.cdc", "dérogation"),
        ([("A-I-1", "A-II-2", "1.00")], {}, "no_group", "fnga.virement.angdm", "dérogation"),
        ([("A-I-1", "B-I", "1.00")], {}, "no_group", "fnga.virement.evaluative", "dérogation"),
        (
            [("II.F.CAN.col", "II.K.imm", "1.00")],
            FNASS,
            "outside_groups",
            "fnass.virement.other",
            "décision modificative",
        ),
        ([("I.F.CAN.cv.men", "I.F.CAN.col", "1.00")], FNASS, "menton", "fnass.menton", "ni fongible"),
        ([("I.F.CAN.col", "I.F.CAN.cv.men", "1.00")], FNASS, "menton", "fnass.menton", "ni fongible"),
        (
            [("M.reg", "M.nat", "1.00")],
            {"fund": "FNPPS"},
            "no_virement",
            "fnpps.virement",
            "budget rectificatif",
        ),
        ([("INV", "DEF", "1.00")], {"fund": "FNMO"}, "no_virement", "fnmo.virement", "budget rectificatif"),
        (
            [("RN", "A-I-1", "1.00")],
            {},
            "national_reserve",
            "reserve.prior_authorisation",
            "réserve nationale",
        ),
        (
            [("A-I-1", "M.reg", "1.00")],
            {},
            "other_fund",
            "virement.other_fund",
            "Aucun crédit ne passe du FNGA au FNPPS",
        ),
    ],
)
def test_submission_quotes_what_forbids_a_row(
    cast: Cast, rows: list[tuple[str, str, str]], more: dict[str, Any], code: str, rule: str, says: str
) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(*rows, **more))
    error = refused(journey, "prepare.submit", Blocked)
    reason = next(one for one in error.reasons if one.code == code)
    assert reason.quote is not None
    assert rule in reason.quote.rule
    assert reason.quote.text
    assert says in reason.message


def test_one_forbidden_row_blocks_the_others(cast: Cast) -> None:
    rows = (("A-I-1", "A-I-2.autres", "1.00"), ("A-I-3.info", "A-I-3.autres", "1.00"))
    error = refused(CreditJourney.file(cast, "virement", transfers(*rows)), "prepare.submit", Blocked)
    assert [reason.code for reason in error.reasons] == ["forbidden_direction"]


def test_amount_above_what_is_available_names_both(cast: Cast) -> None:
    journey = CreditJourney.file(
        cast,
        "virement",
        transfers(
            ("A-I-3.info", "A-I-3.info", "1.00"),
            lines=[
                {"from": "A-I-2.autres", "to": "A-I-3.info", "amount": "9430000.00"},
                {"from": "A-I-2.autres", "to": "A-I-3.autres", "amount": "0.01"},
            ],
        ),
    )
    error = refused(journey, "prepare.submit", Blocked)
    (reason,) = error.reasons
    assert reason.code == "insufficient_credits"
    assert "9\u202f430\u202f000,01" in reason.message
    assert "9\u202f430\u202f000,00" in reason.message


def test_credits_gone_since_the_check_are_missed_at_effect(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "49000000.00")))
    other = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1000000.00")))
    for one in (journey, other):
        one.walk("prepare.submit", "check.credits_available")
    other.do("effect.effect")
    error = refused(journey, "effect.effect", Blocked)
    assert "48\u202f280\u202f000,00\u00a0€ disponibles" in error.message


def test_closed_exercise_is_refused(cast: Cast) -> None:
    journey = CreditJourney.file(
        cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00"), exercise=2015)
    )
    (reason,) = refused(journey, "prepare.submit", Blocked).reasons
    assert reason.code == "exercise_closed"
    assert reason.quote is not None


def test_exercise_closed_since_submission_is_refused_at_effect(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00")))
    journey.walk("prepare.submit", "check.credits_available")
    later = datetime(2027, 4, 12, 9, tzinfo=UTC)
    with clock.at(later):
        close_exercise(year=2026, on=date(2027, 4, 10))
    error = refused(journey, "effect.effect", Blocked, at=later)
    assert error.reasons[0].code == "exercise_closed"


@pytest.mark.parametrize(
    ("day", "error", "message"),
    [
        ("2026-03-03", Invalid, "à venir"),
        ("2026-03-01", Blocked, "précède la transmission"),
        ("2025-12-31", Blocked, "ne commence que"),
        ("hier", Invalid, "Écrivez la date"),
    ],
)
def test_day_of_effect_is_checked(cast: Cast, day: str, error: type[BusinessError], message: str) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00")))
    journey.walk("prepare.submit", "check.credits_available")
    raised = refused(journey, "effect.effect", error, data={"effected_on": day})
    assert message in f"{raised.message} {raised.details}"


def test_who_prepared_does_not_decide(cast: Cast) -> None:
    cast.give(cast.dg, (Role.REVIEWER, "canssm"))
    cast.give(cast.accountant, (Role.DIRECTOR_GENERAL, "canssm"))
    journey = CreditJourney.file(
        cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00")), by="dg", body="canssm"
    )
    journey.walk("prepare.submit@dg", "check.credits_available")
    error = refused(journey, "effect.effect", Forbidden)
    assert error.reasons[0].code == "separation_of_duties"
    error = refused(journey, "effect.effect", Forbidden, by="accountant")
    assert error.reasons[0].quote is not None
    assert "separation.authorising_accounting" in error.reasons[0].quote.rule
    journey.walk("effect.effect@dg2")


@pytest.mark.parametrize(
    "who", ["agent", "reviewer", "accountant", "secretary", "ministry", "comptroller", "manager"]
)
def test_only_the_directeur_general_effects(cast: Cast, who: str) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00")))
    journey.walk("prepare.submit", "check.credits_available")
    outside = who in ("secretary", "ministry", "comptroller")  # they read nothing before they are told
    refused(journey, "effect.effect", NotFound if outside else Forbidden, by=who)


def test_addressee_answers_for_its_own_body_only(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", transfers(("A-I-1", "A-I-2.autres", "1.00")))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    refused(journey, "inform.acknowledge", Forbidden, by="dg")
    journey.walk("inform.acknowledge@ministry")
    error = refused(journey, "inform.acknowledge", Conflict, by="ministry")
    assert "Direction du budget" in error.message
    assert "Direction de la sécurité sociale" not in error.message


# --- derogation (A20) and décision modificative (A22) -------------------------------------------------------


def test_derogation_is_refused_where_a_virement_suffices(cast: Cast) -> None:
    data = transfers(("A-I-1", "A-I-2.autres", "1.00"), **EXCEPTIONAL)
    (reason,) = refused(
        CreditJourney.file(cast, "virement_derogation", data), "prepare.submit", Blocked
    ).reasons
    assert reason.code == "lighter_path"


def test_derogation_says_what_is_exceptional(cast: Cast) -> None:
    with pytest.raises(Invalid) as raised:
        CreditJourney.file(cast, "virement_derogation", transfers(("A-I-3.info", "A-I-3.autres", "1.00")))
    assert "exceptional_reason" in raised.value.details


def at_agreement(cast: Cast) -> CreditJourney:
    """A derogation that awaits the ministries."""
    data = transfers(("A-I-3.info", "A-I-3.autres", "1.00"), **EXCEPTIONAL)
    return CreditJourney.file(cast, "virement_derogation", data).walk(
        "prepare.submit", "check.credits_available"
    )


def test_board_does_not_vote_before_each_ministry_agreed(cast: Cast) -> None:
    journey = at_agreement(cast).walk("prior_agreement.agree@ministry_db")
    refused(journey, "board_vote.adopted", NotFound)
    cast.give(cast.reviewer2, (Role.BOARD_SECRETARY, "ca"))
    error = refused(journey, "board_vote.adopted", Blocked, by="reviewer2")
    assert "Direction de la sécurité sociale" in error.message


def test_refusal_of_one_ministry_ends_the_derogation(cast: Cast) -> None:
    journey = at_agreement(cast).walk("prior_agreement.agree@ministry_db")
    refused(journey, "prior_agreement.refuse", Invalid, motive=" ")
    journey.walk("prior_agreement.refuse@ministry")
    assert (journey.status, journey.open_steps) == ("refused", ["close"])
    before = credits_of("A-I-3.autres")
    journey.walk("close.close")
    assert (journey.status, credits_of("A-I-3.autres")) == ("closed", before)


def test_refusal_of_the_first_ministry_closes_the_task_of_the_other(cast: Cast) -> None:
    journey = at_agreement(cast).walk("prior_agreement.refuse@ministry_db")
    refused(journey, "prior_agreement.agree", Conflict, by="ministry")


@pytest.mark.parametrize(
    ("outcome", "data", "error", "message"),
    [
        ("adopted", {"voted_on": "2026-03-01"}, Blocked, "précède la transmission"),
        ("adopted", {"voted_on": "2026-03-03"}, Invalid, "à venir"),
        ("adopted", VOTE | {"members": 18}, Invalid, "19 voix pour 18 membres"),
        ("adopted", LOST, Blocked, "contredit"),
        ("rejected", VOTE, Blocked, "contredit"),
        ("adopted", {"votes_for": -1}, Invalid, "négatif"),
        ("adopted", {"votes_for": 0, "votes_against": 0, "abstentions": 0}, Invalid, "Personne n’a voté"),
        ("adopted", {"votes_for": "douze"}, Invalid, "nombre entier"),
    ],
)
def test_impossible_vote_is_refused(
    cast: Cast, outcome: str, data: dict[str, Any], error: type[BusinessError], message: str
) -> None:
    journey = at_agreement(cast).walk("prior_agreement.agree", "prior_agreement.agree@ministry_db")
    raised = refused(journey, f"board_vote.{outcome}", error, data=data)
    assert message in f"{raised.message} {raised.details}"


def test_board_may_reject_with_a_motive(cast: Cast) -> None:
    journey = at_agreement(cast).walk("prior_agreement.agree", "prior_agreement.agree@ministry_db")
    refused(journey, "board_vote.rejected", Invalid, motive="")
    journey.walk("board_vote.rejected")
    assert journey.status == "refused"


def test_renounced_derogation_moves_nothing(cast: Cast) -> None:
    journey = at_agreement(cast).walk(
        "prior_agreement.agree", "prior_agreement.agree@ministry_db", "board_vote.adopted"
    )
    before = credits_of("A-I-3.info")
    journey.walk("effect.renounce")
    assert (journey.status, journey.open_steps, credits_of("A-I-3.info")) == ("lapsed", [], before)


def test_decision_modificative_is_for_what_no_virement_does(cast: Cast) -> None:
    inside = transfers(("II.F.CAN.col", "III.reg.col", "1.00"), **FNASS)
    error = refused(CreditJourney.file(cast, "modifying_decision", inside), "prepare.submit", Blocked)
    assert error.reasons[0].code == "lighter_path"
    menton = transfers(("II.F.CAN.col", "I.F.CAN.cv.men", "1.00"), **FNASS)
    error = refused(CreditJourney.file(cast, "modifying_decision", menton), "prepare.submit", Blocked)
    assert error.reasons[0].code == "menton"


def test_ministry_may_refuse_a_voted_decision_modificative(cast: Cast) -> None:
    data = transfers(("II.F.CAN.col", "II.K.imm", "1.00"), **FNASS)
    journey = CreditJourney.file(cast, "modifying_decision", data)
    journey.walk(
        "prepare.submit", "check.credits_available", "board_vote.adopted", "authority_approval.approve"
    )
    journey.walk("authority_approval.refuse@ministry_db")
    assert journey.status == "refused"


def test_earmarked_credits_are_no_available_ones(cast: Cast) -> None:
    book = Credits(cast)
    target = book.line("A-I-3.info")
    book.act(
        lambda: ledger.credit(
            kind=MovementKind.DISPOSAL,
            exercise=book.exercise,
            credits=[Credit(target, euros(5000))],
            label="Cession",
            dossier=book.dossier,
            origin="Vente",
            earmarked=True,
        )
    )
    data = transfers(("A-I-3.info", "A-I-3.autres", "120000.01"), **EXCEPTIONAL)
    (reason,) = refused(
        CreditJourney.file(cast, "virement_derogation", data), "prepare.submit", Blocked
    ).reasons
    assert reason.code == "insufficient_credits"
