"""Decisions on paper: the two standards at once, the words of the rule, literal text, equal bytes."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import typst

from cases.pdf import (
    TEMPLATES,
    DecisionData,
    PdfError,
    date_in_words,
    decision_inputs,
    french_date,
    render_decision,
    render_pdf,
)
from tests.papers import assert_both_standards, reader, structure, words

QUOTE = (
    "Toute opération d'un montant supérieur à 20000 € HT (montant par opération, quel que soit le nombre "
    "d'œuvres concernées par le projet)"
)
SOURCE = (
    "COG 2014-2017, règles budgétaires du FNMO, « La validation des projets d’investissements », ligne 3872"
)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
HOSTILE = '#import "x": * *gras* _it_ $x^2$ `code` @ref <lab> \\ // c /* z = Titre - #{ ] [ "'


def decision(**changes: Any) -> DecisionData:
    data: dict[str, Any] = {
        "document_reference": "FNMO-2015-0042/D1",
        "kind": "approval",
        "reference": "FNMO-2015-0042",
        "about": "la validation d’une opération d’investissement du Fonds national de modernisation des "
        "œuvres",
        "authority": "Le directeur général de la CANSSM",
        "issuer": "Direction générale",
        "title": "Rénovation du centre de santé de Liévin",
        "organisation": "CARMI du Nord – Pas-de-Calais",
        "amount_ht": "48250.50",
        "exercise": 2015,
        "facilities": ["Centre de santé de Liévin", "Cabinet dentaire de Liévin"],
        "visas": [
            {"rule": "fnmo.investment.threshold", "text": QUOTE, "source": SOURCE, "status": "text"},
            {
                "rule": "fnmo.investment.decider",
                "text": "Le directeur général décide.",
                "source": "Règle fixée dans le silence du texte",
                "status": "derived",
            },
        ],
        "considerations": ["la demande transmise le 3 mars 2015"],
        "motive": "",
        "conditions": [],
        "decider": {
            "name": "Direction générale",
            "title": "Le directeur général",
            "capacity": "en qualité de directeur général",
        },
        "decided_at": "2015-03-12T16:05:00+01:00",
        "journal_hash": HASH,
        "journal_sequence": 6,
    }
    return data | changes  # type: ignore[return-value]


def test_decision_declares_and_carries_both_standards() -> None:
    content = render_decision(decision())
    assert_both_standards(content)
    metadata = reader(content).metadata
    assert metadata is not None
    assert metadata.creation_date == datetime(2015, 3, 12, 15, 5, tzinfo=UTC)
    assert metadata.title == "Décision FNMO-2015-0042/D1 — Rénovation du centre de santé de Liévin"


def test_decision_structure_has_one_title_and_its_articles() -> None:
    kinds = structure(render_decision(decision()))
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 3
    assert kinds.count("/LI") == 7
    assert kinds.index("/H1") < kinds.index("/H2")


def test_decision_of_approval_says_what_it_must() -> None:
    text = words(render_decision(decision()))
    for expected in (
        "Direction générale",
        "FNMO-2015-0042/D1",
        "CARMI du Nord – Pas-de-Calais",
        "48 250,50 €",
        "Exercice 2015",
        "Centre de santé de Liévin ; Cabinet dentaire de Liévin",
        QUOTE,
        "(règle fnmo.investment.threshold)",
        "la règle fnmo.investment.decider : Le directeur général décide.",
        "Vu la demande transmise le 3 mars 2015 ;",
        "est validée.",
        "dans la limite du montant validé",
        "Article 3",
        "Fait le douze mars deux mille quinze.",
        "agissant en qualité de directeur général",
        HASH,
        "l’écriture n° 6",
        "Page 1 sur 1",
    ):
        assert expected in text, expected
    assert "Article 4" not in text
    assert "validation préalable" not in text


def test_decision_of_refusal_gives_its_motive_and_no_ceiling() -> None:
    text = words(
        render_decision(
            decision(
                kind="refusal",
                motive="Devis incomplet.\nSite appelé à fermer.",
                conditions=["Condition une."],
            )
        )
    )
    assert "Opération non validée" in text
    assert "n’est pas validée. Elle ne peut pas être engagée." in text
    assert "prise pour le motif suivant : Devis incomplet. Site appelé à fermer." in text
    assert "Condition une." in text
    assert "dans la limite du montant validé" not in text


def test_decision_of_dispense_is_a_record_and_names_the_threshold() -> None:
    text = words(render_decision(decision(kind="dispense", amount_ht="20000.00", threshold="20000.00")))
    assert "Constat de dispense" in text
    assert "CONSTATE" in text
    assert "n’excède pas le seuil de 20 000,00 € hors taxes et est dispensée de validation préalable" in text
    assert "Décision" not in text


def test_decision_without_facilities_has_no_line_for_them() -> None:
    text = words(render_decision(decision(facilities=[])))
    assert "Exercice 2015 Le directeur général" in text
    assert "Œuvre" not in text


def test_decision_under_a_delegation_names_its_act() -> None:
    decider = {
        "name": "Direction adjointe",
        "title": "Pour le directeur général",
        "capacity": "par délégation du directeur général (acte n° 2015-012 du 5 janvier 2015)",
    }
    text = words(render_decision(decision(decider=decider)))
    assert "agissant par délégation du directeur général (acte n° 2015-012 du 5 janvier 2015)" in text


def test_decision_is_dated_in_paris() -> None:
    text = words(render_decision(decision(decided_at="2015-03-12T23:30:00+00:00")))
    assert "le treize mars deux mille quinze" in text


def test_decision_prints_hostile_text_as_it_was_typed() -> None:
    text = words(
        render_decision(
            decision(
                title=HOSTILE,
                organisation=HOSTILE,
                motive=HOSTILE,
                conditions=[HOSTILE],
                considerations=[HOSTILE],
                facilities=[HOSTILE],
                visas=[{"rule": HOSTILE, "text": HOSTILE, "source": HOSTILE, "status": "text"}],
            )
        )
    )
    assert text.count(HOSTILE) >= 7


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("coût œuvre Œ « l’été » 1\u202f200\u00a0€ — ÀÉÈÙÇ ÿ – … ½ m² 20\u00a0°C", None),
        ("Ελλάδα Москва", None),
        ("a😀b", "a�b"),
        ("中文", "��"),
        ("x\x00y\x07z", "x y z"),
        ("a\u202eb\u2066c\ufeffd", "abcd"),
        ("a\ud800b", "a?b"),
        ("ligne\r\nsuite\u2028fin", "ligne suite fin"),
    ],
)
def test_decision_survives_any_character(typed: str, printed: str | None) -> None:
    content = render_decision(decision(title=f"début {typed} fin"))
    expected = " ".join((printed or typed).split())
    assert f"début {expected} fin" in words(content)


def test_decision_has_equal_bytes_for_equal_data() -> None:
    data = decision(title="Égal 😀")
    first = render_decision(data)
    shuffled = dict(reversed(list(data.items())))
    assert render_decision(shuffled) == first  # type: ignore[arg-type]
    assert render_decision(decision(title="Égal 😀", motive="autre")) != first
    script = f"import sys; from cases.pdf import *; sys.stdout.buffer.write(render_decision({data!r}))"
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=TEMPLATES.parent.parent,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert other.stdout == first


def test_decision_of_great_length_flows_over_numbered_pages() -> None:
    content = render_decision(
        decision(
            title="Insécable" * 22,
            facilities=[f"Centre de santé n° {number} de la commune" for number in range(80)],
            motive="\n".join(["Un motif circonstancié. " * 12] * 12),
        )
    )
    count = len(reader(content).pages)
    assert count > 1
    text = words(content)
    assert f"Page {count} sur {count}" in text
    assert text.index("Fait le douze mars") > text.index("Article 4")


def test_render_serves_several_threads_at_once() -> None:
    expected = {number: render_decision(decision(exercise=number)) for number in range(2014, 2018)}
    with ThreadPoolExecutor(max_workers=4) as pool:
        results = list(pool.map(lambda number: render_decision(decision(exercise=number)), [*expected] * 6))
    assert results == [*expected.values()] * 6


@pytest.mark.parametrize("name", ["absent", "../pdf/decision", "decision.typ", "", "/etc/passwd"])
def test_render_refuses_an_unknown_template(name: str) -> None:
    with pytest.raises(PdfError, match="no PDF template"):
        render_pdf(name, {"timestamp": "2015-03-12T16:05:00+01:00"})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"timestamp": "2015-03-12T16:05:00"}, "offset"),
        ({"timestamp": "2015-03-12T16:05:00+01:00", "amount": 1.5}, "float"),
        ({"timestamp": "2015-03-12T16:05:00+01:00"}, "decision"),
    ],
)
def test_render_says_what_is_wrong_with_its_data(data: dict[str, Any], words: str) -> None:
    with pytest.raises(PdfError, match=words):
        render_pdf("decision", data)


def test_template_compiles_without_a_warning() -> None:
    """A warning is an unknown font, a deprecated function: to be seen here, not in production."""
    _, warnings = typst.compile_with_warnings(
        str(TEMPLATES / "decision.typ"),
        root=str(TEMPLATES),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(decision_inputs(decision()))},
        pdf_standards=["a-2b", "ua-1"],
    )
    assert warnings == []


def test_templates_take_nothing_from_elsewhere() -> None:
    """No typst package (it would be downloaded) and no text outside the data."""
    for template in Path(TEMPLATES).glob("*.typ"):
        source = template.read_text(encoding="utf-8")
        assert "@preview" not in source
        assert "eval(" not in source


def test_decision_is_rendered_in_milliseconds() -> None:
    render_decision(decision())
    started = time.perf_counter()
    for number in range(5):
        render_decision(decision(journal_sequence=number))
    assert (time.perf_counter() - started) / 5 < 0.5


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2015, 3, 1), "le premier mars deux mille quinze"),
        (date(2014, 12, 31), "le trente et un décembre deux mille quatorze"),
        (date(2017, 8, 21), "le vingt et un août deux mille dix-sept"),
        (date(1980, 2, 22), "le vingt-deux février mille neuf cent quatre-vingts"),
        (date(1991, 1, 16), "le seize janvier mille neuf cent quatre-vingt-onze"),
        (date(1971, 7, 17), "le dix-sept juillet mille neuf cent soixante et onze"),
        (date(1999, 7, 30), "le trente juillet mille neuf cent quatre-vingt-dix-neuf"),
        (date(2000, 5, 10), "le dix mai deux mille"),
        (date(2081, 5, 11), "le onze mai deux mille quatre-vingt-un"),
        (date(2100, 5, 2), "le deux mai deux mille cent"),
        (date(2200, 5, 2), "le deux mai deux mille deux cents"),
    ],
)
def test_date_in_words_is_written_as_in_acts(day: date, words: str) -> None:
    assert date_in_words(day) == words


def test_french_date_keeps_together() -> None:
    assert french_date(date(2015, 3, 1)) == "1er\u00a0mars\u00a02015"
    assert french_date(date(2015, 12, 31)) == "31\u00a0décembre\u00a02015"
