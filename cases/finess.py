"""Numbers of the health registers: FINESS (an establishment) and ADELI (a professional), checked as they are typed.

Pure: no database. A fault is a French sentence for a clerk that says what is wrong and what to do.

**FINESS**: nine characters. The first two are the department (01 to 95 without 20, ``2A`` and ``2B`` for Corsica, 97
and 98 overseas, where the next characters tell the territory: 9701 is Guadeloupe), the last one is the key of the first
eight by Luhn's formula. In that sum Corsica's letters count by their rank, A as 1 and B as 2. The key refuses any one
mistyped digit and any two neighbours exchanged but 0 and 9, as Luhn's formula does; it does not tell ``2A`` from
``21``, because both count alike.

**ADELI**: nine characters, the department first (as above), then the code of the profession (one or two figures), the
number in the list of the department, and a last figure that is a key. Only the shape is checked: the sheets that bodies
hold were copied by hand for decades, no public text of reference fixes the key for every profession and territory, and
a right number refused would leave a clerk without a way out, while a wrong one harms nothing here: it opens no right.
"""

import re

LENGTH = 9
"""Characters of a FINESS number, and of an ADELI number."""

_METROPOLE = frozenset(f"{number:02d}" for number in range(1, 96) if number != 20)
DEPARTMENTS = _METROPOLE | {"2A", "2B", "97", "98"}
"""What a number may begin with."""

_RANKS = {"A": 1, "B": 2}
_SHAPE = re.compile(r"[0-9][0-9AB][0-9]{7}")
#: What people and spreadsheets put between the groups of a number: every kind of blank, dots, hyphens.
_BETWEEN = re.compile(r"[\s.\-\u00ad\u200b\u2010-\u2015\ufeff]+")


def plain(text: str) -> str:
    """A number as it is kept: without blanks, dots and hyphens, letters in upper case (« 62 001 234 5 »)."""
    return _BETWEEN.sub("", text).upper()


def finess_key(first_eight: str) -> str:
    """The key, one figure, of the first eight characters of a FINESS number.

    Raises ``ValueError`` when they are not such characters.
    """
    if not re.fullmatch(r"[0-9][0-9AB][0-9]{6}", first_eight):
        raise ValueError(f"not the first eight characters of a FINESS number: {first_eight!r}")
    total = 0
    for place, character in enumerate(reversed(first_eight)):
        value = _RANKS.get(character) or int(character)
        if place % 2 == 0:  # the key itself stands at the right: its neighbour is doubled, and so on
            value *= 2
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def finess_fault(text: str) -> str:
    """Why a text is not a FINESS number, a French sentence, or nothing. Blanks between the groups do not matter."""
    number = plain(text)
    if fault := _shape_fault(
        number, "FINESS", "Recopiez-le de la fiche de l’établissement au répertoire FINESS."
    ):
        return fault
    key = finess_key(number[:8])
    if number[8] != key:
        return (
            f"La clé du numéro FINESS « {number} » est fausse : les huit premiers caractères « {number[:8]} » donnent "
            f"la clé {key}, et non {number[8]}. Vérifiez tout le numéro : un chiffre a pu être mal copié."
        )
    return ""


def adeli_fault(text: str) -> str:
    """Why a text has not the shape of an ADELI number, a French sentence, or nothing. Its key is not checked."""
    return _shape_fault(plain(text), "ADELI", "Recopiez-le de l’attestation d’inscription du professionnel.")


def _shape_fault(number: str, register: str, remedy: str) -> str:
    if not number:
        return f"Indiquez le numéro {register}. {remedy}"
    if len(number) != LENGTH:
        counted = "un caractère" if len(number) == 1 else f"{len(number)} caractères"
        return f"Un numéro {register} a neuf caractères, celui-ci en a {counted}. {remedy}"
    if not _SHAPE.fullmatch(number):
        return (
            f"Un numéro {register} n’a que des chiffres, sauf « 2A » et « 2B » en tête pour la Corse : "
            f"« {number} » a un autre caractère. {remedy}"
        )
    if number[:2] not in DEPARTMENTS:
        hint = " (la Corse s’écrit 2A ou 2B)" if number[:2] == "20" else ""
        return (
            f"Le numéro {register} « {number} » commence par « {number[:2]} », qui n’est pas un département{hint}. "
            f"{remedy}"
        )
    return ""
