"""Papers of credits: virements, agreements, deliberations, notices to addressees, computations line by line."""

import json
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typst

from cases.papers import Column, PaperTable, money_table
from cases.pdf import (
    TEMPLATES,
    DecisionData,
    NoticeData,
    StatementData,
    TableData,
    decision_inputs,
    notice_inputs,
    render_decision,
    render_notice,
    render_statement,
    statement_inputs,
    table_data,
)
from tests.cases.test_pdf import HASH, HOSTILE, decision
from tests.papers import assert_both_standards, pages, reader, structure, words

SOURCE = "COG 2014-2017, règles budgétaires du FNGA, « Les virements de crédits », ligne 3704"
DELAY = {
    "rule": "virement.information.delay",
    "text": "dans les 15 jours qui suivent le virement",
    "source": SOURCE,
    "status": "text",
}
TOLD = {
    "rule": "virement.information.addressees",
    "text": "Ils font l'objet d'une information du contrôleur général économique et financier",
    "source": SOURCE,
    "status": "text",
}
LINES = money_table(
    "Lignes du virement",
    [Column("De"), Column("Vers"), Column("Règle"), Column("Montant", numeric=True)],
    [
        (
            "A-I-1 — Personnel (groupe 1)",
            "A-I-3 — Informatique (groupe 4)",
            "inter-groupe",
            Decimal("120000.00"),
        ),
        ("A-I-2 — Autres (groupe 2)", "A-I-3 — Autres (groupe 5)", "inter-groupe", Decimal("45250.50")),
    ],
)
SIGNATORY = {
    "name": "Anne Lefèvre",
    "title": "Le directeur général",
    "capacity": "en qualité de directeur général — CANSSM",
}


def virement(**changes: Any) -> DecisionData:
    """The decision by which the directeur général moves credits."""
    data: dict[str, Any] = {
        "document_reference": "VIR-2026-0007/D1",
        "reference": "VIR-2026-0007",
        "about": "des virements de crédits du fonds national de gestion administrative",
        "title": "Renouvellement du parc informatique",
        "organisation": "CANSSM",
        "amount_ht": "165250.50",
        "amount_label": "Montant total",
        "exercise": 2026,
        "facilities": [],
        "visas": [TOLD],
        "ruling": "effectue les virements de crédits ci-dessous",
        "mark": "Virement effectué",
        "addressee": "",
        "subject_lines": [["Fonds", "FNGA"], ["Prise d’effet", "2 mars 2026"]],
        "tables": [table_data(LINES)],
        "decider": SIGNATORY,
        "decided_at": "2026-03-02T10:00:00+01:00",
    }
    return decision(**(data | changes))


def deliberation(*, adopted: bool = True, **changes: Any) -> DecisionData:
    """The extract of a board's deliberation."""
    data: dict[str, Any] = {
        "kind": "deliberation",
        "authority": "Le conseil d’administration de la CANSSM",
        "issuer": "Conseil d’administration",
        "ruling": "adopte la décision modificative ci-dessous"
        if adopted
        else "rejette la décision modificative",
        "mark": "",
        "addressee": "CANSSM",
        "vote": {
            "voted_on": "2026-03-01",
            "votes_for": 14,
            "votes_against": 3,
            "abstentions": 1,
            "members": 22,
            "adopted": adopted,
            "session": "séance ordinaire",
        },
    }
    return virement(**(data | changes))


def notice(**changes: Any) -> NoticeData:
    """The information of the DSS on a virement between groups."""
    data: dict[str, Any] = {
        "document_reference": "VIR-2026-0007/I2",
        "reference": "VIR-2026-0007",
        "subject": "Information d’un virement de crédits entre groupes (FNGA, exercice 2026)",
        "addressee": "Direction de la sécurité sociale",
        "addressee_office": "Ministère de tutelle",
        "authority": "Le directeur général de la CANSSM",
        "issuer": "Direction générale",
        "title": "Renouvellement du parc informatique",
        "subject_lines": [["Montant total", "165 250,50 €"]],
        "effected_on": "2026-03-02",
        "due_on": "2026-03-17",
        "delay": DELAY,
        "reason": "Les postes de travail ne sont plus maintenus.",
        "tables": [table_data(LINES)],
        "visas": [TOLD],
        "acknowledge": "Accusez réception sur la page du dossier.",
        "signatory": SIGNATORY,
        "issued_at": "2026-03-02T10:00:00+01:00",
        "journal_hash": HASH,
        "journal_sequence": 5,
    }
    return data | changes  # type: ignore[return-value]


