"""Plausible pieces for the demonstration dossiers: notes, economic files, tables of budgets and receipts, as PDF.

Everything is invented from the operation's own data, and the same operation always gives the same bytes.
People appear by their function only. Each document says at its foot that it is a demonstration piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, TypedDict

from cases.calendar import add_months
from cases.french import french_date
from cases.money import format_eur
from cases.pdf import PARIS, render_pdf

CENT = Decimal("0.01")


class Impact(TypedDict):
    """Yearly effect of an operation on one gestion, EUR as a decimal string; a gain is negative."""

    gestion: str
    year: int
    amount: str


class Operation(TypedDict):
    """An investment operation, as the data of ``fnmo_investment``; ``written_at``: ISO-8601 with its "
    "offset."""

    organisation: str
    title: str
    nature: str
    amount_ht: str
    exercise: int
    facilities: Sequence[str]
    is_restructuring: bool
    impact: Sequence[Impact]
    written_at: str


class Table(TypedDict):
    """An amount shared between parts: (label, relative weight, remark). EUR; ``written_at`` as above."""

    organisation: str
    kind: str
    title: str
    exercise: int
    amount: str
    heads: tuple[str, str, str]
    parts: Sequence[tuple[str, int, str]]
    remark: str
    written_at: str


class Nature(NamedTuple):
    """What is written about one nature of operation. Weights of costs are relative; months follow "
    "validation."""

    keywords: tuple[str, ...]
    need: tuple[str, ...]
    answer: tuple[str, ...]
    costs: tuple[tuple[str, int], ...]
    calendar: tuple[tuple[str, int], ...]


NATURES = (
    Nature(
        ("véhicule", "ambulance", "automobile"),
        (
            "Le véhicule en service a dépassé huit ans et 190 000 kilomètres. Ses immobilisations ont coûté "
            "onze journées de tournée l’an passé, reportées sur des prestataires extérieurs.",
            "Les tournées se sont allongées avec le regroupement des points de consultation, et le parc "
            "actuel ne permet plus de les assurer toutes le même jour.",
        ),
        (
            "L’acquisition proposée remplace le véhicule le plus ancien. Une location de longue durée a été "
            "étudiée et écartée : au kilométrage prévu, elle reviendrait plus cher dès la quatrième année.",
        ),
        (
            ("Véhicule", 78),
            ("Aménagement intérieur et rangements", 12),
            ("Équipement de sécurité et de transport", 7),
            ("Immatriculation et mise en service", 3),
        ),
        (("Commande", 1), ("Livraison et aménagement", 4), ("Mise en service", 5)),
    ),
    Nature(
        ("informatique", "logiciel", "réseau", "téléphonie"),
        (
            "Les postes de travail ont sept ans en moyenne et ne reçoivent plus de correctifs de sécurité. "
            "Le temps d’ouverture du dossier de soins dépasse une minute aux heures d’affluence.",
            "La télétransmission est interrompue plusieurs fois par semaine, ce qui retarde les "
            "encaissements et occupe le secrétariat à des reprises.",
        ),
        (
            "Le projet remplace l’ensemble du matériel en une fois, afin que tous les professionnels "
            "travaillent sur la même version et que la formation soit commune.",
        ),
        (
            ("Postes de travail et écrans", 44),
            ("Serveur, sauvegarde et onduleur", 21),
            ("Câblage et équipement de réseau", 15),
            ("Licences", 12),
            ("Installation et formation", 8),
        ),
        (
            ("Commande", 1),
            ("Installation", 3),
            ("Formation et bascule", 4),
            ("Vérification de service régulier", 6),
        ),
    ),
    Nature(
        ("équipement", "matériel", "dentaire", "imagerie", "radio", "fauteuil", "optique"),
        (
            "Le matériel en place n’est plus suivi par son constructeur ; deux pannes ont entraîné "
            "l’annulation de vingt-trois rendez-vous au cours du dernier semestre.",
            "Le délai d’obtention d’un premier rendez-vous atteint neuf semaines. Le matériel actuel limite "
            "le nombre d’actes par demi-journée, alors que le temps de praticien est disponible.",
        ),
        (
            "Trois constructeurs ont été consultés. L’offre retenue comprend la reprise de l’ancien "
            "matériel, la formation des équipes et deux ans de garantie.",
        ),
        (
            ("Équipement principal", 62),
            ("Accessoires et instruments", 14),
            ("Raccordements et adaptation des locaux", 13),
            ("Contrôle, qualification et formation", 7),
            ("Aléas", 4),
        ),
        (("Commande", 1), ("Adaptation des locaux", 3), ("Livraison et essais", 5), ("Mise en service", 6)),
    ),
    Nature(
        ("mobilier", "agencement"),
        (
            "Le mobilier d’accueil et des salles d’attente date de l’ouverture du site. Il ne permet ni la "
            "confidentialité des échanges ni l’accueil des personnes en fauteuil.",
            "Le réaménagement des consultations laisse des espaces inoccupés tandis que le secrétariat "
            "travaille sans rangement adapté.",
        ),
        ("Le mobilier proposé est lessivable, réparable et choisi dans le marché en cours.",),
        (
            ("Banque d’accueil", 30),
            ("Sièges et salles d’attente", 28),
            ("Bureaux et rangements", 32),
            ("Livraison et montage", 10),
        ),
        (("Commande", 1), ("Livraison et montage", 3)),
    ),
    Nature(
        (),
        (
            "Le bâtiment n’a pas connu de rénovation depuis vingt ans. Le diagnostic d’accessibilité relève "
            "l’absence de cheminement adapté, une porte d’entrée trop étroite et des sanitaires non "
            "conformes.",
            "Les locaux ont été conçus pour un exercice isolé. Ils ne se prêtent ni à la consultation "
            "infirmière, ni à la présence de spécialistes, et leur chauffage pèse lourdement sur la gestion.",
        ),
        (
            "Le projet conserve l’implantation actuelle, proche des patients, et reprend la distribution "
            "intérieure. Une location dans un immeuble récent a été étudiée : son coût sur dix ans serait "
            "supérieur d’un tiers.",
            "Les travaux sont conduits en deux tranches afin que les consultations ne soient pas "
            "interrompues.",
        ),
        (
            ("Gros œuvre et démolitions", 24),
            ("Second œuvre et menuiseries", 27),
            ("Électricité, chauffage et ventilation", 22),
            ("Mise en accessibilité", 12),
            ("Maîtrise d’œuvre et contrôle technique", 10),
            ("Aléas", 5),
        ),
        (
            ("Consultation des entreprises", 2),
            ("Engagement des travaux", 3),
            ("Première tranche", 6),
            ("Seconde tranche", 9),
            ("Réception", 10),
        ),
    ),
)


