"""Œuvres of the demonstration, in towns of the mining basins. Plausible, not the register of any body.

Their FINESS numbers have a right key but begin with an order that is not attributed (99); ADELI numbers likewise.
"""

from dataclasses import dataclass
from datetime import date

from cases import clock
from cases.finess import finess_key
from cases.models import Facility, FacilityChange, Organisation, User
from cases.register_terms import ApprovalState, FacilityKind
from cases.services import add_professional, adhere, close_facility, move_approval

CENTRE = "Centre de santé"
PHARMACY = "Pharmacie"
DENTAL = "Cabinet dentaire"
OPTICS = "Centre d’optique"
NURSING = "Centre de soins infirmiers"
HOME_CARE = "Service de soins infirmiers à domicile"
IMAGING = "Cabinet de radiologie"
PHYSIOTHERAPY = "Cabinet de kinésithérapie"
VISITS = "Point de consultation"
CLOSED = "sud-consultation-sanvignes"

#: Body → code, name, town.
FACILITIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "carmi-npdc": (
        ("npdc-sante-lens", CENTRE, "Lens"),
        ("npdc-sante-lievin", CENTRE, "Liévin"),
        ("npdc-sante-auchel", CENTRE, "Auchel"),
        ("npdc-sante-denain", CENTRE, "Denain"),
        ("npdc-infirmiers-henin", NURSING, "Hénin-Beaumont"),
        ("npdc-infirmiers-noyelles", NURSING, "Noyelles-sous-Lens"),
        ("npdc-pharmacie-bruay", PHARMACY, "Bruay-la-Buissière"),
        ("npdc-pharmacie-douai", PHARMACY, "Douai"),
        ("npdc-dentaire-lievin", DENTAL, "Liévin"),
        ("npdc-kine-oignies", PHYSIOTHERAPY, "Oignies"),
        ("npdc-domicile-douai", HOME_CARE, "Douai"),
    ),
    "carmi-est": (
        ("est-sante-freyming", CENTRE, "Freyming-Merlebach"),
        ("est-sante-forbach", CENTRE, "Forbach"),
        ("est-sante-creutzwald", CENTRE, "Creutzwald"),
        ("est-sante-algrange", CENTRE, "Algrange"),
        ("est-sante-wittelsheim", CENTRE, "Wittelsheim"),
        ("est-infirmiers-behren", NURSING, "Behren-lès-Forbach"),
        ("est-pharmacie-stiring", PHARMACY, "Stiring-Wendel"),
        ("est-pharmacie-farebersviller", PHARMACY, "Farébersviller"),
        ("est-dentaire-saint-avold", DENTAL, "Saint-Avold"),
    ),
    "carmi-sud": (
        ("sud-sante-ales", CENTRE, "Alès"),
        ("sud-sante-grand-combe", CENTRE, "La Grand-Combe"),
        ("sud-sante-besseges", CENTRE, "Bessèges"),
        ("sud-sante-gardanne", CENTRE, "Gardanne"),
        ("sud-dentaire-gardanne", DENTAL, "Gardanne"),
        ("sud-dentaire-montceau", DENTAL, "Montceau-les-Mines"),
        ("sud-infirmiers-decazeville", NURSING, "Decazeville"),
        ("sud-pharmacie-carmaux", PHARMACY, "Carmaux"),
        ("sud-domicile-carmaux", HOME_CARE, "Carmaux"),
        ("sud-optique-saint-etienne", OPTICS, "Saint-Étienne"),
        ("sud-radiologie-la-mure", IMAGING, "La Mure"),
        (CLOSED, VISITS, "Sanvignes-les-Mines"),
    ),
}


KINDS = {
    CENTRE: FacilityKind.HEALTH_CENTRE,
    PHARMACY: FacilityKind.PHARMACY,
    DENTAL: FacilityKind.DENTAL,
    OPTICS: FacilityKind.OPTICS,
    NURSING: FacilityKind.HEALTH_CENTRE,
    HOME_CARE: FacilityKind.HOME_CARE,
    VISITS: FacilityKind.CONSULTATION,
}
#: Department of each town, the main one of its body left out.
DEPARTMENTS = {
    "Denain": "59",
    "Douai": "59",
    "Wittelsheim": "68",
    "Alès": "30",
    "La Grand-Combe": "30",
    "Bessèges": "30",
    "Gardanne": "13",
    "Decazeville": "12",
    "Carmaux": "81",
    "Saint-Étienne": "42",
    "La Mure": "38",
}
MAIN_DEPARTMENTS = {"carmi-npdc": "62", "carmi-est": "57", "carmi-sud": "71"}
#: Who enters the œuvres of each body, and in which capacity.
KEEPERS = {"carmi-npdc": "agent.npdc", "carmi-est": "agent.est", "carmi-sud": "agent.sud"}
#: Not yet registered: their body has still to ask for a number.
WITHOUT_NUMBER = frozenset({"npdc-kine-oignies", "est-infirmiers-behren", "sud-infirmiers-decazeville"})

_A = ApprovalState


