"""Decisions and other papers of a dossier: what is recorded, what is printed, in whose name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from cases import clock
from cases.enums import DecisionKind, Role
from cases.errors import Quote
from cases.models import Decision, Document, User
from cases.papers import Column, PaperOptions, Vote, money_table
from cases.services import notice_paper, record_decision, store_papers, store_statement
from cases.services.signatures import authority_of, signatory, subject_of
from tests.journeys import Cast, Journey
from tests.papers import assert_both_standards, reader, words

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUOTE = Quote(
    "virement.information.delay", "dans les 15 jours qui suivent le virement", "COG 2014-2017", "text"
)
LINES = money_table(
    "Lignes du virement",
    [Column("De"), Column("Vers"), Column("Montant", numeric=True)],
    [("A-I-1", "A-I-3", Decimal("25000.50"))],
)
CREDITS: PaperOptions = {
    "ruling": "effectue le virement de crédits ci-dessous",
    "mark": "Virement effectué",
    "amount_label": "Montant total",
    "subject_lines": [("Fonds", "FNGA")],
    "tables": [LINES],
    "considerations": ["l’avis du 1er mars 2026"],
}
VOTE = Vote(date(2026, 3, 1), votes_for=10, votes_against=2, abstentions=1, members=20, adopted=True)

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(cast: Cast) -> Journey:
    """A draft of an investment of 25 000,50 €, which stands for whatever is decided."""
    with clock.at(NOW):
        return Journey.start(cast, pieces=())


def decide(
    journey: Journey,
    *,
    kind: DecisionKind = DecisionKind.APPROVAL,
    role: Role = Role.DIRECTOR_GENERAL,
    body: str = "CANSSM",
    actor: User | None = None,
    by_system: bool = False,
    motive: str = "",
    paper: PaperOptions | None = None,
) -> tuple[Decision, str]:
    """Record a decision as an effect does; the record and the words of its paper."""
    with clock.at(NOW), transaction.atomic():
        decision = record_decision(
            dossier=journey.dossier,
            kind=kind,
            step="decide",
            actor=None if by_system else actor or journey.cast.dg,
            role=role,
            body=body,
            capacity=f"{role.label} — {body}",
            motive=motive,
            quotes=[QUOTE],
            rule_refs=["cog-2014-2017/virement.information.delay@2014-01-01"],
            about="un virement de crédits",
            **(CREDITS if paper is None else paper),
        )
    return decision, printed(decision.document)


def printed(document: Document | None) -> str:
    """The words of a stored paper."""
    assert document is not None
    with document.file.open() as file:
        content = file.read()
    assert_both_standards(content)
    assert (document.size, document.content_type) == (len(content), "application/pdf")
    return words(content)


def test_decision_on_credits_is_recorded_with_its_lines(journey: Journey) -> None:
    decision, text = decide(journey)
    assert (decision.kind, decision.amount_ht) == (DecisionKind.APPROVAL, Decimal("25000.50"))
    assert decision.document is not None
    assert decision.document.name == f"Décision {journey.reference}-D1.pdf"
    for expected in (
        "Virement effectué",
        "Montant total 25 000,50 €",
        "Fonds FNGA",
        "Vu l’avis du 1er mars 2026 ;",
        "Le directeur général de la CANSSM effectue le virement de crédits ci-dessous.",
        "A-I-1 A-I-3 25 000,50 Total 25 000,50",
        "notifiée à la CARMI Nord-Pas-de-Calais",
        "agissant en qualité de directeur général — CANSSM",
    ):
        assert expected in text, expected
    assert "hors taxes" not in text


def test_decision_without_options_is_that_of_an_investment(journey: Journey) -> None:
    _, text = decide(journey, paper={})
    assert "Opération validée" in text
    assert "Montant hors taxes 25 000,50 €" in text
    assert "Œuvre concernée Centre de santé de Lens" in text
    assert "dans la limite du montant validé" in text


def test_second_decision_has_the_next_number(journey: Journey) -> None:
    decide(journey)
    decision, text = decide(
        journey, kind=DecisionKind.AGREEMENT, role=Role.AUTHORITY, body="Direction du budget"
    )
    assert decision.document is not None
    assert decision.document.version == 2
    assert f"{journey.reference}/D2" in text


@pytest.mark.parametrize(
    ("amount", "stored", "shown"),
    [
        (Decimal("7.50"), Decimal("7.50"), "Montant total 7,50 €"),
        (Decimal("0.00"), None, "Montant total 0,00 €"),
        (Decimal("-3.00"), None, "Montant total −3,00 €"),
    ],
)
def test_amount_of_the_act_replaces_the_dossiers(
    journey: Journey, amount: Decimal, stored: Decimal | None, shown: str
) -> None:
    decision, text = decide(journey, paper={**CREDITS, "amount": amount})
    assert decision.amount_ht == stored
    assert shown in text


def test_agreement_is_given_in_the_name_of_one_ministry(journey: Journey) -> None:
    ministry = "Direction de la sécurité sociale"
    decision, text = decide(
        journey,
        kind=DecisionKind.AGREEMENT,
        role=Role.AUTHORITY,
        body=ministry,
        actor=journey.cast.ministry,
        paper={
            **CREDITS,
            "ruling": "donne son accord préalable au virement de crédits ci-dessous",
            "mark": "",
        },
    )
    assert decision.kind == DecisionKind.AGREEMENT
    for expected in (
        "Direction de la sécurité sociale Régime minier de sécurité sociale Ministère de tutelle",
        "Le ministère de tutelle — Direction de la sécurité sociale, Vu",
        "La direction de la sécurité sociale donne son accord préalable au virement de crédits ci-dessous.",
        "Pour la direction de la sécurité sociale",
        "agissant au nom de la direction de la sécurité sociale, ministère de tutelle",
    ):
        assert expected in text, expected
    assert "Caisse autonome" not in text


def test_deliberation_is_that_of_the_board(journey: Journey) -> None:
    paper: PaperOptions = {**CREDITS, "vote": VOTE, "ruling": "adopte la décision modificative", "mark": ""}
    _, text = decide(
        journey,
        kind=DecisionKind.DELIBERATION,
        role=Role.BOARD_SECRETARY,
        body="Conseil d’administration de la CANSSM",
        paper=paper,
    )
    for expected in (
        "Conseil d’administration 2 mars 2026",
        "Délibération adoptée",
        "séance du 1er mars 2026",
        "Membres du conseil 10 2 1 7 20",
        "Le conseil d’administration de la CANSSM adopte la décision modificative.",
        "Le secrétariat du conseil d’administration",
        "agissant pour le conseil d’administration de la CANSSM",
    ):
        assert expected in text, expected


@pytest.mark.parametrize(("kind", "vote"), [(DecisionKind.DELIBERATION, None), (DecisionKind.APPROVAL, VOTE)])
def test_vote_and_deliberation_go_together(journey: Journey, kind: DecisionKind, vote: Vote | None) -> None:
    with pytest.raises(ValueError, match="a deliberation has a vote"):
        decide(journey, kind=kind, paper={**CREDITS, "vote": vote})
    assert not Decision.objects.exists()
    assert not Document.objects.exists()


def test_finding_of_the_system_bears_no_ministrys_name(journey: Journey) -> None:
    decision, text = decide(
        journey,
        role=Role.AUTHORITY,
        body="Direction du budget",
        by_system=True,
        paper={**CREDITS, "finding": True, "ruling": "L’approbation est réputée acquise.", "tables": []},
    )
    assert decision.decided_by is None
    assert "Constat" in text
    assert "L’approbation est réputée acquise." in text
    assert "Établi par le système Berline" in text
    assert "Caisse autonome nationale" in text
    assert "Direction du budget" not in text


def test_body_does_not_notify_itself(journey: Journey) -> None:
    name = journey.dossier.organisation.name
    _, text = decide(journey, body=name)
    assert "notifiée" not in text
    assert f"La présente décision est conservée au dossier {journey.reference}." in text


@pytest.mark.parametrize(
    ("role", "body", "authority", "subject", "title", "capacity"),
    [
        (
            Role.ACCOUNTING_OFFICER,
            "CANSSM",
            "L’agent comptable de la CANSSM",
            "L’agent comptable de la CANSSM",
            "L’agent comptable",
            "en qualité d’agent comptable — CANSSM",
        ),
        (
            Role.REGIONAL_DIRECTOR,
            "CARMI Est",
            "Le directeur régional de la CARMI Est",
            "Le directeur régional de la CARMI Est",
            "Le directeur régional",
            "en qualité de directeur régional — CARMI Est",
        ),
        (
            Role.BOARD_SECRETARY,
            "CANSSM",
            "Le conseil d’administration de la CANSSM",
            "Le conseil d’administration de la CANSSM",
            "Le secrétariat du conseil d’administration",
            "pour le conseil d’administration de la CANSSM",
        ),
        (
            Role.AUTHORITY,
            "Direction du budget",
            "Le ministère de tutelle — Direction du budget",
            "La direction du budget",
            "Pour la direction du budget",
            "au nom de la direction du budget, ministère de tutelle",
        ),
        (
            Role.COMPTROLLER,
            "Contrôle général économique et financier",
            "Le contrôle général économique et financier",
            "Le contrôle général économique et financier",
            "Pour le contrôle général économique et financier",
            "au nom du contrôle général économique et financier",
        ),
    ],
)
def test_each_office_is_named_in_french(
    role: Role, body: str, authority: str, subject: str, title: str, capacity: str
) -> None:
    assert authority_of(role, body) == authority
    assert subject_of(role, body) == subject
    signed = signatory(User(display_name="Claire"), role, body, f"{role.label} — {body}")
    assert signed == {"name": "Claire", "title": title, "capacity": capacity}


def test_delegation_is_printed_as_it_stands() -> None:
    capacity = "Adjoint, par délégation (acte n° 3)"
    for role, body in ((Role.AUTHORITY, "Direction du budget"), (Role.BOARD_SECRETARY, "CANSSM")):
        assert signatory(User(), role, body, capacity)["capacity"] == (
            "en qualité d’adjoint, par délégation (acte n° 3)"
        )


def notify(journey: Journey, addressee: str, role: Role, **changes: Any) -> Document:
    """Store the information of one addressee."""
    given: dict[str, Any] = {
        "dossier": journey.dossier,
        "kind": f"notice_{role.value}",
        "number": 1,
        "subject": "Information d’un virement de crédits entre groupes (FNGA, exercice 2026)",
        "addressee": addressee,
        "addressee_role": role,
        "actor": journey.cast.dg,
        "role": Role.DIRECTOR_GENERAL,
        "body": "CANSSM",
        "capacity": "Directeur général — CANSSM",
        "effected_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 17),
        "delay": QUOTE,
        "quotes": [],
        "tables": [LINES],
        "reason": "",
        "acknowledge": "Accusez réception sur la page du dossier.",
    }
    with clock.at(NOW), transaction.atomic():
        paper = notice_paper(**(given | changes))
        (document,) = store_papers(dossier=journey.dossier, papers=[paper], uploaded_by=given["actor"])
        return document


def test_notice_of_each_addressee_is_a_piece_of_its_own(journey: Journey) -> None:
    first = notify(journey, "Direction du budget", Role.AUTHORITY)
    second = notify(journey, "Contrôle général économique et financier", Role.COMPTROLLER, number=2)
    assert first.current
    assert second.current
    assert (first.name, second.name) == (
        f"Information {journey.reference}-I1.pdf",
        f"Information {journey.reference}-I2.pdf",
    )
    text = printed(first)
    assert "À l’attention de Direction du budget Ministère de tutelle" in text
    assert "due au plus tard le 17 mars 2026." in text
    assert "Anne" not in text
    assert str(journey.cast.dg) in text
    assert journey.dossier.journal_head in text
    told = printed(second)
    assert told.count("Contrôle général économique et financier") == 1


def test_statement_of_five_amounts_is_printed_on_its_side(journey: Journey) -> None:
    labels = ("Autorisé", "Engagé", "Non consommé", "Reporté", "Non reporté")
    table = money_table(
        "Origine",
        [Column("Ligne"), *(Column(label, numeric=True) for label in labels)],
        [("A-I-2", *[Decimal("10.00")] * 5)],
    )

    def store() -> Document:
        with clock.at(NOW), transaction.atomic():
            return store_statement(
                dossier=journey.dossier,
                kind="carry_over_statement",
                heading="État détaillé",
                about="à l’appui du report",
                actor=journey.cast.reviewer,
                tables=[table],
                quotes=[QUOTE],
            )

    first = store()
    with first.file.open() as file:
        box = reader(file.read()).pages[0].mediabox
    assert box.width > box.height
    text = printed(first)
    assert "Total 10,00 10,00 10,00 10,00 10,00" in text
    assert "« dans les 15 jours qui suivent le virement »" in text
    second = store()
    assert (second.version, second.name) == (2, f"État détaillé {journey.reference}-E2.pdf")
    first.refresh_from_db()
    assert not first.current
