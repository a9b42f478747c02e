"""A new dossier and its edition: what is understood, what is refused in place, what the simulator tells."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse

from cases.enums import Role
from cases.models import Dossier, Facility
from tests.journeys import Cast, Journey
from tests.pages import at_the_site, messages, stored, words

pytestmark = pytest.mark.django_db

NEW = "/nouveau/fnmo_investment/"
SIMULATE = "/nouveau/fnmo_investment/simuler/"


def typed(**changes: Any) -> dict[str, Any]:
    """What a person types into the form, as the browser sends it; None leaves a field out."""
    data = {
        "organisation": "carmi-npdc",
        "title": "Rénovation du centre de santé de Lens",
        "amount_ht": "25 000,50 €",
        "exercise": "2015",
        "facilities-other": "Centre de santé de Lens",
        "nature": "Travaux",
    } | changes
    return {name: value for name, value in data.items() if value is not None}


def file_it(cast: Cast, data: Mapping[str, Any], who: str = "agent") -> HttpResponse:
    return at_the_site(cast.people[who]).post(NEW, data)


def field_error(response: Any, name: str) -> str:
    """The sentences beside a field."""
    return " ".join(response.context["form"].errors.get(name, []))


@pytest.mark.parametrize(
    "amount",
    [
        "25 000,50 €",
        "25 000,50",
        "25000.50",
        "25\u00a0000,50\u00a0€",
        "25\u202f000,50\u00a0€",
        "25.000,50",
        " 25000,5 ",
        "25 000,50 EUR",
    ],
)
def test_amount_is_understood_as_people_write_it(cast: Cast, amount: str) -> None:
    response = file_it(cast, typed(amount_ht=amount))
    assert response.status_code == 302
    dossier = Dossier.objects.get()
    assert dossier.data["amount_ht"] == "25000.50"
    assert response["Location"] == f"/dossiers/{dossier.reference}/"


def test_draft_is_stored_as_typed_and_the_page_says_what_comes_next(cast: Cast) -> None:
    Facility.objects.create(
        code="cds-lens", name="Centre de santé", town="Lens", organisation=cast.body["carmi-npdc"]
    )
    client = at_the_site(cast.agent)
    response = client.post(
        NEW,
        typed(
            **{
                "facilities": ["cds-lens"],
                "facilities-other": "Maison médicale d’Avion\n\n",
                "is_restructuring": "on",
                "impact-0-gestion": "Offre de soins",
                "impact-0-year": "2016",
                "impact-0-amount": "-1 200,50 €",
                "impact-1-gestion": "",
                "impact-1-year": "",
                "impact-1-amount": "",
            }
        ),
        follow=True,
    )
    dossier = Dossier.objects.get()
    assert dossier.data == {
        "title": "Rénovation du centre de santé de Lens",
        "amount_ht": "25000.50",
        "exercise": 2015,
        "facilities": ["cds-lens", "Maison médicale d’Avion"],
        "nature": "Travaux",
        "is_restructuring": True,
        "impact": [{"gestion": "Offre de soins", "year": 2016, "amount": "-1200.50"}],
    }
    assert (dossier.created_by, dossier.organisation, dossier.status) == (
        cast.agent,
        cast.body["carmi-npdc"],
        "draft",
    )
    assert messages(response) == [
        f"Le brouillon {dossier.reference} est enregistré. Joignez les pièces, puis soumettez-le."
    ]
    page = words(response)
    assert "Centre de santé (Lens) Maison médicale d’Avion" in page
    assert "−1 200,50 €" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "", "Donnez un objet à l’opération."),
        ("title", "ab", "au moins 3 caractères"),
        ("title", "x" * 201, "au plus 200 caractères"),
        ("title", "avec\x00nul", "nul"),
        ("amount_ht", "", "Indiquez un montant, par exemple 25 000,50 €."),
        ("amount_ht", "beaucoup", "beaucoup"),
        ("amount_ht", "-5", "indiquez un montant positif"),
        ("amount_ht", "0", "supérieur à zéro"),
        ("amount_ht", "10,5555", "deux décimales"),
        ("amount_ht", "1000000000000", "vérifiez le nombre de zéros"),
        ("amount_ht", "NaN", "NaN"),
        ("exercise", "", "Choisissez l’exercice budgétaire."),
        ("exercise", "1999", "L’exercice « 1999 » n’est pas ouvert."),
        ("exercise", "abc", "L’exercice « abc » n’est pas ouvert."),
        ("facilities-other", "", "Indiquez au moins une œuvre concernée."),
        ("facilities-other", "x" * 161, "Un nom dépasse 160 caractères"),
        ("nature", "", "Indiquez la nature de l’opération"),
        ("impact-0-amount", "12", "Ligne 1, Gestion : nommez la gestion concernée."),
    ],
)
def test_bad_input_is_refused_in_place_and_nothing_is_stored(
    cast: Cast, field: str, value: str, sentence: str
) -> None:
    before = stored()
    response = file_it(cast, typed(**{field: value}))
    assert response.status_code == 422
    name = field.split("-")[0]
    assert field_error(response, name)
    assert sentence in field_error(response, name)
    content = response.content.decode()
    assert "corriger" in words(response)
    assert f'href="#id_{name}' in content  # the summary leads to the field
    if value and "\x00" not in value:
        assert value in content
    assert stored() == before


def test_all_faults_are_told_at_once_and_all_that_was_typed_stays(cast: Cast) -> None:
    response = file_it(
        cast,
        typed(
            **{
                "title": "",
                "amount_ht": "cher",
                "nature": "Mobilier",
                "is_restructuring": "on",
                "impact-0-gestion": "Soins",
                "impact-0-year": "16",
                "impact-0-amount": "abc",
            }
        ),
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"title", "amount_ht", "impact"}
    content = response.content.decode()
    for value in ('value="cher"', 'value="Mobilier"', 'value="Soins"', 'value="16"', 'value="abc"'):
        assert value in content
    assert "checked" in content
    assert "Centre de santé de Lens</textarea>" in content


def test_one_preparer_files_for_the_body_chosen_among_theirs(cast: Cast) -> None:
    cast.give(cast.agent, (Role.PREPARER, "carmi-est"))
    client = at_the_site(cast.agent)
    page = client.get(NEW).content.decode()
    assert '<option value="carmi-est"' in page
    assert client.post(NEW, typed(organisation="carmi-est")).status_code == 302
    assert Dossier.objects.get().organisation == cast.body["carmi-est"]


def test_body_that_is_not_ones_own_is_never_filed_for(cast: Cast) -> None:
    response = file_it(cast, typed(organisation="carmi-est"))
    assert response.status_code == 302
    assert Dossier.objects.get().organisation == cast.body["carmi-npdc"]
    assert '<option value="carmi-est"' not in at_the_site(cast.agent).get(NEW).content.decode()


def test_filing_without_the_role_is_refused_with_its_name(cast: Cast) -> None:
    before = stored()
    response = file_it(cast, typed(), who="dg")
    assert response.status_code == 403
    assert "« Agent préparateur »" in words(response)
    assert stored() == before


# -- edition ------------------------------------------------------------------------------------------


def test_edition_shows_what_is_stored_and_stores_the_change(cast: Cast) -> None:
    journey = Journey.start(cast)
    client = at_the_site(cast.agent)
    page = client.get(f"/dossiers/{journey.reference}/modifier/").content.decode()
    assert 'value="25\u202f000,50\u00a0€"' in page
    assert 'value="Rénovation du centre de santé de Lens"' in page
    assert "Centre de santé de Lens</textarea>" in page
    response = client.post(
        f"/dossiers/{journey.reference}/modifier/", typed(amount_ht="30 000", version=journey.dossier.version)
    )
    assert response.status_code == 302
    assert str(journey.dossier.amount_ht) == "30000.00"
    shown = words(client.get(response["Location"]))
    assert "25000.50 → 30000.00" in shown or "25 000,50 € → 30 000,00 €" in shown


def test_edition_sent_back_unchanged_writes_nothing(cast: Cast) -> None:
    journey = Journey.start(cast)
    before = stored(journey.reference)
    response = at_the_site(cast.agent).post(
        f"/dossiers/{journey.reference}/modifier/", typed(version=journey.dossier.version)
    )
    assert response.status_code == 302
    assert stored(journey.reference) == before


def test_edition_of_a_version_that_changed_keeps_the_typing_and_can_be_sent_again(cast: Cast) -> None:
    journey = Journey.start(cast)
    read = journey.dossier.version
    mine, other = at_the_site(cast.agent), at_the_site(cast.agent2)
    address = f"/dossiers/{journey.reference}/modifier/"
    assert other.post(address, typed(nature="Mobilier", version=read)).status_code == 302
    before = stored(journey.reference)
    response = mine.post(address, typed(title="Mon nouvel objet", version=read))
    assert response.status_code == 409
    assert "modifié pendant votre saisie" in words(response)
    content = response.content.decode()
    assert 'value="Mon nouvel objet"' in content
    assert stored(journey.reference) == before
    assert f'name="version" value="{journey.dossier.version}"' in content
    again = mine.post(address, typed(title="Mon nouvel objet", version=journey.dossier.version))
    assert again.status_code == 302
    assert journey.dossier.title == "Mon nouvel objet"


@pytest.mark.parametrize("version", ["", "x", "-3", "9" * 30])
def test_edition_without_a_readable_version_is_stale(cast: Cast, version: str) -> None:
    journey = Journey.start(cast)
    before = stored(journey.reference)
    response = at_the_site(cast.agent).post(
        f"/dossiers/{journey.reference}/modifier/", typed(nature="Mobilier", version=version)
    )
    assert response.status_code == 409
    assert stored(journey.reference) == before


def test_bad_edition_is_refused_in_place(cast: Cast) -> None:
    journey = Journey.start(cast)
    before = stored(journey.reference)
    response = at_the_site(cast.agent).post(
        f"/dossiers/{journey.reference}/modifier/",
        typed(amount_ht="gratuit", version=journey.dossier.version),
    )
    assert response.status_code == 422
    assert 'value="gratuit"' in response.content.decode()
    assert stored(journey.reference) == before


@pytest.mark.parametrize("who", ["director", "reviewer", "auditor"])
def test_edition_is_for_those_who_prepare(cast: Cast, who: str) -> None:
    journey = Journey.start(cast)
    before = stored(journey.reference)
    client = at_the_site(cast.people[who])
    for response in (
        client.get(f"/dossiers/{journey.reference}/modifier/"),
        client.post(f"/dossiers/{journey.reference}/modifier/", typed(version="1")),
    ):
        assert response.status_code == 302
        assert response["Location"] == f"/dossiers/{journey.reference}/"
    assert messages(client.get(f"/dossiers/{journey.reference}/"))[-1] == (
        "Ce dossier ne se modifie pas dans son état, ou pas par vous."
    )
    assert stored(journey.reference) == before


def test_edition_ends_when_the_dossier_leaves_the_hands_of_the_submitter(cast: Cast) -> None:
    journey = Journey.at(cast, "submitted")
    before = stored(journey.reference)
    response = at_the_site(cast.agent).post(
        f"/dossiers/{journey.reference}/modifier/", typed(nature="Mobilier", version=journey.dossier.version)
    )
    assert response.status_code == 302
    assert stored(journey.reference) == before
    page = at_the_site(cast.agent).get(f"/dossiers/{journey.reference}/").content.decode()
    assert "/modifier/" not in page


# -- simulator ----------------------------------------------------------------------------------------


def simulated(cast: Cast, data: Mapping[str, Any], *, htmx: bool, address: str = SIMULATE) -> HttpResponse:
    headers = {"HX-Request": "true"} if htmx else {}
    return at_the_site(cast.agent).post(address, data, headers=headers)


@pytest.mark.parametrize("htmx", [True, False])
def test_simulation_tells_route_pieces_delays_and_decider_with_quotes(cast: Cast, htmx: bool) -> None:
    before = stored()
    response = simulated(cast, {"amount_ht": "20 000,01"}, htmx=htmx)
    assert response.status_code == 200
    page = words(response)
    for text in (
        "20 000,01 € HT",
        "Directeur général",
        "Note de présentation exigée",
        "Dossier économique non exigée ici",
        "Instruire le dossier",
        "15 jours ouvrés",
        "supérieur à 20000 € HT",
        "fnmo.investment.note",
    ):
        assert text in page, text
    assert stored() == before


def test_simulation_for_htmx_is_the_panel_alone(cast: Cast) -> None:
    part = simulated(cast, {"amount_ht": "12000"}, htmx=True).content.decode()
    assert "<html" not in part
    assert "<form" not in part
    whole = simulated(cast, {"amount_ht": "12000"}, htmx=False).content.decode()
    assert "<html" in whole
    assert 'name="amount_ht"' in whole


def test_simulation_at_the_threshold_is_a_dispense(cast: Cast) -> None:
    page = words(simulated(cast, {"amount_ht": "20 000,00 €"}, htmx=True))
    assert "aucune validation préalable" in page
    assert "Instruire le dossier" not in page
    assert "Note de présentation non exigée ici" in page


def test_simulation_of_a_restructuring_asks_for_the_economic_file(cast: Cast) -> None:
    page = words(simulated(cast, {"amount_ht": "90000", "is_restructuring": "on"}, htmx=True))
    assert "Dossier économique exigée" in page
    assert "trois années" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_simulation_without_amount_asks_for_it(cast: Cast, htmx: bool) -> None:
    page = words(simulated(cast, {"title": "Sans montant"}, htmx=htmx))
    assert "Pour simuler, corrigez d’abord" in page
    assert "Montant HT de l’opération : Indiquez un montant" in page


def test_whole_page_of_a_simulation_keeps_the_typing_without_judging_it(cast: Cast) -> None:
    response = simulated(
        cast,
        typed(
            **{
                "title": "",
                "nature": "",
                "amount_ht": "48 000",
                "impact-0-gestion": "Soins",
                "impact-0-year": "2016",
                "impact-0-amount": "-1 200,50",
            }
        ),
        htmx=False,
    )
    content = response.content.decode()
    assert "Donnez un objet" not in content
    for value in (
        'value="48 000"',
        'value="Soins"',
        'value="-1 200,50"',
        "Centre de santé de Lens</textarea>",
    ):
        assert value in content, value


def test_simulation_names_the_dossiers_of_a_possible_split_with_links(cast: Cast) -> None:
    other = Journey.start(cast, "15000").follow("prepare.submit", "sign_off.transmit")
    page = simulated(cast, typed(amount_ht="15 000"), htmx=True)
    assert "Fractionnement possible" in words(page)
    link = f'<a class="reference" href="/dossiers/{other.reference}/">{other.reference}</a>'
    assert link in page.content.decode()


def test_simulation_of_an_edition_leads_back_to_the_dossier(cast: Cast) -> None:
    journey = Journey.start(cast)
    response = simulated(
        cast,
        typed(amount_ht="12 000", version=journey.dossier.version),
        htmx=False,
        address=f"{SIMULATE}?dossier={journey.reference}",
    )
    content = response.content.decode()
    assert f'action="/dossiers/{journey.reference}/modifier/"' in content
    assert f'name="version" value="{journey.dossier.version}"' in content


def test_simulation_needs_the_role(cast: Cast) -> None:
    response = at_the_site(cast.dg).post(SIMULATE, {"amount_ht": "1"})
    assert response.status_code == 403
