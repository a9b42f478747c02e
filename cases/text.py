"""What a text must be for PostgreSQL and the journal to keep it."""

FORBIDDEN = "Un caractère ne peut pas être enregistré : retapez le texte."


def storable(text: str) -> bool:
    """Whether a text can be stored and fingerprinted: no NUL, no half of a surrogate pair (JSON can send both)."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
