"""The journals: append-only, chained, and any tampering is named afterwards."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from cases.enums import Role
from cases.journal_chain import GENESIS, entry_hash
from cases.models import AdministrationEntry, Dossier, JournalEntry
from cases.services import append_administration_entry, export_journal, grant_role
from cases.services.journal import append_entry
from tests.journeys import Cast, Journey

SCRIPT = Path(settings.BASE_DIR) / "cases" / "journal_chain.py"


@pytest.fixture
def journey(cast: Cast) -> Journey:
    """A dossier of five entries: created, a piece, submitted, transmitted, found complete."""
    journey = Journey.at(cast, "under_review")
    journey.act("check.complete")
    return journey


def tamper(table: str, statement: str, *parameters: Any) -> None:
    """What a superuser can do: switch the triggers off, write, switch them on again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        assert cursor.rowcount >= 1, "nothing was tampered with"
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def verify(*arguments: str) -> tuple[bool, str]:
    """Whether ``manage.py journal verify`` is content, and what it says of failures."""
    said = io.StringIO()
    try:
        call_command("journal", "verify", *arguments, stdout=io.StringIO(), stderr=said)
    except CommandError:
        return False, said.getvalue()
    return True, said.getvalue()


def insert(dossier: Dossier, **changes: Any) -> None:
    """Insert a copy of the last entry by hand, changed."""
    entry = JournalEntry.objects.filter(dossier=dossier).order_by("-sequence")[0]
    entry.pk = None
    entry._state.adding = True
    entry.previous_hash = entry.hash
    entry.sequence += 1
    for name, value in changes.items():
        setattr(entry, name, value)
    entry.save(force_insert=True)


# -- writing ---------------------------------------------------------------------------------------


def test_entries_are_numbered_without_gap_and_chained(journey: Journey) -> None:
    entries = list(JournalEntry.objects.filter(dossier=journey.pk).order_by("sequence"))
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.action for entry in entries] == ["create", "add_document", *["perform"] * 3]
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert all(entry.hash == entry_hash(entry.previous_hash, entry.content()) for entry in entries)
    dossier = journey.dossier
    assert (dossier.journal_length, dossier.journal_head) == (5, entries[-1].hash)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sequence": 7}, "leaves a gap"),
        ({"sequence": 5}, "leaves a gap"),
        ({"sequence": 0}, "leaves a gap"),
        ({"previous_hash": "0" * 64}, "is not chained"),
    ],
)
def test_postgresql_refuses_an_entry_out_of_line(
    journey: Journey, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        insert(journey.dossier, **changes)


def test_postgresql_refuses_a_first_entry_that_is_not_the_first(cast: Cast, journey: Journey) -> None:
    other = Journey.start(cast, pieces=())
    tamper("cases_journalentry", "DELETE FROM cases_journalentry WHERE dossier_id = %s", other.pk)
    dossier = other.dossier
    with pytest.raises(DatabaseError, match="leaves a gap"), transaction.atomic():
        append_entry(dossier=dossier, actor=None, capacity="Système", action="essai", status_before="draft")


# -- verifying -------------------------------------------------------------------------------------


def test_verify_is_content_with_untouched_journals(cast: Cast, journey: Journey) -> None:
    grant_role(
        user=cast.nobody,
        role=Role.PREPARER,
        organisation=cast.body["carmi-est"],
        valid_from=cast.agent.role_grants.get().valid_from,
        act="Décision",
        granted_by=cast.admin,
    )
    assert verify() == (True, "")
    assert verify(journey.reference) == (True, "")


def test_verify_is_content_with_an_empty_installation(db: None) -> None:
    assert verify() == (True, "")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2001-01-01T00:00:00+00:00"),
        ("actor_name", "Quelqu’un d’autre"),
        ("actor_id", None),
        ("capacity", "Directeur général — CANSSM"),
        ("action", "edit"),
        ("motive", "Un motif ajouté après coup."),
        ("changes", '{"amount_ht": ["1", "2"]}'),
        ("step", "decide"),
        ("outcome", "approve"),
        ("status_before", "approved"),
        ("status_after", "approved"),
        ("rule_refs", "[]"),
        ("hash", "f" * 64),
        ("previous_hash", "f" * 64),
    ],
)
def test_verify_names_the_entry_whose_column_was_changed(journey: Journey, column: str, value: Any) -> None:
    tamper(
        "cases_journalentry",
        f"UPDATE cases_journalentry SET {column} = %s WHERE dossier_id = %s AND sequence = 3",
        value,
        journey.pk,
    )
    content, said = verify()
    assert not content
    assert said.startswith(f"{journey.reference}, écriture 3 : ")
    assert verify(journey.reference) == (False, said)


