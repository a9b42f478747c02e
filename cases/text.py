"""What a text must be for PostgreSQL and the journal to keep it."""

FORBIDDEN = "Un caractère ne peut pas être enregistré : retapez le texte."


def storable(text: str) -> bool:
    """Whether a text can be stored and fingerprinted: no NUL, no half of a surrogate pair, both sent by JSON."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def fault_of(text: str, *, limit: int, required: str = "") -> str:
    """Why a text cannot be kept, a French sentence, or nothing. ``required``: what is said of a blank one."""
    if required and not text.strip():
        return required
    if len(text) > limit:
        return f"Ce texte dépasse {limit} caractères : résumez-le."
    return "" if storable(text) else FORBIDDEN