def statement(**changes: Any) -> StatementData:
    """The detailed statement of a carry-over."""
    origin = money_table(
        "Origine en 2025 des crédits non consommés",
        [
            Column("Ligne"),
            *(
                Column(label, numeric=True)
                for label in ("Autorisé", "Engagé", "Non consommé", "Reporté", "Non reporté")
            ),
        ],
        [
            (f"A-I-{number}", *map(Decimal, ("1000.10", "600.05", "400.05", "300.00", "100.05")))
            for number in range(3)
        ],
    )
    data: dict[str, Any] = {
        "document_reference": "REP-2026-0001/E1",
        "reference": "REP-2026-0001",
        "heading": "État détaillé des crédits non consommés",
        "about": "à l’appui du report sur l’exercice 2026",
        "issuer": "Direction générale",
        "subject_lines": [["Fonds", "FNGA"]],
        "introduction": "Le présent état retrace l’origine en 2025 des crédits.",
        "tables": [table_data(origin)],
        "notes": ["Les crédits évaluatifs ne sont pas reportés."],
        "visas": [TOLD],
        "landscape": True,
        "issued_at": "2026-04-15T10:00:00+02:00",
        "journal_hash": HASH,
        "journal_sequence": 2,
    }
    return data | changes  # type: ignore[return-value]


def many(count: int) -> TableData:
    """A budget of ``count`` lines."""
    table = money_table(
        "Budget primitif",
        [Column("Ligne"), Column("Voté", numeric=True), Column("Conformité")],
        [(f"Ligne-{number:03d}", Decimal(number), "Conforme") for number in range(count)],
    )
    return table_data(table)


PAPERS = {
    "virement": lambda: render_decision(virement()),
    "deliberation": lambda: render_decision(deliberation()),
    "agreement": lambda: render_decision(virement(kind="agreement")),
    "notice": lambda: render_notice(notice()),
    "statement": lambda: render_statement(statement()),
}


@pytest.mark.parametrize("name", PAPERS)
def test_paper_carries_both_standards_and_tagged_tables(name: str) -> None:
    content = PAPERS[name]()
    assert_both_standards(content)
    kinds = structure(content)
    assert kinds.count("/H1") == 1
    assert kinds.count("/Table") == kinds.count("/Caption") == kinds.count("/THead") >= 1
    assert kinds.count("/TH") >= 4
    assert "Page 1 sur" in words(content)


@pytest.mark.parametrize("name", PAPERS)
def test_paper_has_equal_bytes_for_equal_data(name: str) -> None:
    assert PAPERS[name]() == PAPERS[name]()


def test_virement_says_its_lines_and_nothing_of_investments() -> None:
    text = words(render_decision(virement()))
    for expected in (
        "Virement effectué",
        "Montant total 165 250,50 €",
        "Fonds FNGA",
        "Prise d’effet 2 mars 2026",
        "DÉCIDE Article 1er Le directeur général de la CANSSM effectue les virements de crédits ci-dessous.",
        "Lignes du virement (en euros) De Vers Règle Montant",
        "A-I-1 — Personnel (groupe 1)",
        "120 000,00",
        "Total 165 250,50",
        "La présente décision est conservée au dossier VIR-2026-0007.",
    ):
        assert expected in text, expected
    for foreign in ("hors taxes", "Œuvre", "validé", "notifiée", "Exercice"):
        assert foreign not in text, foreign


