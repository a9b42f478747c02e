"""Takes a dossier in hand: locks its row, checks that the person may see it and read it as they left it."""

from viewflow.workflow.models import Process

from cases import rows
from cases.errors import Invalid, NotFound, Stale
from cases.models import Dossier, Organisation
from cases.permissions import Holding, may_read
from cases.services.locks import busy_is_conflict
from cases.text import FORBIDDEN, storable

MAX_MOTIVE = 5_000

UNSEEN = (
    "Aucun dossier de cette référence ne vous est accessible. "
    "Vérifiez la référence ou demandez l’accès à votre administrateur."
)


__all__ = ["busy_is_conflict", "check_version", "checked_motive", "lock_dossier"]

_LOCK = f"""
SELECT {rows.columns(Dossier, "dossier")}, {rows.columns(Organisation, "body")}, {rows.columns(Process, "process")}
  FROM cases_dossier dossier
  JOIN cases_organisation body ON body.id = dossier.organisation_id
  JOIN viewflow_process process ON process.id = dossier.process_id
 WHERE {{which}}
   FOR UPDATE OF dossier, process
"""  # noqa: S608
_LOCK_BY_REFERENCE = _LOCK.format(which="dossier.reference = %s")
_LOCK_BY_TASK = _LOCK.format(
    which="dossier.process_id = (SELECT process_id FROM viewflow_task WHERE viewflow_task.id = %s)"
)


def lock_dossier(
    *, holdings: tuple[Holding, ...] | None, reference: str = "", task_id: int | None = None
) -> Dossier:
    """Lock a dossier and its process, found by its reference or by one of its tasks. One statement.

    ``holdings`` None: the system. Raises ``NotFound``. Needs the caller's transaction, inside ``busy_is_conflict``.
    """
    if not storable(reference):
        raise NotFound(UNSEEN)
    with rows.cursor() as cursor:
        if task_id is None:
            cursor.execute(_LOCK_BY_REFERENCE, [reference])
        else:
            cursor.execute(_LOCK_BY_TASK, [task_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(UNSEEN)
    dossier, row = rows.build(Dossier, row)
    dossier.organisation, row = rows.build(Organisation, row)
    dossier.process, row = rows.build(Process, row)
    if holdings is not None and not may_read(holdings, dossier):
        raise NotFound(UNSEEN)
    dossier.process.dossier = dossier  # one instance everywhere: a second one would read old data
    return dossier


def check_version(dossier: Dossier, version: int | None) -> None:
    """Raise ``Stale`` when the dossier changed since the person read it."""
    if version is not None and version != dossier.version:
        raise Stale(
            "Le dossier a changé depuis que vous l’avez ouvert. "
            "Rechargez-le, vérifiez ce qui a changé, puis recommencez.",
            details={"version": dossier.version},
        )


def checked_motive(motive: str) -> str:
    """The motive without the blanks around it. Raises ``Invalid`` when it is too long or cannot be stored."""
    cleaned = motive.strip()
    message = ""
    if len(cleaned) > MAX_MOTIVE:
        message = f"Le motif dépasse {MAX_MOTIVE} caractères : résumez-le, et joignez le détail en pièce."
    elif not storable(cleaned):
        message = FORBIDDEN
    if message:
        raise Invalid(message, details={"motive": [message]})
    return cleaned
