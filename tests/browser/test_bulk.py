"""Acts on many dossiers and a queue shared out, in a browser: axe, 360 px, without JavaScript, and kept up to date."""

from collections.abc import Callable

from playwright.sync_api import expect

from cases.models import BulkRun
from tests.browser.people import NARROW, Person, Watch
from tests.browser.test_accessibility import look
from tests.journeys import Cast, Journey
from workflows.services import claim, run_due

Open = Callable[..., Person]
QUEUE = "/charge/repartition/?role=reviewer&body=canssm&path=fnmo_investment&step=check"


def test_pages_have_no_fault_and_the_progress_keeps_itself_up_to_date(
    cast: Cast, person: Open, watch: Watch
) -> None:
    watch.allow(422)
    journeys = [Journey.at(cast, "under_review") for _ in range(3)]
    claim(task_id=journeys[0].task.pk, actor=cast.reviewer2)
    faults: dict[str, list[str]] = {}

    def seen(someone: Person, name: str) -> None:
        if found := look(someone, name):
            faults[name] = found

    desk = person("reviewer")
    desk.go("/taches/?tout=1")
    seen(desk, "taches-cochees")
    desk.button("Agir sur les dossiers cochés").click()
    desk.sees("3 dossiers choisis")
    seen(desk, "lot-choisir")
    desk.button("Demander un complément").click()
    desk.sees("Seraient traités : 2")
    seen(desk, "lot-prevision")
    desk.button("Un motif par dossier").click()
    seen(desk, "lot-motifs")
    desk.button("Demander un complément : lancer le lot").click()
    desk.sees("demande un motif")
    seen(desk, "lot-refuse")
    desk.field("Motif des dossiers qui n’ont pas le leur").fill("Le devis manque.")
    desk.button("Demander un complément : lancer le lot").click()
    desk.sees("vous pouvez rappeler ce lot jusqu’à")
    seen(desk, "lot-attente")
    BulkRun.objects.update(starts_at="2015-01-01T00:00Z")
    run_due()
    expect(desk.page.get_by_role("heading", name="Terminé")).to_be_visible(timeout=15_000)  # by itself
    seen(desk, "lot-termine")
    desk.go("/lots/")
    seen(desk, "lots")
    manager = person("manager")
    manager.go("/charge/repartition/")
    seen(manager, "repartition-choix")
    manager.link("Instruire le dossier").click()
    manager.button("Proposer une répartition").click()
    manager.sees("Rien à déplacer")
    seen(manager, "repartition")
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_clerk_and_manager_do_it_without_javascript_on_a_narrow_screen(cast: Cast, person: Open) -> None:
    journeys = [Journey.at(cast, "under_review") for _ in range(3)]
    manager = person("manager", script=False, viewport=NARROW)
    manager.go(QUEUE)
    manager.button("Proposer une répartition").click()
    manager.field("Motif").fill("Retour de congé")
    manager.button("Répartir 3 tâches").click()
    run_due()
    manager.link("Actualiser").click()
    manager.sees("3 dossiers sur 3")
    assert {str(one.task.owner) for one in journeys} == {"Irène Instructrice", "Igor Instructeur"}
    desk = person("reviewer", script=False, viewport=NARROW)
    desk.go("/taches/?mine=1")
    desk.link("Tout cocher").click()
    desk.button("Agir sur les dossiers cochés").click()
    desk.button("Dossier complet : proposer à la décision").click()
    desk.button("Dossier complet : proposer à la décision : lancer le lot").click()
    desk.button("Rappeler ce qui n’est pas fait").click()
    desk.sees("rappelé")
    assert {one.status for one in journeys} == {"under_review"}