def test_ruling_with_a_capital_stands_alone_and_no_amount_may_be_printed() -> None:
    text = words(
        render_decision(virement(ruling="Les crédits sont annulés.\nIls ne sont pas reportés.", amount_ht=""))
    )
    assert "Article 1er Les crédits sont annulés. Ils ne sont pas reportés." in text
    assert "effectue" not in text
    assert "Montant total" not in text
    assert "Montant total" not in words(render_decision(virement(amount_label="")))


def test_tables_follow_the_first_article_of_an_investment_too() -> None:
    text = words(render_decision(decision(tables=[table_data(LINES)])))
    assert text.index("est validée.") < text.index("Lignes du virement") < text.index("Article 2")


def test_agreement_bears_the_name_of_the_ministry_that_agrees() -> None:
    data = virement(
        kind="agreement",
        authority="Le ministère de tutelle — Direction de la sécurité sociale",
        subject="La direction de la sécurité sociale",
        issuer="Ministère de tutelle",
        letterhead={"body": "Direction de la sécurité sociale", "unit": "Régime minier de sécurité sociale"},
        ruling="donne son accord préalable aux virements de crédits ci-dessous",
        mark="",
        addressee="CANSSM",
        motive="Le caractère exceptionnel est établi.",
    )
    text = words(render_decision(data))
    for expected in (
        "Direction de la sécurité sociale Régime minier",
        "Accord préalable relatif à des virements",
        "Accord préalable donné",
        "Le ministère de tutelle — Direction de la sécurité sociale, Vu",
        "DONNE SON ACCORD PRÉALABLE",
        "La direction de la sécurité sociale donne son accord préalable aux virements de crédits ci-dessous.",
        "Le présent accord est donné pour le motif suivant : Le caractère exceptionnel est établi.",
        "Le présent accord est notifié à la CANSSM et conservé au dossier VIR-2026-0007.",
    ):
        assert expected in text, expected
    assert "Caisse autonome" not in text


def test_agreement_without_a_ruling_names_the_request() -> None:
    text = words(
        render_decision(virement(kind="agreement", ruling="", mark="", subject="La direction du budget"))
    )
    assert (
        "La direction du budget donne son accord préalable à la demande « Renouvellement du parc informatique », "
        "présentée par la CANSSM au titre de l’exercice 2026 pour un montant de 165 250,50 €."
    ) in text


def test_refusal_of_a_request_is_not_that_of_an_operation() -> None:
    text = words(
        render_decision(virement(kind="refusal", mark="", ruling="refuse l’accord", motive="Sans motif."))
    )
    assert "Refus Document" in text
    assert "Opération" not in text
    assert "engagée" not in text


def test_commitment_is_a_decision() -> None:
    text = words(render_decision(decision(kind="commitment")))
    assert "Dépense engagée" in text
    assert "est engagée." in text
    assert "dans la limite" not in text


def test_deliberation_is_an_extract_with_the_result_of_the_vote() -> None:
    text = words(render_decision(deliberation()))
    for expected in (
        "Extrait de la délibération du conseil d’administration, séance ordinaire du 1er mars 2026, relative à",
        "Délibération adoptée",
        "après en avoir délibéré en séance ordinaire le 1er mars 2026",
        "Pour Contre Abstentions Sans prendre part au vote Membres du conseil 14 3 1 4 22",
        "ADOPTE Article 1er Le conseil d’administration de la CANSSM adopte la décision modificative ci-dessous.",
        "La présente délibération est notifiée à la CANSSM et conservée au dossier",
        "Pour extrait certifié conforme. Fait le deux mars deux mille vingt-six.",
    ):
        assert expected in text, expected


def test_deliberation_that_rejects_says_so() -> None:
    data = deliberation(adopted=False, tables=[], motive="Le motif.")
    data["vote"]["session"] = ""
    text = words(render_decision(data))
    assert "Proposition rejetée" in text
    assert (
        "REJETTE Article 1er Le conseil d’administration de la CANSSM rejette la décision modificative."
        in text
    )
    assert "séance du 1er mars 2026" in text
    assert "adopte" not in text.lower()
    bare = words(render_decision(deliberation(adopted=False, ruling="")))
    assert "n’est pas adoptée." in bare


