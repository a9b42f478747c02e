"""``/oeuvres/``: list, search, file, one œuvre and what is done there, a new one; outsiders see nothing."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import clock
from cases.finess import finess_key
from cases.models import Facility, FacilityProfessional, Organisation
from cases.register_terms import ApprovalState, FacilityKind
from cases.services import adhere, move_approval
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db

FINESS = "62001234" + finess_key("62001234")


def oeuvre(cast: Cast, code: str, name: str, town: str, *, body: str = "carmi-npdc", **more: Any) -> Facility:
    """A row of the register."""
    return Facility.objects.create(
        code=code, name=name, town=town, organisation=cast.body[body], **({"kind": FacilityKind.OTHER} | more)
    )


def three(cast: Cast) -> list[Facility]:
    """Two œuvres of one body, one of another."""
    return [
        oeuvre(
            cast,
            "npdc-lens",
            "Centre de santé",
            "Lens",
            finess=FINESS,
            approval="granted",
            kind="health_centre",
        ),
        oeuvre(cast, "npdc-bruay", "Pharmacie de l’Œuf", "Bruay-la-Buissière", kind="pharmacy"),
        oeuvre(cast, "est-forbach", "Centre de santé", "Forbach", body="carmi-est", kind="health_centre"),
    ]


def codes(response: Any) -> list[str]:
    """The œuvres that a list shows."""
    return [one.code for one in response.context["page"].items]


def test_list_shows_those_of_ones_bodies_in_order(cast: Cast) -> None:
    three(cast)
    agent, reviewer, expert = cast.agent, cast.reviewer, cast.auditor
    assert codes(at_the_site(agent).get("/oeuvres/")) == ["npdc-lens", "npdc-bruay"]
    for everybody in (reviewer, expert, cast.ministry, cast.secretary, cast.comptroller, cast.manager):
        assert codes(at_the_site(everybody).get("/oeuvres/")) == ["est-forbach", "npdc-lens", "npdc-bruay"]
    page = at_the_site(agent).get("/oeuvres/")
    assert "Inscrire une œuvre Importer un fichier" in words(page)
    assert "Inscrire une œuvre" not in words(at_the_site(cast.dg).get("/oeuvres/"))


def test_outsiders_learn_nothing(cast: Cast) -> None:
    three(cast)
    before = stored()
    for person in (cast.admin, cast.nobody):
        for address in ("/oeuvres/", "/oeuvres/export.xlsx", "/oeuvres/nouvelle/", "/oeuvres/npdc-lens/"):
            assert at_the_site(person).get(address).status_code == 404, (person, address)
    site = at_the_site(cast.est_agent)
    assert site.get("/oeuvres/npdc-lens/").status_code == 404
    assert site.get("/oeuvres/nowhere/").status_code == 404
    for what in ("agrement", "adhesion", "modifier", "fermeture", "professionnels"):
        assert site.post(f"/oeuvres/npdc-lens/{what}/", {}).status_code == 404, what
    assert at_the_site(cast.dg).get("/oeuvres/nouvelle/").status_code == 404
    assert "Œuvres" not in words(at_the_site(cast.admin).get("/"))
    assert stored() == before


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "62 001"}, ["npdc-lens"]),
        ({"q": FINESS}, ["npdc-lens"]),
        ({"q": "SANTÉ lens"}, ["npdc-lens"]),
        ({"q": "buissiere oeuf"}, ["npdc-bruay"]),
        ({"q": "NPDC-BRU"}, ["npdc-bruay"]),
        ({"q": "62001999"}, []),
        ({"finess": f"{FINESS[:2]} {FINESS[2:5]} {FINESS[5:8]} {FINESS[8]}"}, ["npdc-lens"]),
        ({"finess": "62"}, ["npdc-lens"]),
        ({"organisation": "carmi-est"}, ["est-forbach"]),
        ({"kind": "pharmacy"}, ["npdc-bruay"]),
        ({"approval": "granted"}, ["npdc-lens"]),
        ({"adhered": "yes"}, []),
        ({"adhered": "no", "kind": "health_centre"}, ["est-forbach", "npdc-lens"]),
        ({"active": "no"}, []),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else "",
)
def test_list_is_narrowed(cast: Cast, query: dict[str, str], found: list[str]) -> None:
    three(cast)
    page = at_the_site(cast.reviewer).get("/oeuvres/", query)
    assert (page.status_code, codes(page)) == (200, found)


def test_every_accent_is_ignored_in_what_is_typed_and_in_what_is_kept(cast: Cast) -> None:
    kept = "ÀÁÂÄÃÅÇÈÉÊËÌÍÎÏÑÒÓÔÖÕÙÚÛÜÝŸ Œsculape Æthra"
    oeuvre(cast, "accents", kept, "Lens")
    site = at_the_site(cast.agent)
    for typed in ("aaaaaaceeeeiiiinooooouuuuyy oesculape aethra", kept, kept.lower(), "LÉNS"):
        assert codes(site.get("/oeuvres/", {"q": typed})) == ["accents"], typed


def test_filters_that_are_not_understood_say_so_and_list_nothing(cast: Cast) -> None:
    three(cast)
    site = at_the_site(cast.reviewer)
    for query, said in (
        ({"kind": "castle"}, "choisissez dans la liste"),
        ({"finess": "620012340"}, "donnent la clé"),
        ({"finess": "lens"}, "Tapez les premiers caractères"),
        ({"q": "x" * 101}, "raccourcissez-le"),
        ({"cursor": "nowhere"}, "repère de page"),
    ):
        for address in ("/oeuvres/", "/oeuvres/export.xlsx"):
            if "cursor" in query and address != "/oeuvres/":
                continue
            page = site.get(address, query)
            assert page.status_code == 422, query
            assert said in words(page)
            assert page.context["page"] is None


def test_pages_follow_each_other_and_cost_the_same_whatever_their_number(cast: Cast) -> None:
    three(cast)
    site = at_the_site(cast.reviewer)
    site.get("/")  # what the first page of all asks once
    with CaptureQueriesContext(connection) as few:
        site.get("/oeuvres/")
    Facility.objects.bulk_create(
        Facility(code=f"c-{number:03d}", name="Centre", town="Lens", organisation=cast.body["carmi-npdc"])
        for number in range(120)
    )
    with CaptureQueriesContext(connection) as many:
        page = site.get("/oeuvres/")
    assert len(many) == len(few) <= 9
    seen = codes(page)
    while page.context["page"].next_cursor:
        page = site.get("/oeuvres/", {"cursor": page.context["page"].next_cursor})
        seen += codes(page)
    assert len(seen) == len(set(seen)) == 123
    assert page.context["page"].count == 123


def test_file_holds_the_selection_and_texts_are_no_formulas(cast: Cast) -> None:
    three(cast)
    oeuvre(cast, "npdc-evil", "=HYPERLINK(1)", "Lens", adhered_on=date(2015, 3, 3), approval="existing")
    response = at_the_site(cast.agent).get("/oeuvres/export.xlsx", {"q": "lens"})
    assert "oeuvres-" in response["Content-Disposition"]
    sheet = openpyxl.load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=6, values_only=True))
    assert [row[0] for row in rows] == ["npdc-evil", "npdc-lens"]
    assert rows[1][5] == FINESS
    assert rows[0][1] == "=HYPERLINK(1)"
    assert sheet["B6"].data_type == "s"
    assert str(rows[0][8])[:10] == "2015-03-03"
    assert "Œuvre : lens" in str(sheet["A2"].value)


def test_new_facility_is_entered_and_a_mistake_keeps_what_was_typed(cast: Cast) -> None:
    three(cast)
    site = at_the_site(cast.agent)
    typed = {
        "organisation": "carmi-npdc",
        "name": "Optique",
        "town": "Douai",
        "kind": "optics",
        "finess": FINESS,
        "code": "",
    }
    page = site.post("/oeuvres/nouvelle/", typed)
    assert page.status_code == 422
    assert "déjà celui de « Centre de santé (Lens) »" in words(page)
    assert b'value="Optique"' in page.content
    page = site.post("/oeuvres/nouvelle/", typed | {"finess": "", "organisation": "carmi-est"})
    assert "Choisissez un organisme dans la liste" in words(page)
    page = site.post("/oeuvres/nouvelle/", typed | {"finess": "", "code": "import"})
    assert "Un code n’a que des minuscules" in words(page)
    page = site.post("/oeuvres/nouvelle/", typed | {"finess": ""}, follow=True)
    assert page.redirect_chain == [("/oeuvres/optique-douai/", 302)]
    assert "est inscrite" in messages(page)[0]


def test_what_is_done_on_the_page_of_a_facility(cast: Cast) -> None:
    facility = three(cast)[1]
    site, today = at_the_site(cast.agent), clock.today().isoformat()
    address = f"/oeuvres/{facility.code}/"

    def do(what: str, **data: Any) -> Any:
        version = Facility.objects.get(pk=facility.pk).version
        return site.post(f"{address}{what}/", {"version": version, "on": today} | data, follow=True)

    first = site.get(address)
    assert "Enregistrez d’abord un agrément existant" in words(first)
    assert [act["title"] for act in first.context["acts"]] == [
        "Changer l’agrément",
        "Inscrire un professionnel",
        "Corriger les données",
        "Fermer l’œuvre",
    ]
    assert do("agrement", to="existing", act="Arrêté 7").redirect_chain == [(address, 302)]
    assert "L’adhésion à l’accord national est enregistrée." in messages(do("adhesion", act="Bulletin"))
    page = do("modifier", name="Pharmacie", town="Bruay", kind="pharmacy", finess=FINESS)
    assert page.status_code == 422
    assert "Numéro FINESS : Le numéro FINESS" in words(page)
    do("modifier", name="Pharmacie", town="Bruay", kind="pharmacy", finess="", motive="Erreur")
    do("professionnels", adeli="62 1 01234 5", profession="Pharmacien", since=today)
    one = FacilityProfessional.objects.get(facility=facility)
    assert "621012345" in words(site.get(address))
    do(f"professionnels/{one.pk}/depart", until=today)
    page = do("fermeture", motive="")
    assert page.status_code == 422
    assert "Motif : Indiquez pourquoi l’œuvre ferme" in words(page)
    do("fermeture", motive="Hors normes")
    page = site.get(address)
    told = words(page)
    assert page.context["acts"] == []
    for expected in (
        "Agrément : Non recensé → Existant",
        "Arrêté 7",
        "Nom : Pharmacie de l’Œuf → Pharmacie",
        "Départ d’un professionnel",
        "« Hors normes »",
        "Œuvre fermée",
        "Anne Agent, Agent préparateur — CARMI Nord-Pas-de-Calais",
    ):
        assert expected in told
    assert do("agrement", to="to_request").status_code == 422


def test_refusals_keep_the_page_and_say_why(cast: Cast) -> None:
    facility = three(cast)[0]
    site, before = at_the_site(cast.agent), stored()
    stale = site.post(
        f"/oeuvres/{facility.code}/agrement/",
        {"version": 9, "to": "to_modify", "on": clock.today().isoformat()},
    )
    assert stale.status_code == 409
    assert "a été modifiée entre-temps" in words(stale)
    nowhere = site.post(
        f"/oeuvres/{facility.code}/agrement/",
        {"version": 1, "to": "existing", "on": clock.today().isoformat()},
    )
    assert nowhere.status_code == 422
    assert "Choisissez un état dans la liste" in words(nowhere)
    to_come = (clock.today() + timedelta(days=3)).isoformat()
    later = site.post(
        f"/oeuvres/{facility.code}/adhesion/", {"version": 1, "on": to_come, "act": "Bulletin 3"}
    )
    assert later.status_code == 422
    assert "est à venir" in words(later)
    assert b'value="Bulletin 3"' in later.content
    reader = at_the_site(cast.dg)
    assert "Consultation seule" in words(reader.get(f"/oeuvres/{facility.code}/"))
    refused = reader.post(
        f"/oeuvres/{facility.code}/agrement/",
        {"version": 1, "to": "to_modify", "on": clock.today().isoformat()},
    )
    assert refused.status_code == 403
    assert stored() == before


def test_dossiers_that_name_a_facility_are_shown_to_those_who_read_them(cast: Cast) -> None:
    facility = three(cast)[0]
    named = Journey.start(cast, facilities=[facility.code]).dossier
    changed = Journey.start(cast, body="carmi-est", title="Plan de l’Est").dossier
    move_approval(facility, ApprovalState.TO_MODIFY, actor=cast.agent, on=clock.today(), dossier=changed)
    reviewer, agent = at_the_site(cast.reviewer), at_the_site(cast.agent)
    page = agent.get("/oeuvres/npdc-lens/")
    assert named.reference in words(page)
    assert changed.reference not in words(page)
    both = words(reviewer.get("/oeuvres/npdc-lens/"))
    assert named.reference in both
    assert changed.reference in both


def test_page_of_a_facility_costs_the_same_whatever_its_history(cast: Cast) -> None:
    facility = three(cast)[0]
    site = at_the_site(cast.agent)
    site.get("/")  # what the first page of all asks once
    with CaptureQueriesContext(connection) as few:
        site.get("/oeuvres/npdc-lens/")
    for state in (ApprovalState.TO_MODIFY, ApprovalState.PROVISIONAL, ApprovalState.GRANTED):
        move_approval(facility, state, actor=cast.reviewer, on=clock.today())
    adhere(facility, clock.today(), actor=cast.reviewer)
    for number in range(4):
        FacilityProfessional.objects.create(
            facility=facility, adeli=f"62101234{number}", profession="Infirmier", since=clock.today()
        )
        Journey.start(cast, facilities=[facility.code])
    with CaptureQueriesContext(connection) as many:
        site.get("/oeuvres/npdc-lens/")
    assert len(many) == len(few) <= 10
    assert Organisation.objects.count() == len(cast.body)
