"""How a chance is said: no more exactly than the history knows it."""

from typing import Final

#: From so many departures on, a chance may be said to be beyond 99 %.
MUCH: Final = 30
_STEP: Final = 5


def spoken(chance: float, departures: int) -> str:
    """« environ 80 % » for a chance (0 to 1) that rests on so many departures.

    Rounded to 5 %. Near the ends it says how far the history goes: a few departures bear no « plus de 99 % ».
    """
    percent = chance * 100
    edge = 1 if departures >= MUCH else _STEP
    if percent < edge:
        return f"moins de {edge}\u00a0%"
    if percent > 100 - edge:
        return f"plus de {100 - edge}\u00a0%"
    if percent < _STEP:
        return f"moins de {_STEP}\u00a0%"
    if percent > 100 - _STEP:
        return f"plus de {100 - _STEP}\u00a0%"
    return f"environ {int(percent / _STEP + 0.5) * _STEP}\u00a0%"


def percentage(chance: float | None) -> str:
    """A share to the whole percent, « — » for none."""
    return "—" if chance is None else f"{chance * 100:.0f}\u00a0%"
