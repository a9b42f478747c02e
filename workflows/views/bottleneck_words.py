"""The bottlenecks of a path in French sentences, written only where there are enough visits to say something."""

from __future__ import annotations

from cases.calendar import french_date
from workflows.engine.path import Path
from workflows.engine.returns import Way
from workflows.selectors.bottlenecks import ENOUGH, Arrow, PathFigures, Side, Spread, StepFigures

#: Instead of a difference.
TOO_FEW = "pas assez de dossiers pour comparer"
NOTHING = "—"


def count(number: int) -> str:
    """« 1 234 »."""
    return f"{number:,}".replace(",", "\u202f")


def many(number: int, one: str, several: str) -> str:
    """« 1 passage », « 12 passages », « aucun passage » is the caller's."""
    return f"{count(number)} {one if abs(number) < 2 else several}"


def days(number: int | None) -> str:
    """« 8 jours ouvrés »."""
    return NOTHING if number is None else many(number, "jour ouvré", "jours ouvrés")


def short_days(number: int | None) -> str:
    """« 8 j »."""
    return NOTHING if number is None else f"{count(number)}\u00a0j"


def percent(share: float | None) -> str:
    """« 25 % »."""
    return NOTHING if share is None else f"{round(100 * share)}\u00a0%"


def one_in(part: int, whole: int) -> str:
    """« 1 sur 4 » of what is rarer than two in five, else « 45 % »."""
    share = part / whole
    return f"1 sur {round(1 / share)}" if share <= 0.4 else percent(share)


def period(side: Side) -> str:
    """« du lundi 2 mars 2015 au dimanche 29 mars 2015 »."""
    return f"du {french_date(side.since)} au {french_date(side.until)}"


def node_title(path: type[Path], key: str) -> str:
    """How a step or the end is called."""
    return next((str(node.task_title) for node in path.nodes() if node.name == key), key)


def where_to(path: type[Path], arrow: Arrow) -> str:
    """Where an arrow leads: « Décider », « même étape », several with « ou »."""
    titles = ["même étape" if key == arrow.step else f"« {node_title(path, key)} »" for key in arrow.targets]
    return " ou ".join(titles) if titles else NOTHING


def times(step: StepFigures) -> str:
    """« médiane 5 jours ouvrés sans le temps du déposant, 8 en tout »."""
    if step.net.median == step.gross.median:
        return f"médiane {days(step.net.median)}"
    return (
        f"médiane {days(step.net.median)} sans le temps du déposant, {count(step.gross.median or 0)} en tout"
    )


def slowest_sentence(figures: PathFigures) -> str:
    """Which step holds dossiers longest, or why nothing can be said."""
    step = figures.slowest
    if step is not None:
        visits = many(step.net.number, "passage terminé", "passages terminés")
        return f"L’étape « {step.title} » retient le plus : {times(step)} ({visits})."
    if any(one.known and one.net.enough for one in figures.steps):
        return "Aucune étape ne retient les dossiers : à chacune, la moitié des passages au moins finit le jour même."
    return (
        f"Aucune étape n’a {ENOUGH} passages terminés dans cette période : c’est trop peu pour dire où les dossiers "
        "attendent. Choisissez une période plus longue."
    )


def fullest_sentence(figures: PathFigures) -> str:
    """Where most waits today; nothing when little waits."""
    step = figures.fullest
    if step is None:
        return ""
    return (
        f"C’est l’étape « {step.title} » qui a le plus de tâches en attente aujourd’hui : {count(step.open)}."
    )


def loop_sentence(path: type[Path], step: StepFigures, arrow: Arrow) -> str:
    """One way back in a sentence; how often it is taken only of enough departures."""
    visits = many(arrow.volume, "passage", "passages")
    told = f"« {step.title} », « {arrow.label} » : {visits} sur {count(step.departures)}"
    if step.departures >= ENOUGH and arrow.share is not None and arrow.share < 1:
        told += f", soit {one_in(arrow.volume, step.departures)}"
    if arrow.way is Way.MIXED:
        return f"{told}. Certains reviennent, d’autres avancent : Berline ne compte pas les deux à part."
    if arrow.way is Way.PAUSE:
        asked = f" ; la demande part après {days(arrow.days.median)} (médiane)" if arrow.days.enough else ""
        return f"{told}. Le dossier attend le déposant, puis revient à cette étape{asked}."
    same = arrow.targets == (step.key,)
    return f"{told}. " + (
        "Le dossier reste à cette étape pour un nouveau passage."
        if same
        else f"Le dossier revient à {where_to(path, arrow)}."
    )


def change_sentence(first: PathFigures, second: PathFigures, *, two_bodies: bool) -> str:
    """Which step differs most between two sides, or that there is too little to compare."""
    found = []
    for step in first.steps:
        other = second.step(step.key)
        gap = gap_of(step.net, other.net) if other is not None and step.known else None
        if other is not None and gap is not None:
            found.append((abs(gap), gap, step, other))
    if not found:
        return f"Aucune étape n’a {ENOUGH} passages terminés des deux côtés : {TOO_FEW}."
    _, gap, step, other = max(found, key=lambda one: one[0])
    if not gap:
        return "Aucune étape n’a changé : les médianes sont les mêmes des deux côtés."
    end = "chez l’autre" if two_bodies else "dans l’autre période"
    return (
        f"Le plus grand écart est à l’étape « {step.title} » : médiane {days(step.net.median)} sans le temps du "
        f"déposant, contre {count(other.net.median or 0)} {end}."
    )


def gap_of(first: Spread, second: Spread) -> int | None:
    """Difference of the medians; None where either side has too few."""
    if not (first.enough and second.enough) or first.median is None or second.median is None:
        return None
    return first.median - second.median


def signed(number: int, unit: str = "") -> str:
    """« +3 j », « −2 j », « 0 »."""
    sign = "+" if number > 0 else "\u2212" if number < 0 else ""
    return f"{sign}{count(abs(number))}{unit if number else ''}"


def relative(first: int, second: int) -> str:
    """« +60 % » against the second; nothing where that is nought."""
    return signed(round(100 * (first - second) / second), "\u00a0%") if second else ""