@dataclass(frozen=True, slots=True)
class Approval:
    """What is known of one agrément: its states with their days, the adhesion, ADELI numbers with a profession."""

    code: str
    moves: tuple[tuple[ApprovalState, date], ...]
    adhered_on: date | None = None
    professionals: tuple[tuple[str, str], ...] = ()
    until: date | None = None


#: œuvres of which the inventory of A65 was made; the others are « non recensé ».
APPROVALS = (
    Approval(
        "npdc-sante-lens",
        (
            (_A.TO_REQUEST, date(2004, 6, 1)),
            (_A.PROVISIONAL, date(2004, 12, 20)),
            (_A.GRANTED, date(2005, 9, 1)),
        ),
        adhered_on=date(2005, 10, 3),
        professionals=(
            ("629900011", "Médecin généraliste"),
            ("629900029", "Infirmier"),
            ("629900037", "Chirurgien-dentiste"),
        ),
    ),
    Approval("npdc-sante-lievin", ((_A.EXISTING, date(2004, 6, 1)),)),
    Approval("npdc-sante-auchel", ((_A.EXISTING, date(2004, 6, 1)), (_A.TO_MODIFY, date(2013, 5, 2)))),
    Approval("npdc-sante-denain", ((_A.TO_REQUEST, date(2013, 9, 2)),)),
    Approval(
        "npdc-infirmiers-henin",
        ((_A.TO_REQUEST, date(2013, 3, 1)), (_A.PROVISIONAL, date(2013, 11, 4))),
        professionals=(("629900045", "Infirmier"),),
        until=date(2014, 12, 31),
    ),
    Approval("est-sante-freyming", ((_A.EXISTING, date(2004, 7, 1)),)),
    Approval("est-sante-forbach", ((_A.TO_REQUEST, date(2013, 10, 1)),)),
    Approval("sud-sante-ales", ((_A.EXISTING, date(2004, 7, 1)),)),
    Approval("sud-sante-besseges", ((_A.EXISTING, date(2004, 7, 1)), (_A.REMOVED, date(2012, 2, 1)))),
)


def create_facilities(organisations: dict[str, Organisation], people: dict[str, User]) -> dict[str, Facility]:
    """Enter the facilities in the register; those already there by their code are kept, and nothing is done to them."""
    here = set(Facility.objects.values_list("code", flat=True))
    wanted = [
        Facility(
            code=code,
            name=name,
            town=town,
            organisation=organisations[body],
            kind=KINDS.get(name, FacilityKind.OTHER),
            finess=None if code in WITHOUT_NUMBER else _finess(body, town, number),
        )
        for body, facilities in FACILITIES.items()
        for number, (code, name, town) in enumerate(facilities, start=1)
    ]
    new = [one for one in wanted if one.code not in here]
    FacilityChange.objects.bulk_create(
        _entered(one, people[KEEPERS[one.organisation.code]]) for one in Facility.objects.bulk_create(new)
    )
    known = {
        one.code: one
        for one in Facility.objects.filter(code__in=[one.code for one in wanted]).select_related(
            "organisation"
        )
    }
    _lead({one.code for one in new}, known, people)
    return dict(sorted(known.items()))


def _lead(new: set[str], known: dict[str, Facility], people: dict[str, User]) -> None:
    """Bring the agréments to where they stand."""
    for story in APPROVALS:
        if story.code not in new:
            continue
        facility = known[story.code]
        agent = people[KEEPERS[facility.organisation.code]]
        for state, on in story.moves:
            until = story.until if state == _A.PROVISIONAL else None
            facility = move_approval(facility, state, actor=agent, on=on, provisional_until=until)
        if story.adhered_on is not None:
            facility = adhere(
                facility, story.adhered_on, actor=agent, act="Bulletin d’adhésion (démonstration)"
            )
        for adeli, profession in story.professionals:
            add_professional(
                facility, adeli=adeli, profession=profession, since=date(2013, 1, 2), actor=agent
            )
        known[story.code] = facility
    if CLOSED in new:
        known[CLOSED] = close_facility(
            known[CLOSED],
            date(2012, 6, 30),
            actor=people["sante.canssm"],
            motive="Lieu de consultation hors normes d’agrément, activité reprise à Montceau-les-Mines.",
        )


def _finess(body: str, town: str, number: int) -> str:
    """A number that no establishment has, its key right."""
    first = f"{DEPARTMENTS.get(town, MAIN_DEPARTMENTS[body])}99{number:04d}"
    return first + finess_key(first)


def _entered(facility: Facility, agent: User) -> FacilityChange:
    """The entry in the register, as ``cases.services.create_facility`` records it."""
    values = {
        "name": facility.name,
        "town": facility.town,
        "kind": str(facility.kind),
        "finess": facility.finess,
    }
    return FacilityChange(
        facility=facility,
        at=clock.now(),
        on=clock.today(),
        action="create",
        after=facility.approval,
        changes={name: [None, value] for name, value in values.items() if value},
        actor=agent,
        capacity=f"Agent préparateur — {facility.organisation.name}",
    )