def presentation_note(operation: Operation) -> bytes:
    """The note that justifies the operation: object, need, answer, costs that sum to the amount, calendar."""
    nature = _nature(operation)
    seed = _seed(operation)
    moment = datetime.fromisoformat(operation["written_at"])
    amount = Decimal(operation["amount_ht"])
    return render_pdf(
        "demo_note",
        _common(operation)
        | {
            "nature": operation["nature"],
            "facilities": list(operation["facilities"]),
            "is_restructuring": operation["is_restructuring"],
            "need": nature.need[seed % len(nature.need)],
            "answer": list(nature.answer),
            "costs": [
                {"label": label, "amount": format_eur(part)}
                for label, part in breakdown(amount, nature.costs, seed)
            ],
            "calendar": [
                {"step": step, "when": _month(add_months(moment.astimezone(PARIS).date(), months + 1))}
                for step, months in nature.calendar
            ],
        },
    )


def economic_file(operation: Operation) -> bytes:
    """The economic file of a restructuring: impact per gestion and year, totals, assumptions."""
    years = sorted({int(row["year"]) for row in operation["impact"]})
    gestions = list(dict.fromkeys(row["gestion"] for row in operation["impact"]))
    amounts = {(row["gestion"], int(row["year"])): Decimal(row["amount"]) for row in operation["impact"]}
    total = sum(amounts.values(), Decimal(0))
    amount = Decimal(operation["amount_ht"])
    yearly = -total / len(years) if years else Decimal(0)
    payback = f"{(amount / yearly).quantize(Decimal('0.1'))}".replace(".", ",") if yearly > 0 else ""
    return render_pdf(
        "demo_economic",
        _common(operation)
        | {
            "years": years,
            "rows": [
                {
                    "gestion": gestion,
                    "amounts": [_signed(amounts.get((gestion, year))) for year in years],
                    "total": _signed(
                        sum((amounts.get((gestion, year), Decimal(0)) for year in years), Decimal(0))
                    ),
                }
                for gestion in gestions
            ],
            "totals": [
                _signed(sum((amounts.get((gestion, year), Decimal(0)) for gestion in gestions), Decimal(0)))
                for year in years
            ],
            "total": _signed(total),
            "gain": format_eur(-total) if total < 0 else "",
            "charge": format_eur(total) if total > 0 else "",
            "payback": payback,
            "facilities": list(operation["facilities"]),
        },
    )


