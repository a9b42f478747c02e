"""Imports in a browser: no fault that axe finds, nothing sticks out at 360 px, loaded without JavaScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from cases.models import Property, RegisterImport
from cases.services.imports import load_import
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.imports import building, preview, table
from tests.journeys import Cast

Open = Callable[..., Person]
LONG = "anticonstitutionnellement" * 4


@pytest.fixture
def imports(cast: Cast) -> dict[str, str]:
    """Imports with faults, to be confirmed with changes, loaded."""
    with transaction.atomic():
        loaded = preview(cast.reviewer, [building("a", Adresse=LONG), building("b")])
        load_import(public_id=loaded.public_id, actor=cast.reviewer)
        waiting = preview(cast.reviewer, [building("a", Adresse=""), building("c", Adresse=LONG)])
        faulty = preview(cast.reviewer, [building(LONG[:39], Usage=LONG, Fonds="?"), building("é")])
    found = {"charge": loaded, "a-confirmer": waiting, "erreurs": faulty}
    return {name: f"/imports/{one.public_id}/" for name, one in found.items()}


def test_imports_have_no_fault_and_do_not_scroll_sideways(
    imports: dict[str, str], person: Open, watch: Watch
) -> None:
    reviewer = person("reviewer")
    pages = {"patrimoine-import": "/patrimoine/import/", "oeuvres-import": "/oeuvres/import/"}
    faults = {}
    for name, address in (pages | {f"import-{name}": address for name, address in imports.items()}).items():
        reviewer.go(address)
        if found := look(reviewer, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_file_is_imported_on_a_phone_without_javascript(cast: Cast, person: Open, tmp_path: Path) -> None:
    file = tmp_path / "registre.xlsx"
    file.write_bytes(table([building("a"), building("b")]).read())
    reviewer = person("reviewer", script=False, viewport=NARROW)
    reviewer.go("/patrimoine/")
    reviewer.link("Importer un fichier").click()
    reviewer.page.locator("input[type=file]").set_input_files(str(file))
    reviewer.button("Lire le fichier").click()
    reviewer.sees("À inscrire")
    reviewer.button("Charger dans le registre").click()
    reviewer.sees("est chargé")
    assert Property.objects.count() == 2
    assert RegisterImport.objects.get().state == "loaded"
