"""Budgets and carry-overs of 2014 to 2016, conforming or not, approved, refused or rejected. All ended."""

from datetime import date

from workflows.demonstration.credit_stories import (
    APPROVAL,
    CreditStory,
    amending,
    check,
    favours,
    gives,
    lapse,
    objects,
    primitive,
    received,
    reject,
    vote,
)
from workflows.demonstration.stories import close, submit

BUDGETS = (
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2015 du FNGA",
        begins=date(2014, 10, 13),
        exercise=2015,
        tell=primitive(
            "FNGA",
            "Budget de gestion administrative dans la trajectoire de la COG ; les acquisitions de véhicules sont "
            "reportées.",
            {"A-I-3.autres": "1200000.00"},
        ),
        way=(submit(2), vote(15, 2, 12), received("dss", days=3), received("db", days=1), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2015 du FNASS",
        begins=date(2014, 10, 15),
        exercise=2015,
        tell=primitive(
            "FNASS",
            "Poursuite de la politique d’action sociale en faveur des retraités ; une tranche de travaux est décalée.",
            {"II.K.imm": "3400000.00"},
        ),
        way=(submit(2), vote(16, 1, 12), received("db", "dss", days=4), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2015 du FNPPS",
        begins=date(2014, 10, 20),
        exercise=2015,
        tell=primitive(
            "FNPPS", "Actions de prévention de la silicose et de la santé bucco-dentaire, à la base."
        ),
        way=(submit(1), vote(18, 0, 9), received("dss", "db", days=3), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2015 du FNMO",
        begins=date(2015, 5, 11),
        exercise=2015,
        pieces=("regional_investments",),
        tell=gives(
            "FNMO",
            ("INV", "12400000.00"),
            ("DEF", "2300000.00"),
            kind="primitive",
            reason="Programme d’investissement des œuvres après la clôture des comptes de 2014.",
        ),
        way=(submit(3), vote(14, 3, 15), received("dss", days=3), received("db", days=3), lapse()),
        small=True,
    ),
    CreditStory(  # the board met after 30 June: allowed, and recorded
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2016 du FNMO",
        begins=date(2016, 6, 13),
        exercise=2016,
        pieces=("regional_investments",),
        tell=gives(
            "FNMO",
            ("INV", "11800000.00"),
            ("DEF", "1900000.00"),
            kind="primitive",
            reason="Programme d’investissement des œuvres ; la séance de juin n’a pas réuni le quorum.",
        ),
        way=(submit(3), vote(13, 4, 15), received("dss", "db", days=4), lapse()),
    ),
    CreditStory(  # presented in the year itself: allowed, and recorded
        on="budget_vote",
        body="canssm",
        title="Budget primitif 2016 du FNPPS",
        begins=date(2016, 1, 11),
        exercise=2016,
        tell=primitive("FNPPS", "Budget présenté après la réorganisation du service de prévention."),
        way=(submit(2), vote(17, 0, 10), received("dss", "db", days=3), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Actualisation 2015 de la masse salariale",
        begins=date(2015, 4, 20),
        exercise=2015,
        tell=amending(
            "FNGA",
            "Actualisation de la masse salariale au vu des comptes de 2014.",
            ("A-I-1", "120000.00"),
            ground="payroll_update",
            payroll=[
                {"item": "rmpp", "found": "730000.00", "retained": "600000.00"},
                {"item": "structure", "found": "-420000.00", "retained": "-380000.00"},
                {"item": "previous", "found": "55000.00", "retained": "25000.00"},
            ],
        ),
        way=(submit(2), vote(17, 1, 9), received("dss", "db", days=3), lapse()),
    ),
    CreditStory(  # the reserve exceeds the base: each ministry approves
        on="budget_vote",
        body="canssm",
        title="Réserve nationale 2015 du FNGA",
        begins=date(2015, 5, 18),
        exercise=2015,
        tell=amending(
            "FNGA",
            "Constitution d’une réserve nationale pour les évènements imprévisibles de l’année.",
            ("RN", "800000.00"),
        ),
        way=(
            submit(2),
            vote(15, 3, 10),
            received("dss", "db", days=3),
            favours(APPROVAL, "dss", 6),
            favours(APPROVAL, "db", 5),
        ),
        small=True,
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Recettes 2014 du FNGA au-dessus de la prévision",
        begins=date(2015, 6, 8),
        exercise=2015,
        tell=amending(
            "FNGA",
            "Emploi de la part des recettes de 2014 qui dépasse la prévision : équipement informatique et locaux.",
            ("A-I-3.info", "60000.00"),
            ("A-I-3.autres", "87000.00"),
            ground="receipts_excess",
            receipts=[
                {"category": "staff", "programmed": "1200000.00", "realised": "1310000.00"},
                {"category": "services", "programmed": "2450000.00", "realised": "2530000.00"},
                {"category": "training", "programmed": "60000.00", "realised": "52000.00"},
                {"category": "insurance", "programmed": "90000.00", "realised": "104000.00"},
            ],
        ),
        way=(submit(2), vote(16, 2, 9), received("dss", "db", days=3), lapse()),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget rectificatif 2015 du FNPPS",
        begins=date(2015, 9, 7),
        exercise=2015,
        tell=amending(
            "FNPPS",
            "Campagne de dépistage supplémentaire demandée par deux régions.",
            ("M.reg", "400000.00"),
        ),
        way=(
            submit(2),
            vote(12, 5, 10),
            received("dss", "db", days=4),
            favours(APPROVAL, "dss", 7),
            objects(
                APPROVAL,
                "db",
                "La campagne n’est pas chiffrée par région et dépasse la base de la convention sans économie en "
                "regard.",
                4,
            ),
            close(),
        ),
    ),
    CreditStory(
        on="budget_vote",
        body="canssm",
        title="Budget rectificatif 2016 du FNASS",
        begins=date(2016, 9, 5),
        exercise=2016,
        tell=amending(
            "FNASS",
            "Réduction de la dotation de Saint-Gildas au profit des prestations collectives.",
            ("I.F.CAN.cv.stg", "-80000.00"),
            ("III.reg.col", "80000.00"),
        ),
        way=(
            submit(2),
            vote(
                6,
                12,
                10,
                motive="Le conseil demande que la dotation du centre de vacances soit maintenue jusqu’à l’étude de "
                "fréquentation.",
            ),
            close(),
        ),
    ),
)

CARRY_OVERS = (
    CreditStory(
        on="carry_over",
        body="canssm",
        title="Report 2014 sur 2015 du FNGA",
        begins=date(2015, 4, 13),
        exercise=2015,
        tell=gives(
            "FNGA",
            ("A-I-2.info", "220000.00"),
            ("A-I-3.autres", "350000.00"),
            purpose="Reprise des données de l’ancien logiciel de paie et remise en état du hall du siège.",
        ),
        way=(submit(2), check(), vote(18, 0, 8), received("dss", "db", days=3), lapse()),
        small=True,
    ),
    CreditStory(
        on="carry_over",
        body="canssm",
        title="Report 2014 sur 2015 du FNASS",
        begins=date(2015, 4, 15),
        exercise=2015,
        tell=gives(
            "FNASS",
            ("I.K.imm", "1450000.00"),
            ("II.F.CAN.col", "85000.00"),
            purpose="Achèvement des travaux du foyer-logement de Bruay et solde d’une action de prévention.",
        ),
        way=(submit(2), check(), vote(17, 1, 8), received("dss", days=3), received("db", days=4), lapse()),
    ),
    CreditStory(
        on="carry_over",
        body="canssm",
        title="Report 2014 sur 2015 du FNPPS",
        begins=date(2015, 4, 22),
        exercise=2015,
        tell=gives("FNPPS", ("M.nat", "60000.00"), purpose="Impression d’un guide de prévention."),
        way=(
            submit(2),
            reject(
                "Le montant ne se rapproche pas du compte financier : une facture de décembre 2014 reste à imputer."
            ),
            close(),
        ),
    ),
)

BUDGETS_PAST = (*BUDGETS, *CARRY_OVERS)
