"""The legal dates that fall inside somebody's absences, as far as who looks at them may read the dossiers."""

from collections.abc import Mapping, Sequence

from cases.enums import DeadlineKind
from cases.models import Absence, Deadline, User
from cases.permissions import Holding, may_read
from workflows.selectors.circle import held_alone, running_clocks_of


def legal_dates_inside(
    user: User, absences: Sequence[Absence], holdings: tuple[Holding, ...]
) -> Mapping[int, Sequence[Deadline]]:
    """Absence (key) → the legal clocks that end inside it, of tasks that ``user`` has taken or alone can take.

    ``holdings``: those of who looks. Each clock comes with its dossier. Three statements, none without absences.
    """
    if not absences:
        return {}
    first, last = min(one.first_day for one in absences), max(one.last_day for one in absences)
    found = [
        one
        for one in running_clocks_of(user.pk, held_alone(user), first=first, last=last)
        if one.kind == DeadlineKind.LEGAL and may_read(holdings, one.dossier)
    ]
    return {
        away.pk: [one for one in found if one.due_on and away.first_day <= one.due_on <= away.last_day]
        for away in absences
    }
