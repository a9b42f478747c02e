"""``manage.py load_demo``: once, in an empty base, where it harms nobody; all of it or nothing."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cases import clock
from cases.enums import DossierStatus
from cases.events import DossierMoved, dossier_moved
from cases.models import CreditMovement, Dossier, Facility, JournalEntry, User
from cases.services import create_person, verify_all
from workflows.engine import all_paths

pytestmark = pytest.mark.django_db


def load_demo(**options: Any) -> str:
    out = StringIO()
    call_command("load_demo", stdout=out, **({"small": True, "force": True} | options))
    return out.getvalue()


def test_small_demonstration_shows_every_path_and_status_and_is_loaded_once() -> None:
    said = load_demo(verbosity=2)
    dossiers = Dossier.objects.count()
    assert 22 <= dossiers <= 32
    assert f"{dossiers} dossiers" in said
    assert "mot de passe « berline »" in said
    assert "50 actes sur" in said
    assert list(verify_all()) == []
    paths = all_paths()
    assert set(Dossier.objects.order_by().values_list("path", flat=True)) == {path.key for path in paths}
    reachable = {
        str(route.status)
        for path in paths
        for step in path.steps()
        for one in step.outcomes.values()
        for route in one.routes
    }
    shown = set(Dossier.objects.order_by().values_list("status", flat=True))
    assert shown == reachable | {DossierStatus.DRAFT.value, DossierStatus.WITHDRAWN.value}

    entries, people = JournalEntry.objects.count(), User.objects.count()
    assert load_demo() == "La base contient déjà des dossiers : la démonstration n’est pas chargée.\n"
    assert (JournalEntry.objects.count(), User.objects.count()) == (entries, people)


def test_demonstration_that_breaks_off_leaves_nothing() -> None:
    seen = []

    def break_off(event: DossierMoved, **kwargs: Any) -> None:
        seen.append(event)
        if len(seen) == 10:
            raise RuntimeError("power cut")

    dossier_moved.connect(break_off)
    try:
        with pytest.raises(RuntimeError, match="power cut") as caught:
            load_demo()
    finally:
        dossier_moved.disconnect(break_off)
    assert "Local commercial de Carmaux" in caught.value.__notes__[0]
    assert not Dossier.objects.exists()
    assert not User.objects.exists()
    assert not Facility.objects.exists()
    assert not CreditMovement.objects.exists()


@pytest.mark.parametrize("force", [False, True])
def test_production_refuses_the_demonstration(settings: Any, force: bool) -> None:
    settings.BERLINE_PRODUCTION = True
    with pytest.raises(CommandError, match="ne se charge pas en production"):
        load_demo(force=force)
    assert not User.objects.exists()


def test_other_database_than_the_embedded_one_asks_for_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(connection.settings_dict, "EMBEDDED", raising=False)
    with pytest.raises(CommandError, match="DATABASE_URL"):
        load_demo(force=False)
    assert not User.objects.exists()


def test_account_that_bears_a_name_of_the_demonstration_stops_it() -> None:
    create_person(username="dg.canssm", display_name="DG", email="", password=None, created_by=None)
    with pytest.raises(CommandError, match=r"dg\.canssm"):
        load_demo()
    assert not Dossier.objects.exists()


def test_clock_before_the_demonstration_is_refused() -> None:
    with clock.at(datetime(2015, 6, 1, 9, tzinfo=UTC)), pytest.raises(CommandError, match="Réglez l’horloge"):
        load_demo()
    assert not User.objects.exists()
