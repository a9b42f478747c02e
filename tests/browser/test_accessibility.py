"""Every page, on a wide screen and on a phone: axe-core finds nothing, nothing sticks out, print hides nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from cases import clock
from cases.services import declare_absence
from tests.browser.people import NARROW, WIDE, Person, Watch
from tests.delegations import given
from tests.journeys import Cast, Journey, file, impact
from workflows.services import link_dossiers, post_message, post_note

Open = Callable[..., Person]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}

#: Name → who looks → at which address. ``{status}`` stands for the reference of a dossier at that status.
PAGES: tuple[tuple[str, str | None, str], ...] = (
    ("connexion", None, "/compte/login/"),
    ("mot-de-passe-oublie", None, "/compte/password/reset/"),
    ("deconnexion", "agent", "/compte/logout/"),
    ("mot-de-passe", "agent", "/compte/password/change/"),
    ("second-facteur", "agent", "/compte/2fa/"),
    ("accueil-agent", "agent", "/"),
    ("accueil-dg", "dg", "/"),
    ("accueil-sans-role", "nobody", "/"),
    ("taches", "reviewer", "/taches/"),
    ("taches-vides", "ministry", "/taches/"),
    ("recherche", "auditor", "/dossiers/"),
    ("recherche-vide", "agent", "/dossiers/?q=introuvable"),
    ("recherche-mots", "agent", "/dossiers/?q=note&holder=free&sort=-amount"),
    ("recherche-refusee", "agent", "/dossiers/?q=lens&amount_from=abc"),
    ("vues", "agent", "/vues/"),
    ("nouveau", "agent", "/nouveau/"),
    ("modifier", "agent", "/dossiers/{draft}/modifier/"),
    ("brouillon", "agent", "/dossiers/{draft}/"),
    ("brouillon-directeur", "director", "/dossiers/{draft}/"),
    ("soumis", "director", "/dossiers/{submitted}/"),
    ("instruction", "reviewer", "/dossiers/{under_review}/"),
    ("a-completer", "agent", "/dossiers/{to_complete}/"),
    ("a-decider", "dg", "/dossiers/{awaiting_decision}/"),
    ("valide", "director", "/dossiers/{approved}/"),
    ("dispense", "director", "/dossiers/{dispensed}/"),
    ("refuse", "agent", "/dossiers/{refused}/"),
    ("clos", "auditor", "/dossiers/{closed}/"),
    ("pilotage", "manager", "/dossiers/{under_review}/"),
    ("charge", "manager", "/charge/"),
    ("charge-vide", "manager", "/charge/?step=introuvable"),
    (
        "charge-file",
        "manager",
        "/charge/file/?role=reviewer&body=canssm&path=fnmo_investment&step=check",
    ),
    ("avis", "agent", "/avis/"),
    ("preferences", "agent", "/avis/preferences/"),
    ("envois", "admin", "/envois/"),
    ("envois-sans-adresse", "admin", "/envois/?vue=sans-adresse"),
    ("abonnements", "admin", "/abonnements/"),
    ("abonnement-nouveau", "admin", "/abonnements/nouveau/"),
    ("roles", "admin", "/roles/"),
    ("personne", "admin", "/personnes/agent/"),
    ("personne-nouvelle", "admin", "/personnes/nouvelle/"),
    ("raccourcis", "agent", "/raccourcis/"),
    ("aide", "agent", "/aide/"),
    ("aide-page", "agent", "/aide/?page=queue"),
    ("aide-document", "manager", "/aide/tutelle/"),
    ("motifs", "reviewer", "/motifs/"),
    ("motif-nouveau", "reviewer", "/motifs/nouveau/"),
    ("versions", "agent", "/dossiers/{under_review}/pieces/presentation_note/versions/"),
    ("delegations", "dg", "/delegations/"),
    ("delegations-suivies", "manager", "/delegations/"),
    ("delegation-nouvelle", "dg", "/delegations/nouvelle/"),
    ("delegations-aujourdhui", "dg", "/delegations/aujourdhui/"),
    ("absences-calendrier", "manager", "/absences/calendrier/"),
    ("dossier-par-delegation", "accountant", "/dossiers/{awaiting_decision}/"),
    ("introuvable", "agent", "/dossiers/FNMO-2015-9999/"),
)


def dossiers(cast: Cast) -> dict[str, str]:
    """A dossier at each status, with long words, a split warning, impact rows and a late deadline."""
    found = {"draft": Journey.start(cast, pieces=(), title="Fauteuils dentaires").reference}
    for status in ("submitted", "to_complete", "awaiting_decision", "approved", "refused", "closed"):
        found[status] = Journey.at(
            cast,
            status,
            "1234567.89",
            facilities=["cds-lens"],
            title=f"Réaménagement interdépartemental de l’accueil ({status})",
        ).reference
    with clock.at(clock.now().replace(month=1, day=12)):
        found["under_review"] = (
            Journey.start(
                cast,
                "48000",
                is_restructuring=True,
                facilities=["cds-lens", "cds-lievin", "Maison médicale d’Avion"],
                impact=impact(2016, 2017, 2018) + impact(2016, 2017, 2018, gestion="Soins infirmiers"),
                pieces=("presentation_note", "economic_file"),
                title="Regroupement des centres de santé de Lens et de Liévin",
            )
            .follow("prepare.submit", "sign_off.transmit")
            .reference
        )
    found["dispensed"] = (
        Journey.start(cast, "19999.99", facilities=["cds-lievin"], title="Échographe")
        .follow("prepare.submit", "sign_off.transmit")
        .reference
    )
    exchanged(cast, found["under_review"], found["refused"])
    given(cast, cast.accountant, ceiling="9000000", paths=("fnmo_investment", "virement"), act="A" * 120)
    declare_absence(
        user=cast.accountant,
        first_day=clock.today(),
        last_day=clock.today(),
        deputy=None,
        declared_by=cast.accountant,
    )
    return found


def exchanged(cast: Cast, reference: str, other: str) -> None:
    """A message with a file and a note on a dossier, and a link to another."""
    long = "Anticonstitutionnellement" * 4
    post_message(
        reference=reference, text=f"Le devis est-il à jour ?\n\n{long}", actor=cast.agent, files=[file()]
    )
    post_note(reference=reference, text="À rapprocher du dossier de 2013.", actor=cast.dg)
    link_dossiers(reference=reference, other=other, kind="same_operation", actor=cast.reviewer)


@pytest.fixture
def windows(
    chrome: Browser, server: LiveServer, cast: Cast, watch: Watch
) -> Iterator[Callable[[str | None], Person]]:
    """One window for each person, kept from page to page."""
    opened: dict[str | None, Person] = {}

    def window(username: str | None) -> Person:
        if username not in opened:
            user = cast.people[username] if username else None
            opened[username] = Person(chrome, server.url, watch, user)
        return opened[username]

    yield window
    for one in opened.values():
        one.close()


def violations(someone: Person) -> list[str]:
    """What axe-core finds, in a line each."""
    page = someone.page
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {violation['help']} — {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def sticking_out(someone: Person) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = someone.page.evaluate(
        """() => {
          const root = document.scrollingElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const out = [...document.querySelectorAll("body *")].filter(
            (one) => one.getBoundingClientRect().right > root.clientWidth + 0.5);
          const tags = out.slice(-3).map((one) => one.outerHTML.slice(0, 120));
          return [`${root.scrollWidth} > ${root.clientWidth}`, ...tags];
        }"""
    )
    return found


def unfold(someone: Person) -> None:
    """Open everything that is folded."""
    someone.page.evaluate(
        "document.querySelectorAll('details').forEach(one => { one.open = !('menu' in one.dataset); })"
    )


def look(someone: Person, name: str) -> list[str]:
    """What is wrong with the page, wide and narrow, folded and unfolded; keeps a picture of each."""
    found = []
    for size in (WIDE, NARROW):
        someone.page.set_viewport_size(size)
        someone.shoot(f"{name}-{size['width']}")
        found += [f"{size['width']} px: {fault}" for fault in sticking_out(someone)]
    unfold(someone)
    for size in (NARROW, WIDE):
        someone.page.set_viewport_size(size)
        found += [
            f"{size['width']} px, unfolded: {fault}" for fault in sticking_out(someone) + violations(someone)
        ]
    return found


def test_no_page_has_a_fault_that_axe_finds_nor_scrolls_sideways(
    cast: Cast, windows: Callable[[str | None], Person], watch: Watch
) -> None:
    watch.allow(404)
    references = dossiers(cast)
    faults: dict[str, list[str]] = {}
    for name, who, address in PAGES:
        someone = windows(who)
        someone.go(address.format(**references))
        if found := look(someone, name):
            faults[name] = found
    assert not faults, "\n".join(f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items())


def test_pages_after_a_refusal_or_a_simulation_have_no_fault_either(
    cast: Cast, windows: Callable[[str | None], Person], watch: Watch
) -> None:
    watch.allow(422)
    journey = Journey.at(cast, "approved", facilities=["cds-lens"])
    faults: dict[str, list[str]] = {}
    agent = windows("agent")
    agent.go("/nouveau/fnmo_investment/")
    agent.field("Montant HT de l’opération").fill("90 000")
    agent.field("L’opération est liée à une restructuration").check()
    agent.page.get_by_role("heading", name="Le circuit, étape par étape").wait_for()
    faults["simulation"] = look(agent, "simulation")
    agent.button("Enregistrer le brouillon").click()
    agent.page.get_by_role("alert").wait_for()
    faults["saisie-refusee"] = look(agent, "saisie-refusee")
    director = windows("director")
    director.go(f"/dossiers/{journey.reference}/")
    director.act(
        "Enregistrer l’engagement",
        {"Date de l’engagement": clock.today().isoformat(), "Montant engagé HT": "99 000"},
    )
    director.page.get_by_role("alert").wait_for()
    faults["acte-bloque"] = look(director, "acte-bloque")
    visitor = windows(None)
    visitor.go("/")
    visitor.log_in("agent", "faux")
    visitor.page.get_by_role("alert").wait_for()
    faults["connexion-refusee"] = look(visitor, "connexion-refusee")
    assert not any(faults.values()), "\n".join(
        f"{name}:\n  " + "\n  ".join(lines) for name, lines in faults.items() if lines
    )


def test_the_instruments_see_a_fault_that_is_there(cast: Cast, person: Open, watch: Watch) -> None:
    visitor = person(None, viewport=NARROW)
    visitor.go("/compte/login/")
    assert not violations(visitor) + sticking_out(visitor)
    visitor.page.evaluate(
        """() => {
          document.body.append(document.createElement("img"));
          const wide = document.createElement("p");
          wide.textContent = "Ausculter".repeat(90);
          document.body.append(wide);
          const pale = document.createElement("p");
          pale.textContent = "pâle";
          pale.setAttribute("class", "text-warning bg-white");
          document.querySelector("main").append(pale);
        }"""
    )
    found = " ".join(violations(visitor))
    assert "image-alt" in found
    assert "color-contrast" in found
    assert "> 360" in " ".join(sticking_out(visitor))
    visitor.page.evaluate("fetch('https://ailleurs.example/').catch(() => {})")
    visitor.page.evaluate("document.body.setAttribute('style', 'color: red')")
    visitor.page.wait_for_timeout(200)
    complaints = " ".join(watch.complaints)
    assert "CSP: style-src-attr" in complaints
    assert "connect-src" in complaints
    watch.complaints.clear()


def test_printed_dossier_keeps_its_content_and_drops_what_paper_cannot_do(cast: Cast, person: Open) -> None:
    journey = Journey.at(cast, "approved", facilities=["cds-lens"])
    director = person("director")
    director.go(f"/dossiers/{journey.reference}/")
    director.page.emulate_media(media="print")
    for heading in ("Où en est le dossier", "Données", "Pièces", "Décisions", "Délais", "Journal"):
        assert director.page.get_by_role("heading", name=heading, exact=True).is_visible(), heading
    for text in (journey.reference, "25 000,50 €", "Centre de santé de Lens (Lens)", "Gilles Général"):
        director.sees(text)
    assert not director.button("Enregistrer l’engagement").is_visible()
    assert not director.page.get_by_role("navigation", name="Navigation principale").is_visible()
    director.shoot("impression")
