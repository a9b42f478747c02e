"""Disposals of buildings of the register of property (A30, A31), in every state."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.demonstration.restructuring_stories import complete, request
from workflows.demonstration.stories import Act, Story, close, message, note, submit, transmit, withdraw

PIECES = ("valuation_report", "plot_documents")


@dataclass(frozen=True, kw_only=True)
class Disposal(Story):
    """One building put on sale. EUR; ``valued``: the amount of the report, and its day where the register has none."""

    building: str
    ground: str
    price: str
    book: str
    valued: tuple[str, date | None]
    premises: str = ""
    pieces: tuple[str, ...] | None = PIECES
    desk: str = "immobilier.canssm"

    @property
    def path(self) -> str:
        """Key of the path."""
        return "property_disposal"

    @property
    def filer(self) -> str:
        """The property desk for the CANSSM's own buildings, or the agent of the CARMI."""
        return "immobilier.canssm" if self.body == "canssm" else super().filer

    @property
    def opens_exercise(self) -> bool:
        """The proceeds are opened by a budget of their own."""
        return False

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        amount, day = self.valued
        found = {
            "property": self.building,
            "ground": self.ground,
            "relocation_premises": self.premises,
            "asking_price": self.price,
            "net_book_value": self.book,
            "valuation": amount,
        }
        if day is not None:
            found |= {"valuation_source": "domaines", "valuation_on": day.isoformat()}
        return found


@dataclass(frozen=True, kw_only=True)
class ProceedsUse(Story):
    """What a sale brought is asked for, for an operation (A76). ``amount`` in EUR."""

    sale: str
    amount: str
    nature: str
    purpose: str
    pieces: tuple[str, ...] | None = ("operation_note",)
    desk: str = "immobilier.canssm"

    @property
    def path(self) -> str:
        """Key of the path."""
        return "proceeds_use"

    @property
    def opens_exercise(self) -> bool:
        """A receipt of the regional fund, on no line of the budgets kept here."""
        return False

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        return {
            "sale": self.sale,
            "title": self.title,
            "nature": self.nature,
            "amount_ht": self.amount,
            "exercise": exercise,
            "purpose": self.purpose,
        }


#: Reference of the first sale of the demonstration, from which the regional fund is fed.
CARMAUX = "CESSION-2015-0001"


# --- acts -------------------------------------------------------------------------------------------------


def put_on_sale(days: int | None = None) -> Act:
    """The directeur général decides the sale."""
    return Act("approve", days, step="decide", outcome="put_on_sale", who="dg.canssm")


def refuse(motive: str, days: int | None = None) -> Act:
    """The directeur général refuses the sale."""
    return Act("refuse", days, motive, step="decide", outcome="refuse", who="dg.canssm")


def offer(amount: str, bidder: str, days: int = 8) -> Act:
    """The property desk records an offer."""
    return Act(
        "commit",
        days,
        data=lambda day: {"amount": amount, "bidder": bidder, "offered_on": day.isoformat()},
        step="sell",
        outcome="record_offer",
        who="desk",
    )


def dropped(motive: str, days: int = 6) -> Act:
    """The offer is given up by who made it."""
    return Act("commit", days, motive, step="sell", outcome="offer_dropped", who="desk")


def sold(price: str, buyer: str, days: int = 12, *, motive: str = "") -> Act:
    """The deed is signed that day."""
    return Act(
        "commit",
        days,
        motive,
        data=lambda day: {"price": price, "buyer": buyer, "deed_on": day.isoformat()},
        step="sell",
        outcome="sold",
        who="desk",
    )


def take_off(motive: str, days: int = 10) -> Act:
    """The building is taken off the market."""
    return Act("renounce", days, motive, step="sell", outcome="withdraw_from_sale", who="desk")


def allocate(days: int = 5, **parts: str) -> Act:
    """The directeur général allocates the proceeds: ``to_investment`` and ``to_rents`` for the FNGA, EUR."""
    return Act("release", days, data=parts, step="allocate_proceeds", outcome="allocate", who="dg.canssm")


def agree(days: int = 5) -> Act:
    """The directeur général agrees to the use of what a sale brought."""
    return Act("approve", days, step="decide", outcome="agree", who="dg.canssm")


def tell_board(days: int = 12) -> Act:
    """The board is informed of the sale."""
    return Act(
        "inform_board",
        days,
        data=lambda day: {"informed_on": day.isoformat()},
        step="inform_board",
        outcome="inform",
        who="secretariat.ca",
    )


# --- stories ----------------------------------------------------------------------------------------------

