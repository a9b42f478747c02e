"""Buildings of the demonstration, in towns of the mining basins. Plausible, not the register of any body."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cases import clock
from cases.budget_terms import FundCode
from cases.models import Organisation, Property, User
from cases.property_facts import PropertyFacts, facts_of
from cases.register_terms import Occupation, PlannedFuture, PropertyState, PropertyUse, ValueSource
from cases.services.property import change_property, create_property, move_by_hand

#: Who keeps the register.
KEEPER = "immobilier.canssm"
#: The inventory that the Plan National Immobilier begins with: values of the end of the year before.
VALUES_ON = date(2013, 12, 31)
#: When some buildings were left.
LEFT_AT = datetime(2014, 9, 1, 8, 0, tzinfo=UTC)
#: How long ago the service des Domaines valued what is to be sold.
VALUED_BEFORE = timedelta(days=60)

_U, _F, _O, _P = PropertyUse, FundCode, Occupation, PlannedFuture


@dataclass(frozen=True, slots=True)
class Building:
    """One building: surfaces in m², ``book`` and ``market`` in EUR; ``left`` since ``LEFT_AT``."""

    code: str
    body: str
    name: str
    address: str
    town: str
    use: PropertyUse
    fund: FundCode
    surface: str
    book: str
    future: PlannedFuture = _P.KEEP
    vacant: str = "0"
    occupants: int | None = None
    market: str = ""
    left: bool = False
    health_housing: bool = False
    future_year: int | None = None

    @property
    def occupation(self) -> Occupation:
        """Occupied, or in part."""
        vacant = Decimal(self.vacant)
        if vacant == Decimal(self.surface):
            return _O.VACANT
        return _O.PARTLY if vacant else _O.OCCUPIED


BUILDINGS: tuple[Building, ...] = (
    Building(
        *("canssm-siege", "canssm", "Siège de la caisse", "77 avenue de la Mine", "Paris"),
        *(_U.ADMINISTRATIVE, _F.FNGA, "6200", "8450000.00"),
        occupants=310,
    ),
    Building(
        *("canssm-archives", "canssm", "Dépôt d’archives", "12 rue du Chevalement", "Noyelles-sous-Lens"),
        *(_U.ADMINISTRATIVE, _F.FNGA, "1850", "410000.00"),
        vacant="600",
        occupants=9,
        future=_P.ADAPT,
    ),
    Building(
        *("canssm-immeuble-rivoli", "canssm", "Immeuble de rapport", "8 rue des Houillères", "Paris"),
        *(_U.HOUSING, _F.FNASS, "940", "1250000.00"),
        future=_P.RENT,
    ),
    Building(
        *("npdc-lens-siege", "carmi-npdc", "Siège de la caisse régionale", "3 place de la Fosse 1", "Lens"),
        *(_U.ADMINISTRATIVE, _F.FNGA, "4100", "2980000.00"),
        vacant="900",
        occupants=165,
        future=_P.ADAPT,
    ),
    Building(
        *("npdc-douai-bureaux", "carmi-npdc", "Anciens bureaux de la société de secours"),
        *("21 rue de la Cloris", "Douai", _U.ADMINISTRATIVE, _F.FNGA, "1180", "236000.00"),
        future=_P.SELL,
        left=True,
        market="415000.00",
    ),
    Building(
        *("npdc-valenciennes-antenne", "carmi-npdc", "Antenne administrative"),
        *("5 rue du Charbon", "Valenciennes", _U.ADMINISTRATIVE, _F.FNGA, "640", "98000.00"),
        vacant="180",
        occupants=22,
        future=_P.SELL,
    ),
    Building(
        *("npdc-lievin-centre", "carmi-npdc", "Centre de santé", "2 rue Jean-Jaurès", "Liévin"),
        *(_U.HEALTH_SOCIAL, _F.FNMO, "1420", "1130000.00"),
    ),
    Building(
        *("npdc-auchel-dispensaire", "carmi-npdc", "Ancien dispensaire", "14 rue du Terril", "Auchel"),
        *(_U.HEALTH_SOCIAL, _F.FNMO, "520", "61000.00"),
        future=_P.SELL,
        left=True,
        market="145000.00",
    ),
    Building(
        *("npdc-bruay-maison-medecin", "carmi-npdc", "Maison du médecin", "9 cité des Électriciens"),
        *("Bruay-la-Buissière", _U.HOUSING, _F.FNMO, "160", "74000.00"),
        health_housing=True,
    ),
    Building(
        *("npdc-oignies-pavillon", "carmi-npdc", "Pavillon de la cité Declercq", "31 rue des Porions"),
        *("Oignies", _U.HOUSING, _F.FNGA, "118", "22000.00"),
        future=_P.SELL,
        market="96000.00",
    ),
    Building(
        *("est-freyming-siege", "carmi-est", "Siège de la caisse régionale", "1 avenue de Sainte-Barbe"),
        *("Freyming-Merlebach", _U.ADMINISTRATIVE, _F.FNGA, "2750", "1720000.00"),
        vacant="420",
        occupants=118,
    ),
    Building(
        *("est-forbach-annexe", "carmi-est", "Annexe administrative", "17 rue du Puits", "Forbach"),
        *(_U.ADMINISTRATIVE, _F.FNGA, "890", "143000.00"),
        future=_P.SELL,
        left=True,
        market="260000.00",
    ),
    Building(
        *("est-creutzwald-foyer", "carmi-est", "Foyer logement", "6 rue de la Galerie", "Creutzwald"),
        *(_U.HEALTH_SOCIAL, _F.FNASS, "2300", "1940000.00"),
        future=_P.ADAPT,
    ),
    Building(
        *("est-wittelsheim-logements", "carmi-est", "Quatre logements de la cité Grassegert"),
        *("40 rue de la Potasse", "Wittelsheim", _U.HOUSING, _F.FNASS, "356", "88000.00"),
        vacant="89",
        future=_P.SELL,
        market="310000.00",
    ),
    Building(
        *(
            "sud-ales-siege",
            "carmi-sud",
            "Siège de la caisse régionale",
            "10 boulevard du Rochebelle",
            "Alès",
        ),
        *(_U.ADMINISTRATIVE, _F.FNGA, "1960", "1085000.00"),
        vacant="240",
        occupants=84,
        future=_P.RENT,
        future_year=2016,
    ),
    Building(
        *("sud-carmaux-local", "carmi-sud", "Local commercial", "3 place de la Verrerie", "Carmaux"),
        *(_U.ADMINISTRATIVE, _F.FNGA, "210", "31000.00"),
        future=_P.SELL,
        left=True,
    ),
    Building(
        *("sud-gardanne-centre", "carmi-sud", "Centre de santé", "28 avenue du Puits Biver", "Gardanne"),
        *(_U.HEALTH_SOCIAL, _F.FNMO, "980", "905000.00"),
    ),
    Building(
        *("sud-montceau-villa", "carmi-sud", "Villa du directeur", "1 rue des Écoles", "Montceau-les-Mines"),
        *(_U.HOUSING, _F.FNGA, "245", "57000.00"),
        vacant="245",
        future=_P.SELL,
        market="188000.00",
    ),
)


def create_properties(organisations: dict[str, Organisation], people: dict[str, User]) -> int:
    """Enter the buildings in the register now, and say at ``LEFT_AT`` which were left: they are vacant.

    Those already there by their code are kept. Returns the number of buildings entered.
    """
    keeper = people[KEEPER]
    codes = [one.code for one in BUILDINGS]
    known = set(Property.objects.filter(code__in=codes).order_by("pk").values_list("code", flat=True))
    made = [one for one in BUILDINGS if one.code not in known]
    now = clock.now()
    for one in made:
        create_property(code=one.code, facts=_facts(one, organisations[one.body]), actor=keeper)
    with clock.at(max(now, LEFT_AT)):
        for one in made:
            if one.left:
                move_by_hand(
                    code=one.code,
                    to=PropertyState.VACANT,
                    actor=keeper,
                    version=1,
                    motive="Les services ont quitté les lieux (démonstration).",
                )
    return len(made)


def value_properties(people: dict[str, User], *, today: date) -> None:
    """Give what is to be sold the value that the service des Domaines found, two months before ``today``."""
    day = max(today - VALUED_BEFORE, LEFT_AT.date())
    market = {one.code: one.market for one in BUILDINGS if one.market}
    found = Property.objects.filter(code__in=sorted(market), market_value__isnull=True)
    with clock.at(datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC)):
        for one in found.select_related("organisation").order_by("pk"):
            value = Decimal(market[one.code])
            change_property(
                code=one.code,
                facts=replace(
                    facts_of(one),
                    market_value=value,
                    market_value_source=ValueSource.DOMAINES.value,
                    market_value_on=day,
                    expected_receipts=value,
                    future_year=today.year,
                ),
                actor=people[KEEPER],
                version=one.version,
                motive="Évaluation du service des Domaines (démonstration).",
            )


def _facts(one: Building, owner: Organisation) -> PropertyFacts:
    return PropertyFacts(
        name=one.name,
        address=one.address,
        town=one.town,
        use=one.use.value,
        organisation=owner,
        fund=one.fund.value,
        surface=Decimal(one.surface),
        vacant_surface=Decimal(one.vacant),
        occupation=one.occupation.value,
        occupants=one.occupants,
        health_housing=one.health_housing,
        net_book_value=Decimal(one.book),
        book_value_on=VALUES_ON,
        future=one.future.value,
        future_year=one.future_year,
    )
