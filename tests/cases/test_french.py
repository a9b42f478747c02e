"""Names with their articles, as papers need them."""

import pytest

from cases.french import capitalised, lowered, of, with_article
from cases.services.reference_data import BODIES


@pytest.mark.parametrize(
    ("name", "article", "genitive"),
    [
        ("CANSSM", "la CANSSM", "de la CANSSM"),
        ("CARMI Est", "la CARMI Est", "de la CARMI Est"),
        ("Direction du budget", "la direction du budget", "de la direction du budget"),
        (
            "Contrôle général économique et financier",
            "le contrôle général économique et financier",
            "du contrôle général économique et financier",
        ),
        (
            "Conseil d’administration de la CANSSM",
            "le conseil d’administration de la CANSSM",
            "du conseil d’administration de la CANSSM",
        ),
        ("Agent comptable", "l’agent comptable", "de l’agent comptable"),
        ("Établissement", "l’établissement", "de l’établissement"),
        ("Agence régionale", "l’agence régionale", "de l’agence régionale"),
        ("Ministères de tutelle", "les ministères de tutelle", "des ministères de tutelle"),
        (
            "Hôpitaux de Freyming-Merlebach",
            "les hôpitaux de Freyming-Merlebach",
            "des hôpitaux de Freyming-Merlebach",
        ),
        ("Orange", "Orange", "d’Orange"),
        ("Liévin", "Liévin", "de Liévin"),
        ("Directions", "Directions", "de Directions"),
        ("", "", "de "),
    ],
)
def test_name_takes_its_article(name: str, article: str, genitive: str) -> None:
    assert (with_article(name), of(name)) == (article, genitive)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.code)
def test_every_body_of_the_reference_data_has_its_article(body: object) -> None:
    name = body.name  # type: ignore[attr-defined]
    assert with_article(name) != name, f"teach cases.french the gender of {name!r}"


def test_first_letter_alone_changes() -> None:
    assert (capitalised("le CGEFi"), lowered("Le CGEFi")) == ("Le CGEFi", "le CGEFi")
    assert (capitalised(""), lowered("")) == ("", "")