def test_finding_has_no_author_and_nobody_decides() -> None:
    data = virement(
        finding=True,
        authority="",
        issuer="",
        ruling="L’approbation est réputée acquise à compter du 2 avril 2026.",
        mark="Approbation réputée acquise",
        decider={"name": "Berline", "title": "Établi par le système", "capacity": ""},
    )
    text = words(render_decision(data))
    assert "Constat relatif à des virements" in text
    assert "IL EST CONSTATÉ Article 1er L’approbation est réputée acquise" in text
    assert "Le présent constat est conservé au dossier" in text
    assert "agissant" not in text
    assert "Décide" not in text


def test_notice_tells_its_addressee_what_moved_and_until_when() -> None:
    text = words(render_notice(notice()))
    for expected in (
        "À l’attention de Direction de la sécurité sociale Ministère de tutelle",
        "Information d’un virement de crédits entre groupes (FNGA, exercice 2026)",
        "Document VIR-2026-0007/I2 Dossier VIR-2026-0007",
        "Date du virement 2 mars 2026 À informer au plus tard 17 mars 2026",
        "Le directeur général de la CANSSM a effectué, le 2 mars 2026, le virement de crédits",
        "« dans les 15 jours qui suivent le virement »",
        "règle virement.information.delay",
        "la présente information est due au plus tard le 17 mars 2026.",
        "Motif du virement Les postes de travail",
        "Total 165 250,50",
        "« Ils font l'objet d'une information",
        "Accusé de réception Accusez réception sur la page du dossier.",
        "Fait le deux mars deux mille vingt-six. Le directeur général Anne Lefèvre agissant en qualité de",
        HASH,
        "l’écriture n° 5",
    ):
        assert expected in text, expected


def test_notice_leaves_out_what_it_was_not_given() -> None:
    text = words(render_notice(notice(reason="", acknowledge=" ", visas=[], addressee_office="")))
    for absent in ("Motif", "Accusé", "Règles appliquées", "Ministère"):
        assert absent not in text


def test_statement_lies_on_its_side_when_it_is_wide() -> None:
    content = render_statement(statement())
    text = words(content)
    for expected in (
        "État détaillé des crédits non consommés à l’appui du report sur l’exercice 2026",
        "Ligne Autorisé Engagé Non consommé Reporté Non reporté",
        "A-I-2 1 000,10 600,05 400,05 300,00 100,05",
        "Total 3 000,30 1 800,15 1 200,15 900,00 300,15",
        "Les crédits évaluatifs ne sont pas reportés.",
        "Règles appliquées",
        HASH,
    ):
        assert expected in text, expected
    sizes = {
        wide: [round(float(side)) for side in _page(render_statement(statement(landscape=wide)))]
        for wide in (True, False)
    }
    assert sizes == {True: [842, 595], False: [595, 842]}


def _page(content: bytes) -> tuple[Any, Any]:

    box = reader(content).pages[0].mediabox
    return box.width, box.height


def test_statement_without_a_dossier_names_no_journal() -> None:
    text = words(render_statement(statement(reference="", journal_hash="", subject_lines=[])))
    assert "dossier" not in text
    assert "Empreinte" not in text
    assert "Document REP-2026-0001/E1 établi par Berline." in text


@pytest.mark.parametrize("count", [1, 14, 27, 300])
def test_table_of_many_rows_repeats_its_header_and_keeps_its_total(count: int) -> None:
    content = render_decision(deliberation(tables=[many(count)]))
    shown = pages(content)
    text = " ".join(shown)
    assert [row for row in range(count) if f"Ligne-{row:03d}" not in text] == []
    for page in shown:
        if "Ligne-" in page:
            assert page.count("Ligne Voté Conformité") == 1
        if "Total " in page.replace("Montant total", ""):
            assert f"Ligne-{count - 1:03d}" in page
    assert (len(shown) > 6) == (count == 300)
    assert f"Page {len(shown)} sur {len(shown)}" in shown[-1]
    assert "Fait le" in shown[-1]
    assert "Article 2" in shown[-1]


