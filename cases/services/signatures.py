"""Who acts, as a paper names it in French: letterhead, authority, subject of a ruling, signature."""

from typing import Final

from cases.enums import Role
from cases.french import capitalised, lowered, of, with_article
from cases.models import User
from cases.pdf import CANSSM, Decider, Letterhead
from cases.services.journal import SYSTEM

#: The line of the letterhead for each office that acts; other offices are named by their role.
ISSUERS: Final = {
    Role.DIRECTOR_GENERAL: "Direction générale",
    Role.REGIONAL_DIRECTOR: "Direction régionale",
    Role.ACCOUNTING_OFFICER: "Agence comptable",
    Role.BOARD_SECRETARY: "Conseil d’administration",
    Role.AUTHORITY: "Ministère de tutelle",
    Role.COMPTROLLER: "",  # its letterhead bears its name already
}
#: Bodies of the State: their papers bear their own name, and who signs does so for the body.
OUTSIDE: Final = frozenset({Role.AUTHORITY, Role.COMPTROLLER})
REGIME: Final = "Régime minier de sécurité sociale"


def letterhead_of(role: Role, body: str) -> Letterhead:
    """The name at the head: that of the CANSSM, or that of the body of the State that acts."""
    return {"body": body, "unit": REGIME} if role in OUTSIDE else CANSSM


def issuer_of(role: Role) -> str:
    """« Direction générale », « Conseil d’administration »."""
    return ISSUERS.get(role, role.label)


def authority_of(role: Role, body: str) -> str:
    """Who decides in law: « Le directeur général de la CANSSM », « L’agent comptable de la CANSSM », « Le conseil
    d’administration de la CANSSM », « Le ministère de tutelle — Direction du budget ».
    """
    if role == Role.AUTHORITY:
        return f"Le ministère de tutelle — {body}"
    if role == Role.COMPTROLLER:
        return capitalised(with_article(body))
    if role == Role.BOARD_SECRETARY:
        name = body if body.lower().startswith("conseil") else f"conseil d’administration {of(body)}"
        return capitalised(with_article(name))
    return f"{_office(role)} {of(body)}"


def subject_of(role: Role, body: str) -> str:
    """The same as the subject of a sentence: a ministry's directorate speaks in its own name."""
    return capitalised(with_article(body)) if role == Role.AUTHORITY else authority_of(role, body)


def signatory(actor: User | None, role: Role, body: str, capacity: str, *, finding: bool = False) -> Decider:
    """Name, office and capacity of who signs; ``actor`` None stands for the system."""
    name = str(actor) if actor else SYSTEM
    if finding and actor is None:
        return {"name": "Berline", "title": "Établi par le système", "capacity": ""}
    own = capacity == f"{role.label} — {body}"
    if role in OUTSIDE:
        ministry = ", ministère de tutelle" if role == Role.AUTHORITY else ""
        return {
            "name": name,
            "title": f"Pour {with_article(body)}",
            "capacity": f"au nom {of(body)}{ministry}" if own else _capacity(capacity),
        }
    if role == Role.BOARD_SECRETARY:
        board = lowered(authority_of(role, body))
        return {
            "name": name,
            "title": "Le secrétariat du conseil d’administration",
            "capacity": f"pour {board}" if own else _capacity(capacity),
        }
    return {"name": name, "title": _office(role), "capacity": _capacity(capacity)}


def _office(role: Role) -> str:
    office = lowered(role.label)
    return f"L’{office}" if office[0] in "aeéiou" else f"Le {office}"


def _capacity(capacity: str) -> str:
    office = lowered(capacity)
    return f"en qualité d’{office}" if office[:1] in set("aeéiou") else f"en qualité de {office}"
