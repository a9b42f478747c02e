"""``/patrimoine/``: who opens it, what it lists, entering, changing and moving a building from the page."""

import html
import re
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases.enums import Role
from cases.models import Property
from cases.register_terms import PropertyState
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words
from tests.properties import building, empty, move, put_on_sale, sell

LIST = reverse("properties")


def page_of(code: str) -> str:
    return reverse("property", args=[code])


def typed(**more: Any) -> dict[str, Any]:
    """What a clerk types for a new building."""
    return {
        "code": "lens-annexe",
        "name": "Annexe de Lens",
        "town": "Lens",
        "use": "administrative",
        "organisation": "carmi-npdc",
        "fund": "FNGA",
        "surface": "1 250,5",
        "occupation": "occupied",
        "net_book_value": "25 000,50 €",
        "book_value_on": "31/12/2014",
        "future": "keep",
    } | more


def test_each_role_sees_its_buildings_and_outsiders_none(cast: Cast) -> None:
    building(cast, "npdc")
    building(cast, "est", body="carmi-est")
    building(cast, "siege", body="canssm")
    expert = cast.person("expert", (Role.EXPERT, "ca"))
    every = ["est", "npdc", "siege"]
    expected = {
        **dict.fromkeys(("agent", "carmi_manager"), ["npdc"]),
        "est_director": ["est"],
        **dict.fromkeys(("reviewer", "accountant", "auditor", "ministry", "secretary", "comptroller"), every),
    }
    for username, codes in expected.items():
        client = at_the_site(cast.people[username])
        page = client.get(LIST)
        assert [one.code for one in page.context["page"].items] == codes, username
        assert client.get(page_of("npdc")).status_code == (200 if "npdc" in codes else 404), username
        assert ("Inscrire un bien" in words(page)) == (username == "reviewer")
        assert client.get(reverse("property_new")).status_code == (200 if username == "reviewer" else 404)
    for user in (cast.admin, cast.nobody, expert):
        client = at_the_site(user)
        for address in (LIST, page_of("npdc"), reverse("property_boards"), reverse("properties_xlsx")):
            assert client.get(address).status_code == 404
    tab = f'href="{LIST}"'
    assert tab in at_the_site(cast.ministry).get(reverse("home")).content.decode()
    assert tab not in at_the_site(expert).get(reverse("home")).content.decode()
    assert at_the_site(None).get(LIST).status_code == 302