def test_verify_names_the_entry_given_to_another_dossier(cast: Cast, journey: Journey) -> None:
    other = Journey.start(cast, pieces=())
    tamper(
        "cases_journalentry",
        "UPDATE cases_journalentry SET dossier_id = %s, sequence = 2 WHERE dossier_id = %s AND sequence = 5",
        other.pk,
        journey.pk,
    )
    content, said = verify()
    assert not content
    assert {line.split(" : ")[0] for line in said.splitlines()} == {
        f"{journey.reference}, écriture 5",
        f"{other.reference}, écriture 2",
    }


def test_verify_names_an_entry_removed_from_the_middle(journey: Journey) -> None:
    tamper(
        "cases_journalentry",
        "DELETE FROM cases_journalentry WHERE dossier_id = %s AND sequence = 2",
        journey.pk,
    )
    content, said = verify()
    assert not content
    assert f"{journey.reference}, écriture 2 : L’écriture 2 manque" in said


def test_verify_names_a_tail_that_was_cut(journey: Journey) -> None:
    tamper(
        "cases_journalentry",
        "DELETE FROM cases_journalentry WHERE dossier_id = %s AND sequence >= 4",
        journey.pk,
    )
    content, said = verify()
    assert not content
    assert f"{journey.reference}, écriture 4" in said


def test_verify_names_an_entry_added_behind_the_back_of_the_dossier(journey: Journey) -> None:
    entry = JournalEntry.objects.filter(dossier=journey.pk).order_by("-sequence")[0]
    entry.previous_hash, entry.sequence = entry.hash, entry.sequence + 1
    insert(journey.dossier, hash=entry_hash(entry.previous_hash, entry.content()))
    content, said = verify()
    assert not content
    assert f"{journey.reference}, écriture 7 : Le journal s’arrête à l’écriture 6" in said


def test_verify_names_a_chain_rewritten_from_one_entry_on(journey: Journey) -> None:
    """The forger computes every fingerprint anew; the head on the dossier's row gives them away."""
    entries = list(JournalEntry.objects.filter(dossier=journey.pk).order_by("sequence"))
    entries[2].motive = "Autre chose"
    for previous, entry in zip(entries, entries[1:], strict=False):
        entry.previous_hash = previous.hash
        entry.hash = entry_hash(entry.previous_hash, entry.content())
        tamper(
            "cases_journalentry",
            "UPDATE cases_journalentry SET motive = %s, previous_hash = %s, hash = %s WHERE id = %s",
            entry.motive,
            entry.previous_hash,
            entry.hash,
            entry.pk,
        )
    assert not verify()[0]


def test_verify_names_a_dossier_whose_whole_journal_went(journey: Journey) -> None:
    """The dossier's own counters were put back too: every dossier has at least the entry of its creation."""
    tamper("cases_journalentry", "DELETE FROM cases_journalentry WHERE dossier_id = %s", journey.pk)
    Dossier.objects.filter(pk=journey.pk).update(journal_length=0, journal_head=GENESIS)
    content, said = verify()
    assert not content
    assert f"{journey.reference}, écriture 1" in said


