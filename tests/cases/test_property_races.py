"""Two dossiers and one building at the same moment: sold once, proposed once; the other one is told by whom."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections, transaction

from cases.errors import Blocked, BusinessError
from cases.models import Dossier, Property, PropertyChange, PropertySale
from cases.register_terms import PropertyState
from tests.journeys import Cast, Journey
from tests.properties import building, empty, move, sell

S = PropertyState


def race(*acts: Callable[[], object]) -> list[BusinessError | None]:
    """Do all acts together, each in a transaction and on a connection of its own; the refusal of each, or None."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> BusinessError | None:
        start.wait(timeout=20)
        try:
            with transaction.atomic():
                act()
        except BusinessError as refusal:
            return refusal
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refused(outcomes: list[BusinessError | None], code: str) -> Blocked:
    """The one refusal among the outcomes; the other act was done."""
    (refusal,) = [one for one in outcomes if one is not None]
    assert isinstance(refusal, Blocked)
    assert [one.code for one in refusal.reasons] == [code]
    return refusal


def test_two_dossiers_propose_and_one_building_is_sold_once(committed: str) -> None:
    cast = Cast()
    dossiers = [Journey.start(cast).dossier for _ in range(2)]
    for number in range(5):
        made = building(cast, f"bien-{number}", **empty())

        def propose(dossier: Dossier, made: Property = made) -> Property:
            return move(made, S.PROPOSED, dossier=dossier)

        outcomes = race(*[lambda one=one: propose(one) for one in dossiers])
        refused(outcomes, "no_move")
        winner = dossiers[0] if outcomes[0] is None else dossiers[1]
        assert PropertyChange.objects.get(property=made, after="proposed").dossier == winner

    made = building(cast, "bien-vendu", **empty())
    seller = dossiers[0]
    with transaction.atomic():
        move(made, S.PROPOSED, S.ON_SALE, dossier=seller)
    outcomes = race(*[lambda: sell(made, seller, cast)] * 2)
    refusal = refused(outcomes, "already_sold")
    assert f"déjà vendu par {seller.reference}" in refusal.message
    assert refusal.reasons[0].related == (seller.reference,)
    assert PropertySale.objects.filter(property=made).count() == 1
    assert PropertyChange.objects.filter(property=made, after="sold").count() == 1