def test_a_building_is_entered_changed_and_declared_vacant(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    answer = client.post(reverse("property_new"), typed(), follow=True)
    assert answer.redirect_chain == [(page_of("lens-annexe"), 302)]
    assert messages(answer) == ["« lens-annexe — Annexe de Lens (Lens) » est inscrit au registre."]
    made = Property.objects.get()
    assert (made.surface, made.net_book_value, made.state) == (
        *(Decimal("1250.50"), Decimal("25000.50")),
        "in_use",
    )
    form_page = client.get(reverse("property_change", args=[made.code]))
    assert 'value="1250,50"' in form_page.content.decode()
    change = typed(name="Annexe rénovée", motive="Travaux", version="1")
    answer = client.post(reverse("property_change", args=[made.code]), change, follow=True)
    assert "Annexe rénovée" in words(answer)
    assert "Désignation Annexe de Lens → Annexe rénovée" in words(answer)
    stale = client.post(reverse("property_change", args=[made.code]), change | {"name": "X"})
    assert stale.status_code == 409
    assert "Cette fiche a changé depuis que vous l’avez ouverte" in words(stale)
    assert 'value="X"' in stale.content.decode()
    answer = client.post(
        reverse("property_move", args=[made.code]),
        {"to": "vacant", "motive": "Départ", "version": "2"},
        follow=True,
    )
    assert "Utilisé devient Vacant" in words(answer)
    made.refresh_from_db()
    assert (made.state, made.vacant_surface) == ("vacant", Decimal("1250.50"))


def test_a_mistake_keeps_what_was_typed_and_writes_nothing(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    building(cast)
    before = stored()
    for wrong, sentence in (
        ({"surface": "1.250"}, "Écrivez la surface en m²"),
        ({"net_book_value": "25.000"}, "peut se lire de deux façons"),
        ({"code": "lens-bureaux"}, "déjà celui d’un bien"),
        ({"code": "Nouveau"}, "minuscules sans accents"),
        ({"occupation": "partly", "vacant_surface": ""}, "Un bien occupé en partie a une surface vacante"),
        ({"organisation": "dss"}, "Choisissez le propriétaire dans la liste"),
        ({"market_value": "12 000"}, "Indiquez qui a estimé la valeur de marché"),
    ):
        answer = client.post(reverse("property_new"), typed(**wrong))
        assert answer.status_code == 422
        assert sentence in words(answer), wrong
        assert "Annexe de Lens" in answer.content.decode()
    for data in (
        {"to": "sold", "motive": "M", "version": "1"},
        {"to": "proposed", "motive": "M", "version": "1"},
        {"to": "vacant", "motive": "", "version": "1"},
        {"to": "burnt", "motive": "M", "version": "1"},
        {"to": "vacant", "motive": "M", "version": ""},
    ):
        answer = client.post(reverse("property_move", args=["lens-bureaux"]), data)
        assert answer.status_code == 422, data
    assert "déposez une « Cession immobilière »" in words(
        client.post(
            reverse("property_move", args=["lens-bureaux"]), {"to": "proposed", "motive": "M", "version": "1"}
        )
    )
    assert stored() == before
    agent = at_the_site(cast.agent)
    for name in ("property_change", "property_move"):
        assert agent.post(reverse(name, args=["lens-bureaux"]), {}).status_code == 404
    assert stored() == before


def test_filters_order_and_pages_are_bookmarkable(cast: Cast) -> None:
    building(cast, "lens", name="Bureaux de Liévin", town="Liévin")
    building(cast, "forbach", body="carmi-est", town="Forbach", **empty("90.00"))
    building(
        cast, "logement", use="housing", fund="FNASS", health_housing=True, surface=Decimal(70), future="sell"
    )
    client = at_the_site(cast.reviewer)

    def codes(**asked: str) -> list[str]:
        return [one.code for one in client.get(LIST, asked).context["page"].items]

    assert codes() == ["forbach", "lens", "logement"]
    assert codes(sort="surface") == ["lens", "forbach", "logement"]
    assert codes(q="lievin BUREAUX") == ["lens"]
    assert codes(q="50%") == []
    assert codes(use="housing") == codes(fund="FNASS") == codes(future="sell") == ["logement"]
    assert codes(owner="carmi-est") == codes(state="vacant") == ["forbach"]
    page = client.get(LIST, {"state": "vacant"})
    assert [one["count"] for one in page.context["views"]][:3] == [3, 2, 1]
    assert page.context["page"].count == 1
    assert "Aucun bien ne répond à ces critères" in words(client.get(LIST, {"q": "rien"}))
    for wrong in ({"use": "castle"}, {"state": "x"}, {"sort": "y"}, {"cursor": "nulle-part"}):
        refused = client.get(LIST, wrong)
        assert refused.status_code == 422
        assert "rien n’est affiché" in words(refused)
    assert "Aucun bien pour le moment" in words(
        at_the_site(cast.person("new", (Role.MANAGER, "ca"))).get(LIST)
    )


def test_pages_cost_the_same_for_three_and_three_hundred(cast: Cast) -> None:
    client = at_the_site(cast.reviewer)
    dossier = Journey.start(cast).dossier
    on_sale = put_on_sale(cast, dossier, "vente-1", **empty())

    def cost(address: str, **asked: str) -> int:
        with CaptureQueriesContext(connection) as statements:
            assert client.get(address, asked).status_code == 200
        return len(statements)

    building(cast, "a-1")
    building(cast, "a-2")
    addresses = [(LIST, {}), (LIST, {"sort": "surface", "cursor": "a-1"}), (reverse("property_boards"), {})]
    addresses += [(page_of("vente-1"), {})]
    client.get(LIST)  # what is read once for a process
    few = [cost(address, **asked) for address, asked in addresses]
    for _ in range(3):
        on_sale = move(
            on_sale, PropertyState.WITHDRAWN, PropertyState.PROPOSED, PropertyState.ON_SALE, dossier=dossier
        )
    model = Property.objects.get(code="a-1")
    Property.objects.bulk_create(
        Property(
            **{f.attname: getattr(model, f.attname) for f in Property._meta.concrete_fields[1:]}
            | {"code": f"b-{n}"}
        )
        for n in range(300)
    )
    assert [cost(address, **asked) for address, asked in addresses] == few
    assert max(few) <= 12, few
    first = client.get(LIST).context["page"]
    assert (first.count, len(first.items)) == (303, 50)
    second = client.get(LIST, {"cursor": first.next_cursor}).context["page"]
    assert second.items[0].code > first.items[-1].code
    seen, cursor = 0, ""
    while True:
        page = client.get(LIST, {"sort": "surface", "cursor": cursor}).context["page"]
        seen, cursor = seen + len(page.items), page.next_cursor
        if not cursor:
            break
    assert seen == 303


def test_the_page_of_a_sold_building_shows_its_sale_and_offers_no_act(cast: Cast) -> None:
    journey = Journey.start(cast)
    sell(put_on_sale(cast, journey.dossier), journey.dossier, cast)
    page = at_the_site(cast.reviewer).get(page_of("lens-bureaux"))
    said = words(page)
    assert "Différence 80 000,00 €" in said
    assert "Commune de Lens" in said
    assert "En vente devient Vendu" in said
    assert "n’est pas encore affecté" in said
    assert "Changer la situation" not in said
    assert "Modifier la fiche" not in said
    assert reverse("dossier", args=[journey.reference]) in page.content.decode()
    other = at_the_site(cast.ministry).get(page_of("lens-bureaux"))
    assert journey.reference in words(other)
    assert reverse("dossier", args=[journey.reference]) not in other.content.decode()
    client = at_the_site(cast.reviewer)
    change = typed(motive="M", version=str(Property.objects.get().version))
    refused = client.post(reverse("property_change", args=["lens-bureaux"]), change)
    assert refused.status_code == 422
    assert "est vendu : sa fiche ne change plus" in words(refused)


def test_a_disposal_is_proposed_by_the_people_of_the_owner(cast: Cast) -> None:
    building(cast)
    building(cast, "siege", body="canssm")
    building(cast, "logement", use="housing", health_housing=True)
    put_on_sale(cast, Journey.start(cast).dossier, "en-vente")
    offered = {
        code: [
            one.username
            for one in (cast.agent, cast.director, cast.reviewer, cast.dg)
            if "Proposer à la vente" in words(at_the_site(one).get(page_of(code)))
        ]
        for code in ("lens-bureaux", "logement", "en-vente")
    }
    assert offered == {"lens-bureaux": ["agent"], "logement": [], "en-vente": []}
    page = at_the_site(cast.reviewer).get(page_of("siege"))
    (address,) = re.findall(r'href="([^"]*property=siege[^"]*)"', page.content.decode())
    filing = at_the_site(cast.reviewer).get(html.unescape(address))
    assert filing.status_code == 200
    assert '<option value="siege" selected' in filing.content.decode()
