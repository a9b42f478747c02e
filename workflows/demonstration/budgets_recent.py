"""Budgets of late: those of the current exercise, and dossiers on their way. Days count back from today."""

from datetime import date

from workflows.demonstration.credit_stories import (
    APPROVAL,
    CreditStory,
    amending,
    favours,
    gives,
    lapse,
    primitive,
    received,
    vote,
)
from workflows.demonstration.stories import submit


def last_autumn(today: date) -> date:
    """When the primitive budgets of the current exercise were presented."""
    return date(today.year - 1, 10, 12)


def autumn_before(today: date) -> date:
    """When those of the exercise before were presented."""
    return date(today.year - 2, 10, 13)


def last_summer(today: date) -> date:
    """When the last primitive budget of the FNMO whose story is over was presented."""
    return date(today.year if today >= date(today.year, 9, 15) else today.year - 1, 6, 1)


BUDGETS_RECENT = (
    CreditStory(  # its reserve serves what is told early in a year: some of it still counts in the year before
        on="budget_vote",
        body="canssm",
        title="Avant-dernier budget primitif du FNGA",
        begins=autumn_before,
        exercise="next",
        tell=primitive(
            "FNGA",
            "Base reconduite, avec une réserve nationale pour les évènements imprévisibles.",
            {"RN": "650000.00"},
        ),
        way=(
            submit(2),
            vote(14, 3, 11),
            received("dss", "db", days=4),
            favours(APPROVAL, "dss", 5),
            favours(APPROVAL, "db", 6),
        ),
    ),
    CreditStory(  # with a reserve: each ministry approved
        on="budget_vote",
        body="canssm",
        title="Dernier budget primitif du FNGA",
        begins=last_autumn,
        exercise="next",
        tell=primitive(
            "FNGA",
            "Base reconduite, avec une réserve nationale pour les évènements imprévisibles de l’année.",
            {"RN": "600000.00"},
        ),
        way=(
            submit(2),
            vote(15, 2, 10),
            received("dss", days=3),
            received("db", days=2),
            favours(APPROVAL, "db", 6),
            favours(APPROVAL, "dss", 4),
        ),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Dernier budget primitif du FNASS",
        begins=last_autumn,
        exercise="next",
        tell=primitive(
            "FNASS", "Base reconduite ; la section maladie ralentit ses travaux.", {"II.K.imm": "560000.00"}
        ),
        way=(submit(3), vote(16, 1, 9), received("dss", "db", days=4), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Dernier budget primitif du FNMO",
        begins=last_summer,
        exercise="create",
        pieces=("regional_investments",),
        tell=gives(
            "FNMO",
            ("INV", "9600000.00"),
            ("DEF", "1500000.00"),
            kind="primitive",
            reason="Programme d’investissement des œuvres après la clôture des comptes.",
        ),
        way=(submit(3), vote(15, 1, 12), received("dss", "db", days=3), lapse()),
    ),
    CreditStory(  # one ministry has not received the decision yet
        on="budget_vote",
        body="canssm",
        title="Prestations collectives des régions",
        begins=20,
        exercise="submit",
        tell=amending(
            "FNASS",
            "Réemploi d’une action collective abandonnée en région Sud.",
            ("II.F.CAN.col", "-70000.00"),
            ("II.F.CAN.aut", "70000.00"),
        ),
        way=(submit(2), vote(14, 3, 9), received("dss", days=4)),
        small=True,
    ),
    CreditStory(  # approval deemed given in a fortnight
        on="budget_vote",
        body="canssm",
        title="Économies de prévention",
        begins=22,
        exercise="submit",
        tell=amending(
            "FNPPS",
            "Économies sur les dépenses nationales après le regroupement des achats.",
            ("M.nat", "-45000.00"),
        ),
        way=(submit(2), vote(18, 0, 9), received("db", "dss", days=5)),
    ),
    CreditStory(  # one of the two ministries has approved
        on="budget_vote",
        body="canssm",
        title="Sécurité des systèmes d’information",
        begins=30,
        exercise="submit",
        tell=amending(
            "FNGA",
            "Mise en sécurité des systèmes d’information après un audit.",
            ("A-I-2.info", "240000.00"),
            ("A-I-3.info", "90000.00"),
        ),
        way=(submit(2), vote(15, 1, 10), received("dss", "db", days=5), favours(APPROVAL, "dss", 6)),
    ),
    CreditStory(  # enforceable by the delay alone
        on="budget_vote",
        body="canssm",
        title="Budget rectificatif du FNMO",
        begins=21,
        exercise="submit",
        pieces=("regional_investments",),
        tell=amending("FNMO", "Opération avancée d’un an à la demande d’une commune.", ("INV", "380000.00")),
        way=(submit(2), vote(13, 2, 9), received("dss", "db", days=5)),
    ),
    CreditStory(  # a vote to record
        on="budget_vote",
        body="canssm",
        title="Travaux de la section personnes âgées",
        begins=11,
        exercise="submit",
        tell=amending(
            "FNASS",
            "Décalage d’une tranche de travaux de la section personnes âgées.",
            ("I.K.imm", "-300000.00"),
        ),
        way=(submit(3),),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Dépenses des régions",
        begins=2,
        tell=amending(
            "FNPPS",
            "Dépenses des régions pour le suivi des anciens mineurs exposés à l’amiante.",
            ("M.reg", "150000.00"),
        ),
        way=(),
    ),
    CreditStory(  # no exercise receives a carry-over any more: the draft says why
        on="carry_over",
        body="canssm",
        title="Report demandé trop tard",
        begins=3,
        tell=gives("FNASS", ("I.K.imm", "200000.00"), purpose="Solde d’un chantier de l’année précédente."),
        way=(),
    ),
)
