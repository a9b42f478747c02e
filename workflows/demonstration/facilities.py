"""Œuvres of the demonstration, in towns of the mining basins. Plausible, not the register of any body."""

from cases.models import Facility, Organisation

CENTRE = "Centre de santé"
PHARMACY = "Pharmacie"
DENTAL = "Cabinet dentaire"
OPTICS = "Centre d’optique"
NURSING = "Centre de soins infirmiers"
HOME_CARE = "Service de soins infirmiers à domicile"
IMAGING = "Cabinet de radiologie"
PHYSIOTHERAPY = "Cabinet de kinésithérapie"

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
    ),
}


def create_facilities(organisations: dict[str, Organisation]) -> dict[str, Facility]:
    """Enter the facilities in the register; those already there by their code are kept."""
    wanted = [
        Facility(code=code, name=name, town=town, organisation=organisations[body])
        for body, facilities in FACILITIES.items()
        for code, name, town in facilities
    ]
    Facility.objects.bulk_create(wanted, ignore_conflicts=True)
    codes = [facility.code for facility in wanted]
    return {one.code: one for one in Facility.objects.filter(code__in=codes).order_by("code")}
