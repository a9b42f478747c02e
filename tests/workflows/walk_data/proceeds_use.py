"""Requests to use the proceeds of a sale at 200 000 €: within what is left of the price, beyond it, of no sale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cases.models import ProceedsAllocation
from tests.journeys import Cast
from tests.property_journeys import NOW, SOLD, PropertyJourney
from tests.workflows.walk_data import Filing, Ground

if TYPE_CHECKING:
    from tests.workflows.walks import Watched

SALE = "CESSION-2015-0001"
NOTE = ("operation_note",)


def request(**more: Any) -> dict[str, Any]:
    """Valid data of a request."""
    return {
        "sale": SALE,
        "title": "Mise aux normes du centre de Liévin",
        "nature": "rehabilitation",
        "amount_ht": "60000.00",
        "exercise": 2015,
        "purpose": "Accessibilité et sécurité incendie.",
    } | more


def sold(cast: Cast) -> None:
    """A building was sold, its proceeds are still whole."""
    assert PropertyJourney.of(cast, *SOLD, fund="FNMO").reference == SALE


def the_price_is_used_once_agreed_and_no_further(walk: Watched) -> None:
    """One allocation from the agrément on, none before, within the price."""
    dossier = walk.dossier
    given = list(ProceedsAllocation.objects.filter(dossier=dossier).select_related("sale"))
    agreed = dossier.status == "executed" or (dossier.status == "closed" and bool(given))
    assert len(given) == agreed
    assert all(one.amount <= one.sale.price and one.amount == dossier.amount_ht for one in given)


GROUND = Ground(
    now=NOW,
    filings=(
        Filing(request(), pieces=NOTE),
        Filing(request(), pieces=NOTE),
        Filing(request(amount_ht="200000.01"), pieces=NOTE),
        Filing(request()),
    ),
    prepare=sold,
    changes=({"amount_ht": str(Decimal("200000.00"))}, {"sale": "CESSION-2015-0099"}, {"nature": "fête"}),
    laws=(the_price_is_used_once_agreed_and_no_further,),
)