DISPOSALS: tuple[Story, ...] = (
    Disposal(  # sold below the price asked, and said why
        body="carmi-sud",
        title="Local commercial de Carmaux",
        building="sud-carmaux-local",
        ground="vacant",
        price="62000.00",
        book="31000.00",
        valued=("60000.00", date(2014, 12, 11)),
        begins=date(2015, 2, 9),
        exercise=2015,
        way=(
            submit(2),
            transmit(2),
            complete(5),
            put_on_sale(4),
            offer("52000.00", "Commune de Carmaux", 20),
            dropped("La commune a préféré un local voisin."),
            offer("57500.00", "Mutuelle du Tarn", 15),
            sold(
                "57500.00",
                "Mutuelle du Tarn",
                25,
                motive="Deux offres en six mois ; la toiture est à reprendre par l’acquéreur.",
            ),
            allocate(to_investment="16500.00", to_rents="10000.00"),
            tell_board(),
            close(20),
        ),
        small=True,
    ),
    Disposal(  # refused
        body="carmi-npdc",
        title="Antenne de Valenciennes",
        building="npdc-valenciennes-antenne",
        ground="relocation",
        premises="Plateau de 320 m² en location rue de Mons, de plain-pied et près de la gare.",
        price="150000.00",
        book="98000.00",
        valued=("150000.00", date(2016, 2, 3)),
        begins=date(2016, 3, 14),
        exercise=2016,
        way=(
            submit(1),
            transmit(3),
            complete(5),
            refuse("Le loyer des locaux de remplacement dépasse en six ans le produit attendu de la vente."),
            close(15),
        ),
    ),
    Disposal(  # a dwelling that the text keeps for health professionals
        body="carmi-npdc",
        title="Maison du médecin de Bruay",
        building="npdc-bruay-maison-medecin",
        ground="dwelling",
        price="120000.00",
        book="74000.00",
        valued=("118000.00", date(2014, 11, 20)),
        begins=5,
        way=(),
    ),
    Disposal(  # to be signed
        body="carmi-sud",
        title="Villa de Montceau",
        building="sud-montceau-villa",
        ground="dwelling",
        price="190000.00",
        book="57000.00",
        valued=("188000.00", None),
        begins=6,
        way=(submit(1),),
    ),
    Disposal(  # a piece is asked for
        body="carmi-npdc",
        title="Pavillon d’Oignies",
        building="npdc-oignies-pavillon",
        ground="dwelling",
        price="98000.00",
        book="22000.00",
        valued=("96000.00", None),
        begins=14,
        way=(
            submit(1),
            transmit(2),
            request("L’extrait cadastral ne montre pas la servitude de passage : joignez le plan à jour.", 4),
            message("Le géomètre passe la semaine prochaine. Un croquis suffit-il en attendant ?", days=1),
            message(
                "Le croquis ne suffit pas pour l’acte. Joignez-le si vous l’avez, et le plan dès que possible.",
                who="desk",
                days=1,
            ),
            note(
                "Un riverain s’était porté acquéreur en 2015 : voir avec la CARMI avant la mise en vente.",
                days=0,
            ),
        ),
    ),
    Disposal(  # a decision to take
        body="carmi-est",
        title="Annexe de Forbach",
        building="est-forbach-annexe",
        ground="vacant",
        price="265000.00",
        book="143000.00",
        valued=("260000.00", None),
        begins=16,
        way=(submit(1), transmit(2), complete(6)),
    ),
    Disposal(  # on sale, with an offer
        body="carmi-npdc",
        title="Anciens bureaux de Douai",
        building="npdc-douai-bureaux",
        ground="vacant",
        price="420000.00",
        book="236000.00",
        valued=("415000.00", None),
        begins=30,
        way=(
            submit(1),
            transmit(1),
            complete(5),
            put_on_sale(4),
            offer("405000.00", "Communauté d’agglomération du Douaisis", 9),
        ),
    ),
    Disposal(  # sold: the proceeds are to be allocated
        body="carmi-npdc",
        title="Ancien dispensaire d’Auchel",
        building="npdc-auchel-dispensaire",
        ground="vacant",
        price="145000.00",
        book="61000.00",
        valued=("145000.00", None),
        begins=36,
        way=(
            submit(1),
            transmit(1),
            complete(4),
            put_on_sale(3),
            offer("148000.00", "Société d’habitat de l’Artois", 7),
            sold("148000.00", "Société d’habitat de l’Artois", 12),
        ),
    ),
    Disposal(  # allocated: the board is to be informed
        body="carmi-est",
        title="Logements de Wittelsheim",
        building="est-wittelsheim-logements",
        ground="dwelling",
        price="310000.00",
        book="88000.00",
        valued=("310000.00", None),
        begins=39,
        way=(
            submit(1),
            transmit(1),
            complete(4),
            put_on_sale(3),
            sold("312000.00", "Office public de l’habitat du bassin potassique", 16),
            allocate(6),
        ),
    ),
    Disposal(  # of the CANSSM itself, given up while on sale
        body="canssm",
        title="Immeuble de rapport de Paris",
        building="canssm-immeuble-rivoli",
        ground="dwelling",
        price="1900000.00",
        book="1250000.00",
        valued=("1880000.00", date(2014, 10, 8)),
        begins=28,
        desk="budget.canssm",
        way=(
            submit(1),
            Act("transmit", 2, step="own_file", outcome="transmit", who="filer"),
            complete(3),
            put_on_sale(4),
            take_off("Le conseil départemental propose de louer l’immeuble entier pour dix ans."),
        ),
    ),
    Disposal(  # withdrawn by its body
        body="carmi-est",
        title="Siège de Freyming",
        building="est-freyming-siege",
        ground="relocation",
        premises="Bâtiment en location de la zone d’activité, plus petit de moitié.",
        price="1800000.00",
        book="1720000.00",
        valued=("1790000.00", date(2016, 5, 12)),
        begins=date(2016, 6, 13),
        exercise=2016,
        way=(submit(2), withdraw("Le bail proposé n’est plus disponible : le siège reste où il est.", 4)),
    ),
    ProceedsUse(
        body="carmi-sud",
        title="Réfection de la toiture du centre de santé d’Alès",
        sale=CARMAUX,
        amount="20000.00",
        nature="rehabilitation",
        purpose="La toiture-terrasse fuit au-dessus du cabinet dentaire ; le produit de Carmaux en paie la reprise.",
        begins=date(2016, 9, 12),
        exercise=2016,
        way=(submit(1), transmit(2), complete(5), agree(), close(20)),
        small=True,
    ),
    ProceedsUse(  # a decision to take
        body="carmi-sud",
        title="Accueil commun des centres de La Grand-Combe",
        sale=CARMAUX,
        amount="9500.00",
        nature="restructuring",
        purpose="Cloisonnement et mobilier d’un accueil commun aux deux centres regroupés.",
        begins=13,
        way=(submit(1), transmit(1), complete(5)),
    ),
)
