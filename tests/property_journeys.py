"""Disposals for the tests: valid data, a building of the register, a dossier that walks its path."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cases import clock
from cases.models import Dossier, Property, User
from tests.journeys import Cast, Journey
from tests.properties import building, empty
from workflows.services import create_draft, perform

NOW = datetime(2015, 3, 3, 9, tzinfo=UTC)
"""A Tuesday. Deeds of the tests are signed on that day."""
PIECES = ("valuation_report", "plot_documents")

#: Who does each step in an ordinary journey.
DOERS = {
    "prepare": "agent",
    "sign_off": "director",
    "own_file": "reviewer",
    "check": "reviewer",
    "complete_file": "agent",
    "decide": "dg",
    "sell": "reviewer",
    "allocate_proceeds": "dg",
    "inform_board": "secretary",
    "close": "reviewer",
}
TO_DECISION = ("prepare.submit", "sign_off.transmit", "check.complete")
ON_SALE = (*TO_DECISION, "decide.put_on_sale")
SOLD = (*ON_SALE, "sell.sold")

SALE = {"price": "200000.00", "buyer": "Commune de Lens", "deed_on": "2015-03-03"}
OFFER = {"amount": "190000.00", "bidder": "Commune de Lens", "offered_on": "2015-03-03"}
DATA: dict[str, dict[str, Any]] = {
    "sell.sold": SALE,
    "sell.record_offer": OFFER,
    "inform_board.inform": {"informed_on": "2015-03-03"},
}
MOTIVES = frozenset(
    {"refuse", "request_pieces", "send_back", "offer_dropped", "withdraw_from_sale", "withdraw"}
)


def disposal(code: str = "lens-bureaux", **more: Any) -> dict[str, Any]:
    """Valid data of the disposal of a building that is worth 120 000 € in the books."""
    return {
        "property": code,
        "ground": "vacant",
        "asking_price": "200000.00",
        "net_book_value": "120000.00",
        "valuation": "195000.00",
        "valuation_source": "domaines",
        "valuation_on": "2015-01-15",
    } | more


def vacant(cast: Cast, code: str = "lens-bureaux", **more: Any) -> Property:
    """A vacant building that the plan wants sold."""
    with clock.at(NOW):
        return building(cast, code, **(empty() | {"future": "sell"} | more))


class PropertyJourney(Journey):
    """One disposal; every act goes through ``workflows.services``, on ``NOW`` unless told otherwise."""

    @classmethod
    def file(
        cls,
        cast: Cast,
        *,
        by: str = "agent",
        body: str = "carmi-npdc",
        pieces: Iterable[str] = PIECES,
        code: str = "lens-bureaux",
        **data: Any,
    ) -> PropertyJourney:
        """A draft with its pieces; the building is in the register."""
        with clock.at(NOW):
            dossier = create_draft(
                path="property_disposal",
                organisation=cast.body[body],
                actor=cast.people[by],
                data=disposal(code, **data),
            )
            journey = cls(cast, dossier)
            for kind in pieces:
                journey.add(kind, actor=cast.people[by])
        return journey

    @classmethod
    def of(cls, cast: Cast, *acts: str, fund: str = "FNGA", **data: Any) -> PropertyJourney:
        """The disposal of a vacant building of ``fund``, after these acts."""
        vacant(cast, fund=fund)
        return cls.file(cast, **data).walk(*acts)

    def do(self, what: str, by: User | str | None = None, *, at: datetime = NOW, **options: Any) -> Dossier:
        """Do ``step.outcome``, by default by the usual person, with a motive and valid data where asked."""
        step, outcome = what.split(".")
        by = by or DOERS.get(step, "agent")
        actor = self.cast.people[by] if isinstance(by, str) else by
        if outcome in MOTIVES:
            options.setdefault("motive", "Le projet a changé.")
        if what in DATA:
            options["data"] = DATA[what] | options.get("data", {})
        with clock.at(at):
            return perform(reference=self.reference, step=step, outcome=outcome, actor=actor, **options)

    def walk(self, *acts: str) -> PropertyJourney:
        """Do several acts: « prepare.submit », or « prepare.submit@agent2 »."""
        for act in acts:
            what, _, by = act.partition("@")
            self.do(what, by or None)
        return self

    @property
    def building(self) -> Property:
        """The building as the register has it now."""
        return Property.objects.get(code=self.dossier.data["property"])

    @property
    def state(self) -> str:
        """Where the building stands now."""
        return str(self.building.state)