def test_total_never_stands_alone_on_a_page() -> None:
    """Whatever the number of rows: one more row at a time pushes the total over the end of a page."""
    alone = []
    for count in range(16, 36):
        for page in pages(render_decision(virement(tables=[many(count)]))):
            if "Total " in page.replace("Montant total", "") and "Ligne-" not in page:
                alone.append(count)
    assert alone == []


def test_long_labels_stay_between_the_margins(tmp_path: Path) -> None:
    endless = "Insécable" * 22
    table = PaperTable(
        endless,
        (Column(endless), Column("Montant", numeric=True), Column("N", numeric=True)),
        ((endless, "9" * 120, "1"), (endless + " suite", "1,00", "2")),
        (endless, "1", "3"),
    )
    data = virement(
        title=endless,
        organisation=endless,
        motive=endless,
        subject_lines=[[endless, endless]],
        ruling=f"effectue {endless}",
        tables=[table_data(table)],
    )
    for content in (
        render_decision(data),
        render_notice(notice(tables=[table_data(table)], title=endless, addressee=endless, subject=endless)),
        render_statement(statement(tables=[table_data(table)], notes=[endless], landscape=False)),
    ):
        file = tmp_path / "paper.pdf"
        file.write_bytes(content)
        boxes = subprocess.run(
            ["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True, text=True, timeout=60
        ).stdout
        rights = [
            float(line.split('xMax="')[1].split('"')[0]) for line in boxes.splitlines() if "<word" in line
        ]
        assert rights
        assert max(rights) <= 595.3 - 25 / 25.4 * 72 + 1


def test_hostile_text_prints_as_it_was_typed() -> None:
    table = PaperTable(
        HOSTILE, (Column(HOSTILE), Column("N", numeric=True)), ((HOSTILE, "1"),), (HOSTILE, "1")
    )
    tables = [table_data(table)]
    made = (
        (
            render_decision(
                deliberation(tables=tables, ruling=HOSTILE, mark=HOSTILE, subject_lines=[["x", HOSTILE]])
            ),
            7,
        ),
        (
            render_notice(
                notice(tables=tables, subject=HOSTILE, addressee=HOSTILE, reason=HOSTILE, title=HOSTILE)
            ),
            8,
        ),
        (render_statement(statement(tables=tables, heading=HOSTILE, about=HOSTILE, notes=[HOSTILE])), 7),
    )
    for content, least in made:
        assert words(content).count(HOSTILE) >= least


def test_characters_without_a_glyph_and_bidi_controls_break_no_table() -> None:
    table = PaperTable("T😀", (Column("中文"),), (("a\u202eb\u2066c",), ("😀" * 40,)), ("x\x00y",))
    content = render_decision(virement(tables=[table_data(table)]))
    assert_both_standards(content)
    text = words(content)
    for expected in ("T�", "��", "abc", "x y"):
        assert expected in text


@pytest.mark.parametrize(
    ("template", "inputs"),
    [
        ("decision", lambda: decision_inputs(virement())),
        ("decision", lambda: decision_inputs(deliberation())),
        ("notice", lambda: notice_inputs(notice())),
        ("computation", lambda: statement_inputs(statement())),
    ],
)
def test_template_compiles_without_a_warning(template: str, inputs: Any) -> None:
    _, warnings = typst.compile_with_warnings(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(inputs())},
        pdf_standards=["a-2b", "ua-1"],
    )
    assert warnings == []


def test_papers_are_rendered_in_milliseconds() -> None:
    render_notice(notice())
    started = time.perf_counter()
    for number in range(5):
        render_notice(notice(journal_sequence=number))
        render_decision(virement(journal_sequence=number))
    assert (time.perf_counter() - started) / 10 < 0.5
