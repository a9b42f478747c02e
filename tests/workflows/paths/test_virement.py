"""Virements by the directeur général (A18, A19, A21, A23): who does what, what moves, who is told, what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cases.errors import Conflict
from cases.models import CreditMovement, Deadline, Decision, LegalNotice
from tests.credit_journeys import CreditJourney, credits_of, transfers
from tests.journeys import Cast

pytestmark = pytest.mark.django_db


def intra(amount: str = "1000.00") -> dict[str, object]:
    """A virement of the FNASS inside the group FA."""
    return transfers(("II.F.CAN.col", "III.reg.ind", amount), fund="FNASS")


def inter(amount: str = "1000.00") -> dict[str, object]:
    """A virement of the FNGA from group G1 to group G2."""
    return transfers(("A-I-1", "A-I-2.autres", amount))


def test_inter_group_virement_moves_credits_at_effect_only(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", inter("1234.56"))
    before = credits_of("A-I-1"), credits_of("A-I-2.autres")
    journey.walk("prepare.submit", "check.credits_available")
    assert (credits_of("A-I-1"), credits_of("A-I-2.autres")) == before
    journey.do("effect.effect")
    moved = Decimal("1234.56")
    assert (credits_of("A-I-1"), credits_of("A-I-2.autres")) == (before[0] - moved, before[1] + moved)
    assert journey.status == "executed"
    assert journey.open_steps == ["inform", "inform", "inform"]
    movement = CreditMovement.objects.get(dossier=journey.dossier)
    assert (movement.kind, movement.effective_on) == ("virement", date(2026, 3, 2))
    assert journey.dossier.title == "Virement FNGA 2026 : Remplacement des postes de travail"


def test_each_addressee_has_its_notice_its_paper_and_its_clock(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", inter())
    journey.walk("prepare.submit", "check.credits_available")
    journey.do("effect.effect", at=datetime(2026, 3, 12, 9, tzinfo=UTC), data={"effected_on": "2026-03-10"})
    notices = LegalNotice.objects.filter(dossier=journey.dossier).order_by("organisation__code")
    assert [(one.organisation.code, one.happened_on, one.due_on) for one in notices] == [
        (code, date(2026, 3, 10), date(2026, 3, 25)) for code in ("cgefi", "db", "dss")
    ]
    assert {one.document.kind for one in notices} == {"notice_cgefi", "notice_db", "notice_dss"}
    for one in notices:
        with one.document.file.open() as paper:
            assert paper.read(5) == b"%PDF-"
    clocks = Deadline.objects.filter(dossier=journey.dossier, step="inform").order_by("organisation__code")
    assert [(one.organisation.code, one.kind, one.due_on) for one in clocks if one.organisation] == [
        (code, "legal", date(2026, 3, 25)) for code in ("cgefi", "db", "dss")
    ]
    assert journey.dossier.next_due_on == date(2026, 3, 25)
    assert CreditMovement.objects.get(dossier=journey.dossier).effective_on == date(2026, 3, 10)


def test_dossier_closes_when_all_are_informed(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", inter())
    journey.walk(
        "prepare.submit", "check.credits_available", "effect.effect", "inform.acknowledge@ministry_db"
    )
    assert journey.status == "executed"
    journey.walk("inform.acknowledge@comptroller")
    with pytest.raises(Conflict, match="déjà répondu"):
        journey.do("inform.acknowledge", "comptroller")
    journey.walk("inform.acknowledge@ministry")
    assert journey.status == "closed"
    assert journey.open_steps == []
    told = LegalNotice.objects.filter(dossier=journey.dossier, acknowledged_at__isnull=False)
    assert {(one.organisation.code, one.acknowledged_by) for one in told} == {
        ("dss", cast.ministry),
        ("db", cast.ministry_db),
        ("cgefi", cast.comptroller),
    }
    assert set(Deadline.objects.filter(dossier=journey.dossier).values_list("state", flat=True)) == {"met"}


def test_virement_inside_a_group_informs_nobody(cast: Cast) -> None:
    journey = CreditJourney.file(cast, "virement", intra(), by="reviewer", body="canssm")
    journey.walk("prepare.submit@reviewer", "check.credits_available", "effect.effect")
    assert journey.open_steps == ["close"]
    assert not LegalNotice.objects.filter(dossier=journey.dossier).exists()
    journey.do("close.close", "reviewer2")
    assert journey.status == "closed"
    (decision,) = Decision.objects.filter(dossier=journey.dossier)
    assert any("fnass.virement.intra_group" in ref for ref in decision.rule_refs)


def test_mixed_rows_inform_when_one_does(cast: Cast) -> None:
    rows = (("A-I-1", "A-I-2.autres", "10.00"), ("A-I-1", "A-I-3.info", "20.00"))
    journey = CreditJourney.file(cast, "virement", transfers(*rows))
    journey.walk("prepare.submit", "check.credits_available", "effect.effect")
    assert len(journey.open_steps) == 3
    assert journey.dossier.amount_ht == Decimal("30.00")


def test_derogation_walks_in_the_order_of_the_sentence(cast: Cast) -> None:
    data = transfers(("A-I-3.info", "A-I-3.autres", "500.00"), exceptional_reason="Incendie du site de Lens")
    journey = CreditJourney.file(cast, "virement_derogation", data, by="reviewer", body="canssm")
    journey.walk("prepare.submit@reviewer", "check.credits_available", "prior_agreement.agree@ministry_db")
    assert journey.status == "awaiting_authority"
    journey.walk("prior_agreement.agree@ministry")
    assert (journey.status, journey.open_steps) == ("awaiting_decision", ["board_vote"])
    journey.walk("board_vote.adopted")
    before = credits_of("A-I-3.autres")
    journey.walk("effect.effect")
    assert credits_of("A-I-3.autres") == before + Decimal("500.00")
    journey.walk("close.close@reviewer2")
    assert journey.status == "closed"


def test_modifying_decision_votes_then_asks_each_ministry(cast: Cast) -> None:
    data = transfers(("II.F.CAN.col", "II.K.imm", "500.00"), fund="FNASS")
    journey = CreditJourney.file(cast, "modifying_decision", data)
    journey.walk("prepare.submit", "check.credits_available", "board_vote.adopted")
    assert (journey.status, journey.open_steps) == ("awaiting_authority", ["authority_approval"] * 2)
    journey.walk("authority_approval.approve", "authority_approval.approve@ministry_db", "effect.effect")
    assert journey.status == "executed"
