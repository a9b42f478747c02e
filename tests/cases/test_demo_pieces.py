"""Demonstration pieces are real PDFs whose figures agree with the dossier they go with."""

import io
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from cases.content import PDF, sniff
from cases.demo_pieces import (
    NATURES,
    Operation,
    Table,
    breakdown,
    breakdown_table,
    economic_file,
    presentation_note,
)
from cases.money import format_eur, parse_amount


def operation(**changes: Any) -> Operation:
    data: dict[str, Any] = {
        "organisation": "CARMI du Nord – Pas-de-Calais",
        "title": "Rénovation du centre de santé de Liévin",
        "nature": "Travaux",
        "amount_ht": "148250.50",
        "exercise": 2015,
        "facilities": ["Centre de santé de Liévin", "Cabinet dentaire de Liévin"],
        "is_restructuring": True,
        "impact": [
            {"gestion": gestion, "year": year, "amount": amount}
            for gestion, amounts in (
                ("Centre de santé", ("4200.00", "-18500.00", "-21300.50")),
                ("Cabinet dentaire", ("0", "-6200", "-7100")),
            )
            for year, amount in zip((2016, 2017, 2018), amounts, strict=True)
        ],
        "written_at": "2015-02-20T10:00:00+01:00",
    }
    return data | changes  # type: ignore[return-value]


def table(**changes: Any) -> Table:
    data: dict[str, Any] = {
        "organisation": "CANSSM",
        "kind": "Prévision de recettes",
        "title": "Prestations de services, exercice 2015",
        "exercise": 2015,
        "amount": "2600000.01",
        "heads": ("Élément", "Base", "Montant"),
        "parts": (("Encaissé", 34, "Comptabilité"), ("À facturer", 66, "Conventions signées")),
        "remark": "Projet : numérisation.",
        "written_at": "2015-05-11T10:00:00+02:00",
    }
    return data | changes  # type: ignore[return-value]


def words(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def plain(amount: Decimal) -> str:
    return " ".join(format_eur(amount).split())


@pytest.mark.parametrize("write", [presentation_note, economic_file])
def test_piece_is_accepted_as_a_pdf_and_always_the_same(write: Any) -> None:
    content = write(operation())
    assert sniff(io.BytesIO(content), "piece.pdf") == PDF
    assert write(operation()) == content
    assert write(operation(title="Autre opération")) != content
    text = words(content)
    assert "pièce de démonstration" in text
    assert "Rénovation du centre de santé de Liévin" in text
    assert "148 250,50 €" in text
    assert "20 février 2015" in text


@pytest.mark.parametrize("write", [presentation_note, economic_file])
def test_piece_prints_hostile_text_as_it_was_typed(write: Any) -> None:
    hostile = '#import "x": *gras* $x$ @ref <lab> \\'
    assert hostile in words(write(operation(title=hostile, nature=hostile, facilities=[hostile])))


@pytest.mark.parametrize(
    ("nature", "post"),
    [
        ("Travaux", "Gros œuvre"),
        ("Équipement médical", "Équipement principal"),
        ("Fauteuil dentaire", "Équipement principal"),
        ("Informatique", "Postes de travail"),
        ("Véhicule de tournée", "Immatriculation"),
        ("Mobilier", "Banque d’accueil"),
        ("Tout autre chose", "Gros œuvre"),
    ],
)
def test_note_speaks_of_the_nature_of_the_operation(nature: str, post: str) -> None:
    assert post in words(presentation_note(operation(nature=nature)))


def test_note_shows_costs_that_sum_to_the_amount() -> None:
    text = words(presentation_note(operation()))
    table = text[text.index("3. Coût") : text.index("Estimation")]
    *parts, total = [parse_amount(shown) for shown in re.findall(r"\d[\d ]*,\d\d", table)]
    assert len(parts) == len(NATURES[-1].costs)
    assert sum(parts) == total == Decimal("148250.50")


@given(
    cents=st.integers(10_000, 10**11),
    seed=st.integers(0, 2**64 - 1),
    nature=st.sampled_from(NATURES),
)
def test_breakdown_sums_exactly(cents: int, seed: int, nature: Any) -> None:
    amount = Decimal(cents) / 100
    parts = breakdown(amount, nature.costs, seed)
    assert sum(part for _, part in parts) == amount
    assert all(part > 0 for _, part in parts)


def test_note_mentions_the_economic_file_of_a_restructuring_only() -> None:
    assert "dossier économique joint" in words(presentation_note(operation()))
    assert "dossier économique" not in words(presentation_note(operation(is_restructuring=False)))


def test_economic_file_totals_each_gestion_and_each_year() -> None:
    text = words(economic_file(operation()))
    assert "Gestion 2016 2017 2018 Total" in text
    assert "Centre de santé 4 200,00 −18 500,00 −21 300,50 −35 600,50" in text
    assert "Ensemble 4 200,00 −24 700,00 −28 400,50 −48 900,50" in text
    assert "améliore le résultat des gestions de 48 900,50 €" in text
    assert "compensé en 9,1 ans" in text


def test_economic_file_of_a_charge_says_so() -> None:
    rows = [{"gestion": "SSIAD", "year": year, "amount": "1000.00"} for year in (2016, 2017, 2018)]
    text = words(economic_file(operation(impact=rows)))
    assert f"pèse pour {plain(Decimal(3000))}" in text
    assert "compensé" not in text


def test_economic_file_without_any_impact_is_neutral() -> None:
    assert "neutre" in words(economic_file(operation(impact=[])))


def test_economic_file_marks_a_year_that_is_missing() -> None:
    rows = [
        {"gestion": "SSIAD", "year": 2016, "amount": "-10"},
        {"gestion": "Pharmacie", "year": 2017, "amount": "-10"},
    ]
    assert "SSIAD −10,00 – −10,00" in words(economic_file(operation(impact=rows)))


def test_table_shares_its_amount_between_the_parts() -> None:
    content = breakdown_table(table())
    assert sniff(io.BytesIO(content), "piece.pdf") == PDF
    assert breakdown_table(table()) == content
    text = words(content)
    for said in (
        "Prévision de recettes",
        "pièce de démonstration",
        "11 mai 2015",
        "Conventions signées",
        "CANSSM",
    ):
        assert said in text
    amounts = [parse_amount(found) for found in re.findall(r"\d[\d ]*,\d\d", text)]
    whole, first, second, total = amounts
    assert whole == total == first + second == Decimal("2600000.01")


def test_table_prints_hostile_text_as_it_was_typed() -> None:
    hostile = '#import "x": *gras* $x$ @ref <lab> \\'
    text = words(breakdown_table(table(title=hostile, remark=hostile, parts=((hostile, 1, hostile),))))
    assert text.count(hostile) >= 4
