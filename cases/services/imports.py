"""Loads files into the registers: previewed first, then written whole in one transaction, or not at all.

What was previewed is what is written: the file is read again under a lock, and when that would write anything else (the
register or the file changed meanwhile) nothing is written, the preview is brought up to date, and a person looks again.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.files.base import File
from django.db import IntegrityError, connection, transaction

from cases import clock
from cases.content import ContentError, sniff
from cases.errors import Conflict, Forbidden, Invalid
from cases.imports import REGISTERS, Plan, Register, Scope, make_plan, read_table
from cases.imports.plan import MAX_FAULTS, batches
from cases.imports.reading import MAX_BYTES, decoded, no_rows
from cases.models import Organisation, RegisterImport, User
from cases.permissions import Holding, holdings_of
from cases.property_facts import OWNER_KINDS
from cases.register_terms import ImportState, RegisterKind
from cases.selectors.imports import imports_visible_to, unseen
from cases.services.documents import check_upload
from cases.services.locks import busy_is_conflict
from cases.uploads import sha256_of

#: Rows written at a time, so that no statement comes near the time that the site gives to one.
BATCH: Final = 5000
#: First key of the advisory locks that let one import at a time into each register; the second one is the register's.
_LOCK: Final = 0x494D5052

_BUSY = (
    "Quelqu’un agit en ce moment sur une ligne de ce fichier : rien n’a été chargé. Confirmez de nouveau dans un "
    "instant."
)
_CHANGED = (
    "Le registre a changé depuis l’aperçu : rien n’a été chargé. L’aperçu est à jour ; relisez-le, puis confirmez de "
    "nouveau."
)


def preview_import(*, register: str, file: File, actor: User) -> RegisterImport:  # type: ignore[type-arg]
    """Read a file, judge every row against the register as it stands, and keep both to be confirmed or given up.

    Raises ``Forbidden`` (does not write this register) and ``Invalid`` with the faults of the whole file under
    ``file``: no spreadsheet, unknown or missing headings… Faults of rows do not raise: the import lists them.
    """
    held = holdings_of(actor)
    kind = RegisterKind(register)
    description = REGISTERS[kind]()
    _capacity(description, held)
    try:
        upload = check_upload(file)
    except Invalid as refusal:
        raise _plainer(file, refusal) from None
    plan = make_plan(
        description,
        read_table(file, upload.content_type, [one.heading for one in description.columns]),
        _scope(actor, held),
    )
    record = RegisterImport(
        register=kind,
        name=upload.name,
        size=upload.size,
        sha256=upload.sha256,
        uploaded_by=actor,
        uploaded_at=clock.now(),
    )
    _note(record, description, plan)
    file.seek(0)
    record.file.save(upload.name, file, save=False)
    record.save(force_insert=True)
    return record


def load_import(*, public_id: UUID, actor: User) -> RegisterImport:
    """Write what the preview announced, in one transaction, with one row of history for each row of the register.

    Raises ``NotFound``, ``Conflict`` (settled already; the file or the register changed so that something else would be
    written, or a row is wrong now: the stored preview then says what; this or another file is being loaded, which
    nobody waits for, or somebody holds a row) and ``Invalid`` (rows are wrong, or nothing changes). A dozen statements,
    and as many more for each ``BATCH`` of rows.
    """
    with busy_is_conflict(_BUSY):
        try:
            with transaction.atomic():
                record, refusal = _load(public_id, actor)
        except IntegrityError:  # somebody entered a row by hand at this very moment: judge the file again
            with transaction.atomic():
                record, refusal = _load(public_id, actor)
    if refusal is not None:
        raise refusal
    return record


@transaction.atomic
def abandon_import(*, public_id: UUID, actor: User) -> RegisterImport:
    """Give up an import that waits to be confirmed. Raises ``NotFound``, ``Conflict`` (settled already)."""
    record = _locked(public_id, actor, holdings_of(actor))
    _settle(record, ImportState.ABANDONED, actor)
    return record


def _load(public_id: UUID, actor: User) -> tuple[RegisterImport, Conflict | Invalid | None]:
    """Load, or bring the preview up to date and say why nothing was loaded."""
    held = holdings_of(actor)
    record = _locked(public_id, actor, held)
    register = REGISTERS[record.register]()
    capacity = _capacity(register, held)
    _one_at_a_time(record.register)
    scope = _scope(actor, held)
    plan = _reread(record, register, scope)
    expected = record.plan
    if plan.fingerprint != expected:
        _note(record, register, plan)
        record.save()
        return record, Conflict(_CHANGED)
    if plan.faults:
        return record, Invalid(
            "Des lignes sont en erreur : rien n’est chargé. Corrigez le fichier, puis déposez-le de nouveau."
        )
    if not plan.created and not plan.changed:
        return record, Invalid("Ce fichier ne change rien au registre : il n’y a rien à charger.")
    motive = f"Import du fichier « {record.name} »"
    _write(register, plan, scope, capacity, motive)
    _settle(record, ImportState.LOADED, actor)
    return record, None


def _reread(record: RegisterImport, register: Register, scope: Scope) -> Plan:
    """The plan as it is now, from the very file that was previewed. Raises ``Conflict`` when that is gone."""
    gone = Conflict(
        "Le fichier conservé n’est plus celui de l’aperçu : rien n’a été chargé. Déposez-le de nouveau."
    )
    try:
        file: Any = record.file.open("rb")
    except FileNotFoundError:
        raise gone from None
    with file:
        if sha256_of(file) != record.sha256:
            raise gone
        kind = sniff(file, record.name)
        table = read_table(file, kind, [one.heading for one in register.columns])
        return make_plan(register, table, scope, lock=True)


def _write(register: Register, plan: Plan, scope: Scope, capacity: str, motive: str) -> None:
    for batch in batches(plan.created, BATCH):
        register.save_new(batch, scope)
        register.save_history(batch, scope, capacity, motive)
    fields = {name for record in plan.changed for name in record.changes}
    for batch in batches(plan.changed, BATCH):
        register.save_changed(batch, fields, scope)
        register.save_history(batch, scope, capacity, motive)


def _note(record: RegisterImport, register: Register, plan: Plan) -> None:
    """What the page of the import shows."""
    record.rows = plan.rows
    record.faulty = plan.faulty
    record.created = len(plan.created)
    record.changed = len(plan.changed)
    record.unchanged = plan.unchanged
    record.faults = [one.as_list() for one in plan.faults[:MAX_FAULTS]]
    record.fault_count = len(plan.faults)
    record.sample = plan.sample(register)
    record.plan = plan.fingerprint


def _locked(public_id: UUID, actor: User, held: tuple[Holding, ...]) -> RegisterImport:
    """The import, locked, still to be settled."""
    visible = imports_visible_to(actor, held)
    record = (
        visible.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(public_id=public_id)
        .first()
    )
    if record is None and visible.filter(public_id=public_id).exists():
        raise Conflict(
            "Quelqu’un charge ou abandonne ce fichier en ce moment. Rechargez la page dans un instant."
        )
    if record is None:
        raise unseen()
    if record.state == ImportState.LOADED:
        raise Conflict("Ce fichier est déjà chargé : il n’y a rien à faire.")
    if record.state == ImportState.ABANDONED:
        raise Conflict("Cet import est abandonné. Déposez de nouveau le fichier.")
    return record


def _settle(record: RegisterImport, state: ImportState, actor: User) -> None:
    record.state = state
    record.settled_by = actor
    record.settled_at = clock.now()
    record.save(update_fields=["state", "settled_by", "settled_at"])


def _capacity(register: Register, held: tuple[Holding, ...]) -> str:
    capacity = register.capacity(held)
    if not capacity:
        raise Forbidden(
            f"{register.title} : vous n’y écrivez pas. Adressez le fichier à un instructeur de la CANSSM."
        )
    return capacity


def _scope(actor: User, held: tuple[Holding, ...]) -> Scope:
    bodies = Organisation.objects.filter(kind__in=OWNER_KINDS).order_by("lineage")
    return Scope(actor, held, clock.today(), clock.now(), {one.code: one for one in bodies})


def _one_at_a_time(register: str) -> None:
    """Loads of tens of seconds do not queue up: who comes second is told at once. Raises ``Conflict``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, register])
        if not cursor.fetchone()[0]:
            raise Conflict(
                "Un autre fichier se charge en ce moment dans ce registre : rien n’a été chargé. Attendez une minute, "
                "puis confirmez de nouveau."
            )


def _plainer(file: File, refusal: Invalid) -> Invalid:  # type: ignore[type-arg]
    """A CSV of headings alone is no table for who looks at its bytes; say what it is."""
    if refusal.details.get("reason") != "unknown_type" or not (file.name or "").lower().endswith(".csv"):
        return refusal
    file.seek(0)
    try:
        text = decoded(file.read(MAX_BYTES))
    except (Invalid, ContentError):
        return refusal
    lines = [line for line in text.splitlines() if line.strip(" ;,\t|")]
    return no_rows() if len(lines) == 1 else refusal