def breakdown_table(table: Table) -> bytes:
    """A table that shares an amount between its parts, which sum to it: investments by body, forecast of receipts."""
    moment = datetime.fromisoformat(table["written_at"])
    amount = Decimal(table["amount"])
    seed = _seed_of(table["organisation"], table["title"], table["amount"])
    parts = breakdown(amount, [(label, weight) for label, weight, _ in table["parts"]], seed)
    remarks = {label: remark for label, _, remark in table["parts"]}
    return render_pdf(
        "demo_table",
        {
            "organisation": table["organisation"],
            "kind": table["kind"],
            "title": table["title"],
            "exercise": table["exercise"],
            "heads": list(table["heads"]),
            "rows": [
                {"label": label, "remark": remarks[label], "amount": format_eur(part)}
                for label, part in parts
            ],
            "amount": format_eur(amount),
            "remark": table["remark"],
            "date_shown": french_date(moment.astimezone(PARIS).date()),
            "timestamp": table["written_at"],
        },
    )


def listed_table(table: Table, rows: Sequence[tuple[str, str, Decimal]]) -> bytes:
    """A table of exactly these rows (label, remark, EUR) and their sum; ``amount`` and ``parts`` are left out."""
    moment = datetime.fromisoformat(table["written_at"])
    return render_pdf(
        "demo_table",
        {
            "organisation": table["organisation"],
            "kind": table["kind"],
            "title": table["title"],
            "exercise": table["exercise"],
            "heads": list(table["heads"]),
            "rows": [
                {"label": label, "remark": remark, "amount": format_eur(part)} for label, remark, part in rows
            ],
            "amount": format_eur(sum((part for _, _, part in rows), Decimal(0))),
            "remark": table["remark"],
            "date_shown": french_date(moment.astimezone(PARIS).date()),
            "timestamp": table["written_at"],
        },
    )


def breakdown(amount: Decimal, weights: Iterable[tuple[str, int]], seed: int) -> list[tuple[str, Decimal]]:
    """Split ``amount`` (EUR) along the weights, shaken a little by ``seed``; the parts sum to it exactly."""
    shaken = [
        (label, Decimal(weight * (90 + (seed >> (4 * index)) % 21)))
        for index, (label, weight) in enumerate(weights)
    ]
    whole = sum(weight for _, weight in shaken)
    step = Decimal(10) if amount >= 1000 else CENT
    parts = [
        (label, (amount * weight / whole / step).quantize(Decimal(1), ROUND_HALF_UP) * step)
        for label, weight in shaken
    ]
    rest = amount - sum((part for _, part in parts), Decimal(0))
    label, first = parts[0]
    return [
        (label, (first + rest).quantize(CENT)),
        *((name, part.quantize(CENT)) for name, part in parts[1:]),
    ]


def _common(operation: Operation) -> dict[str, Any]:
    moment = datetime.fromisoformat(operation["written_at"])
    return {
        "organisation": operation["organisation"],
        "title": operation["title"],
        "exercise": operation["exercise"],
        "amount": format_eur(Decimal(operation["amount_ht"])),
        "date_shown": french_date(moment.astimezone(PARIS).date()),
        "timestamp": operation["written_at"],
    }


def _nature(operation: Operation) -> Nature:
    described = operation["nature"].lower()
    return next(
        (nature for nature in NATURES if any(word in described for word in nature.keywords)),
        NATURES[-1],
    )


def _seed(operation: Operation) -> int:
    return _seed_of(operation["organisation"], operation["title"], operation["amount_ht"])


def _seed_of(*identity: str) -> int:
    return int.from_bytes(hashlib.sha256("|".join(identity).encode()).digest()[:8], "big")


def _month(day: date) -> str:
    return french_date(day).split("\u00a0", 1)[1]


def _signed(amount: Decimal | None) -> str:
    """An amount with its sign and without the unit, an en dash where none was given."""
    return "–" if amount is None else format_eur(amount).removesuffix("\u00a0€")
