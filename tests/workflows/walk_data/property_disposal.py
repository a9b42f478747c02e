"""Disposals: of a vacant building, of one that houses health professionals, of one of the CANSSM, sold at a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases.models import ProceedsAllocation, Property, PropertyChange, PropertySale
from cases.register_terms import IN_DISPOSAL, PROPERTY_MOVES, PropertyState
from tests.journeys import Cast
from tests.property_journeys import NOW, PIECES, disposal, vacant
from tests.workflows.walk_data import Filing, Ground
from workflows.engine.property_forms import BoardInformationForm, OfferForm, ProceedsForm, SaleForm

if TYPE_CHECKING:
    from tests.workflows.walks import PathWalk, Watched


def buildings(cast: Cast) -> None:
    """Three of the CARMI, one of the CANSSM."""
    vacant(cast)
    vacant(cast, "lens-fnass", fund="FNASS")
    vacant(cast, "lens-logement", use="housing", health_housing=True)
    vacant(cast, "paris-siege", body="canssm")


def sale(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """At the asking price."""
    return {"price": "200000.00", "buyer": "Commune de Lens", "deed_on": day}


def offer(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Of somebody."""
    return {"amount": "190000.00", "bidder": "Commune de Lens", "offered_on": day}


def proceeds(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """Nothing is filled in but for a building of the FNGA, whose Δ becomes investments."""
    found = PropertySale.objects.filter(dossier=walk.dossier).select_related("property").first()
    if found is None or found.property.fund != "FNGA":
        return {}
    return {"to_investment": str(found.gain)}


def informed(walk: PathWalk, outcome: str, day: str) -> dict[str, Any]:
    """The board was told."""
    return {"informed_on": day}


def a_building_is_sold_once_and_moves_along_its_arrows(walk: Watched) -> None:
    """Sold means one sale, by this dossier; what the register tells of each building is a walk along its moves."""
    sales = {one.property_id: one for one in PropertySale.objects.all()}
    for building in Property.objects.all():
        assert (building.state == PropertyState.SOLD) == (building.pk in sales)
        states = list(
            PropertyChange.objects.filter(property=building).order_by("pk").values_list("before", "after")
        )
        for before, after in states:
            assert before in ("", after) or after in PROPERTY_MOVES[PropertyState(before)]
        assert all(one[1] == other[0] for one, other in zip(states, states[1:], strict=False))
        assert states[-1][1] == building.state
    assert all(one.dossier_id == walk.dossier.pk for one in sales.values())


def proceeds_never_exceed_the_gain(walk: Watched) -> None:
    """Investments and rents within Δ, all uses within the price."""
    for one in PropertySale.objects.all():
        given = list(ProceedsAllocation.objects.filter(sale=one))
        assert sum(part.amount for part in given) <= one.price
        assert sum(part.amount for part in given if part.use in ("investment", "rents")) <= max(one.gain, 0)


def a_dossier_that_gave_up_holds_no_building(walk: Watched) -> None:
    """A draft, a refused and a withdrawn dossier leave the building to others."""
    dossier = walk.dossier
    building = Property.objects.filter(code=dossier.data.get("property") or "").first()
    if building is not None and dossier.status in ("draft", "refused", "withdrawn"):
        assert building.state not in IN_DISPOSAL


GROUND = Ground(
    now=NOW,
    filings=(
        Filing(disposal(), pieces=PIECES),
        Filing(disposal("lens-fnass"), pieces=PIECES),
        Filing(disposal("paris-siege"), by="reviewer", body="canssm", pieces=PIECES),
        Filing(disposal("lens-logement"), pieces=PIECES),
        Filing(disposal(), pieces=PIECES[:1]),
    ),
    prepare=buildings,
    forms={SaleForm: sale, OfferForm: offer, ProceedsForm: proceeds, BoardInformationForm: informed},
    changes=(
        {"asking_price": "210000.00"},
        {"property": "nulle-part"},
        {"ground": "needed"},
        {"valuation": "-1"},
    ),
    laws=(
        a_building_is_sold_once_and_moves_along_its_arrows,
        proceeds_never_exceed_the_gain,
        a_dossier_that_gave_up_holds_no_building,
    ),
)
