"""Commands of an installation: the first administrator, and the heads of the journals kept elsewhere."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from cases.models import AdministrationEntry, RoleGrant, User
from cases.permissions import administers, holdings_of
from cases.services.reference_data import load_organisations
from tests.cases.test_journal import tamper
from tests.journeys import Cast, Journey

PASSWORD = "un mot de passe bien long"


def create(monkeypatch: pytest.MonkeyPatch, username: str = "prenom.nom", password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    said = io.StringIO()
    call_command("create_administrator", username, stdout=said)
    return said.getvalue()


def test_create_administrator_can_log_in_and_administer(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    load_organisations()
    assert "prenom.nom" in create(monkeypatch)
    person = User.objects.get(username="prenom.nom")
    assert administers(holdings_of(person))
    assert person.check_password(PASSWORD)
    entries = AdministrationEntry.objects.order_by("sequence").values_list("action", "actor_name")
    assert list(entries) == [("create_person", "Système"), ("grant_role", "Système")]


@pytest.mark.parametrize(
    ("username", "password", "sentence"),
    [
        ("prenom.nom", "court", "mot de passe"),
        ("prénom nom !", PASSWORD, "La personne n’a pas été créée"),
        ("agent", PASSWORD, "existe déjà"),
    ],
)
def test_create_administrator_refuses_and_writes_nothing(
    db: None, cast: Cast, monkeypatch: pytest.MonkeyPatch, username: str, password: str, sentence: str
) -> None:
    if username == "agent":
        username = User.objects.order_by("pk")[0].username
    before = (User.objects.count(), RoleGrant.objects.count(), AdministrationEntry.objects.count())
    with pytest.raises(CommandError, match=sentence):
        create(monkeypatch, username, password)
    assert (User.objects.count(), RoleGrant.objects.count(), AdministrationEntry.objects.count()) == before


def test_create_administrator_needs_the_organisations(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="prepare"):
        create(monkeypatch)


def kept_heads(folder: Path) -> Path:
    file = folder / "heads.csv"
    call_command("journal", "heads", "--output", str(file))
    said = io.StringIO()
    call_command("journal", "heads", stdout=said)
    assert said.getvalue() == file.read_text(encoding="utf-8")
    with pytest.raises(CommandError, match="ne peut pas être écrit"):
        call_command("journal", "heads", "--output", str(file))
    return file


def compare(file: Path) -> str:
    """What the comparison says of failures; empty when every head still stands."""
    said = io.StringIO()
    try:
        call_command("journal", "heads", "--against", str(file), stdout=io.StringIO(), stderr=said)
    except CommandError as error:
        return said.getvalue() + str(error)
    return ""


def test_heads_still_stand_when_the_journal_has_grown(cast: Cast, tmp_path: Path) -> None:
    journey = Journey.at(cast, "under_review")
    file = kept_heads(tmp_path)
    assert journey.dossier.reference in file.read_text(encoding="utf-8")
    journey.act("check.complete")
    assert compare(file) == ""


def test_heads_name_a_journal_that_was_rewritten_as_a_whole(cast: Cast, tmp_path: Path) -> None:
    journey = Journey.at(cast, "under_review")
    file = kept_heads(tmp_path)
    tamper(
        "cases_journalentry",
        "UPDATE cases_journalentry SET hash = repeat('a', 64) WHERE dossier_id = %s AND sequence = %s",
        journey.pk,
        journey.dossier.journal_length,
    )
    said = compare(file)
    assert journey.dossier.reference in said
    assert "réécrit" in said


def test_heads_name_a_journal_whose_tail_was_cut(cast: Cast, tmp_path: Path) -> None:
    journey = Journey.at(cast, "under_review")
    file = kept_heads(tmp_path)
    tamper(
        "cases_journalentry",
        "DELETE FROM cases_journalentry WHERE dossier_id = %s AND sequence = %s",
        journey.pk,
        journey.dossier.journal_length,
    )
    assert "n’existe plus" in compare(file)


def test_heads_refuse_a_file_that_they_cannot_read(cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "heads.csv"
    file.write_text("n’importe quoi\n", encoding="utf-8")
    assert "ligne 1" in compare(file)
    assert "ne se lit pas" in compare(tmp_path / "absent.csv")
