"""Who is told of a message or a note on a dossier: the other side, as far as they may read it today."""

from collections.abc import Iterable

from viewflow.workflow.models import Task

from cases.enums import Duty, Role
from cases.models import Dossier
from cases.permissions import READS_ALL, READS_NONE, fund_of, may_read, reads_notes
from cases.selectors.absences import Standing, people_around
from workflows.engine.seats import chair_of
from workflows.selectors.actions import open_tasks

#: Who is told at the submitter's when nobody of those who prepared the dossier is there any more.
OF_BODY = (Role.PREPARER, Role.REGIONAL_DIRECTOR)


class Correspondents:
    """The people of the two sides of a dossier. Two statements."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        self.fund = fund_of(dossier.organisation)
        tasks = open_tasks(dossier.process_id)
        self.tasks: list[Task] = [task for task in tasks if chair_of(task).organisation_id == self.fund]
        owners = [task.owner_id for task in self.tasks if task.owner_id is not None]
        parts = dossier.participants
        self.people = people_around(
            lineages=[dossier.organisation.lineage],
            roles={*OF_BODY, Role.REVIEWER, *(chair_of(task).role for task in self.tasks)},
            people=[*parts.get(Duty.PREPARE.value, ()), *parts.get(Duty.REVIEW.value, ()), *owners],
        )

    def of_submitter(self) -> set[int]:
        """Those of the body who prepared the dossier; else its preparers and its regional director."""
        own = self.dossier.organisation_id
        return self._there(own, self._played(Duty.PREPARE)) or self._holding(own, OF_BODY)

    def of_desk(self) -> set[int]:
        """Those of the fund who have a task of the dossier in hand or reviewed it; else all its reviewers.

        Where the fund itself files, who prepared the dossier is not its desk.
        """
        known = {
            *self._played(Duty.REVIEW),
            *(task.owner_id for task in self.tasks if task.owner_id is not None),
        }
        prepared = set(self._played(Duty.PREPARE))
        found = self._there(self.fund, known - prepared)
        return found or self._holding(self.fund, [Role.REVIEWER]) - prepared

    def of_note(self) -> set[int]:
        """Those of the fund who have an open task in hand, or may take it, and read notes."""
        found: set[int] = set()
        for task in self.tasks:
            role = chair_of(task).role
            if task.owner_id is not None:
                found |= self._there(self.fund, [task.owner_id])
            else:
                found |= self._holding(self.fund, [role])
        return {key for key in found if reads_notes(self.people[key].holdings, self.dossier, key)}

    def _played(self, duty: Duty) -> list[int]:
        return list(self.dossier.participants.get(duty.value, ()))

    def _holding(self, body_id: int, roles: Iterable[Role]) -> set[int]:
        """Everybody who holds one of the roles on a body."""
        return {
            one.user_id
            for one in self.people.values()
            if self._reads(one) and any(one.holds(role, body_id) for role in roles)
        }

    def _there(self, body_id: int, keys: Iterable[int]) -> set[int]:
        """Of these people, those who still work for a body."""
        idle = READS_ALL | READS_NONE
        return {
            key
            for key in keys
            if (one := self.people.get(key)) is not None
            and self._reads(one)
            and any(held.organisation_id == body_id and held.role not in idle for held in one.holdings)
        }

    def _reads(self, one: Standing) -> bool:
        return one.active and may_read(one.holdings, self.dossier)