def test_verify_tells_of_every_dossier_that_fails(cast: Cast, journey: Journey) -> None:
    other, sound = Journey.start(cast, pieces=()), Journey.start(cast, pieces=())
    tamper(
        "cases_journalentry",
        "UPDATE cases_journalentry SET motive = 'x' WHERE dossier_id IN (%s, %s) AND sequence = 1",
        journey.pk,
        other.pk,
    )
    content, said = verify()
    assert not content
    assert [line.split(" : ")[0] for line in said.splitlines()] == [
        f"{journey.reference}, écriture 1",
        f"{other.reference}, écriture 1",
    ]
    assert verify(sound.reference)[0]


def test_verify_refuses_an_unknown_reference(journey: Journey) -> None:
    assert not verify("FNMO-1999-0001")[0]


# -- administration --------------------------------------------------------------------------------


@pytest.fixture
def administration(cast: Cast) -> Cast:
    """Three entries of administration."""
    for number in range(3):
        append_administration_entry(
            actor=cast.admin, capacity="Administrateur — CANSSM", action=f"acte {number}", subject=cast.agent
        )
    return cast


def test_verify_names_a_changed_administration_entry(administration: Cast) -> None:
    tamper(
        "cases_administrationentry",
        "UPDATE cases_administrationentry SET subject_id = %s WHERE sequence = 2",
        administration.nobody.pk,
    )
    content, said = verify()
    assert not content
    assert said.startswith("administration, écriture 2 : ")


def test_verify_names_a_forged_administration_entry(administration: Cast) -> None:
    """Inserted by raw SQL, which no trigger stops, with a fingerprint of the forger's invention."""
    forged = AdministrationEntry.objects.order_by("-sequence")[0]
    forged.pk = None
    forged._state.adding = True
    forged.previous_hash, forged.sequence, forged.action = forged.hash, 4, "grant_role"
    forged.hash = "a" * 64
    forged.save(force_insert=True)
    content, said = verify()
    assert not content
    assert said.startswith("administration, écriture 4 : ")


def test_verify_names_a_removed_administration_entry(administration: Cast) -> None:
    tamper("cases_administrationentry", "DELETE FROM cases_administrationentry WHERE sequence = 1")
    content, said = verify()
    assert not content
    assert "administration, écriture 1 : L’écriture 1 manque" in said


# -- the stand-alone verifier ----------------------------------------------------------------------


def run_script(export: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Verify in a Python that sees the standard library only."""
    path = folder / "export.json"
    path.write_text(json.dumps(export, ensure_ascii=False), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def test_export_is_verified_without_django(journey: Journey, tmp_path: Path) -> None:
    written = io.StringIO()
    call_command("journal", "export", journey.reference, stdout=written)
    export = json.loads(written.getvalue())
    assert export["head"] == journey.dossier.journal_head
    done = run_script(export, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "INTACT" in done.stdout
    assert "5 écritures" in done.stdout


@pytest.mark.parametrize("how", ["change", "cut", "swap", "other dossier"])
def test_export_that_was_retouched_is_refused_without_django(
    cast: Cast, journey: Journey, tmp_path: Path, how: str
) -> None:
    export = export_journal(journey.dossier)
    entries = export["entries"]
    if how == "change":
        entries[2]["capacity"] = "Directeur général — CANSSM"
    elif how == "cut":
        entries.pop()
    elif how == "swap":
        entries[1], entries[2] = entries[2], entries[1]
    else:
        export["dossier"] = str(Journey.start(cast, pieces=()).dossier.public_id)
    done = run_script(export, tmp_path)
    assert done.returncode == 1
    assert "ALTÉRÉ" in done.stdout


def test_export_of_an_unknown_dossier_is_refused(db: None) -> None:
    with pytest.raises(CommandError):
        call_command("journal", "export", "FNMO-1999-0001", stdout=io.StringIO())
