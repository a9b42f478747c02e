"""Disposals on the screen and over the API: the form offers one's own buildings, the dossier shows what the decider
should see.
"""

import pytest
from django.urls import reverse

from cases import clock
from cases.models import Dossier
from tests.api_client import Api
from tests.journeys import Cast
from tests.pages import at_the_site, words
from tests.property_journeys import NOW, ON_SALE, SALE, TO_DECISION, PropertyJourney, disposal, vacant
from workflows.engine import property_forms

pytestmark = pytest.mark.django_db


def test_form_offers_the_buildings_of_ones_own_body(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    vacant(cast)
    vacant(cast, "est-lens", body="carmi-est")
    client = at_the_site(cast.agent)
    address = reverse("dossier_new_path", args=["property_disposal"])
    with clock.at(NOW):
        offered = client.get(address).content.decode()
        monkeypatch.setattr(property_forms, "LISTED", 0)
        typed = client.get(address).content.decode()
    assert '<option value="lens-bureaux">lens-bureaux — Bureaux de Lens (Lens)</option>' in offered
    assert "est-lens" not in offered
    assert '<input type="text" name="property"' in typed


def test_form_of_the_page_keeps_what_was_typed_and_files(cast: Cast) -> None:
    vacant(cast)
    client = at_the_site(cast.agent)
    address = reverse("dossier_new_path", args=["property_disposal"])
    posted = disposal(asking_price="180 000,00 €", organisation="carmi-npdc", net_book_value="0")
    with clock.at(NOW):
        wrong = client.post(address, posted | {"valuation": "beaucoup"})
        assert 'value="beaucoup"' in wrong.content.decode()
        assert '<option value="lens-bureaux" selected>' in wrong.content.decode()
        answer = client.post(address, posted)
    assert answer.status_code == 302, words(answer)
    data = Dossier.objects.get(path="property_disposal").data
    assert (data["asking_price"], data["net_book_value"]) == ("180000.00", "0.00")


def test_dossier_shows_each_warning_and_the_acts_of_the_sale(cast: Cast) -> None:
    journey = PropertyJourney.of(cast, *TO_DECISION, net_book_value="1.00", asking_price="190000.00")
    address = reverse("dossier", args=[journey.reference])
    with clock.at(NOW):
        shown = words(at_the_site(cast.dg).get(address))
    assert "n’est pas celle du registre du patrimoine" in shown
    assert "est inférieur à l’évaluation" in shown
    assert "mise en vente systématique des biens vacants" not in shown
    journey.walk("decide.put_on_sale")
    with clock.at(NOW):
        shown = words(at_the_site(cast.reviewer).get(address))
    for act in ("Enregistrer la vente", "Enregistrer une offre", "Offre abandonnée", "Retirer de la vente"):
        assert act in shown


def test_disposal_over_the_api(cast: Cast) -> None:
    vacant(cast)
    journey = PropertyJourney.file(cast).walk(*ON_SALE)
    with clock.at(NOW):
        api = Api(cast.reviewer)
        sold = {"step": "sell", "outcome": "sold", "version": journey.dossier.version}
        address = f"dossiers/{journey.reference}/actions"
        low = api.post(address, sold | {"data": SALE | {"price": "1.00"}}).refused(422, "blocked")
        (reason,) = low["details"]["reasons"]
        assert (reason["code"], reason["quote"]["rule"]) == ("low_price", "property.disposal.price_floor")
        done = api.post(address, sold | {"data": SALE}).ok()
    assert done["status"] == "executed"
