"""Writes, exports and verifies the journals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from cases import clock, rows
from cases.journal_chain import FORMAT, GENESIS, entry_hash, verify
from cases.models import AdministrationEntry, Dossier, JournalEntry, Organisation, User

#: Capacity and name under which the system acts (expiry of delays).
SYSTEM = "Système"

#: Key of the advisory lock that orders the entries of the one administration journal.
_ADMINISTRATION_LOCK = 0x6265726C


@dataclass(frozen=True, slots=True)
class ChainFailure:
    """A chain that does not hold: whose, at which entry, and what is wrong (French sentence)."""

    subject: str
    sequence: int
    reason: str


def append_entry(
    *,
    dossier: Dossier,
    actor: User | None,
    capacity: str,
    action: str,
    status_before: str,
    step: str = "",
    outcome: str = "",
    motive: str = "",
    rule_refs: Iterable[str] = (),
    changes: Mapping[str, Any] | None = None,
) -> JournalEntry:
    """Append one entry to the journal of a dossier whose row the caller has locked.

    Moves ``journal_length`` and ``journal_head`` of ``dossier`` in memory: the caller saves them.
    """
    entry = JournalEntry(
        dossier=dossier,
        sequence=dossier.journal_length + 1,
        at=clock.now(),
        actor=actor,
        actor_name=str(actor) if actor else SYSTEM,
        capacity=capacity,
        action=action,
        step=step,
        outcome=outcome,
        motive=motive,
        status_before=status_before,
        status_after=dossier.status,
        rule_refs=sorted(set(rule_refs)),
        changes=dict(changes or {}),
        previous_hash=dossier.journal_head,
    )
    entry.hash = entry_hash(entry.previous_hash, entry.content())
    rows.insert(entry)
    dossier.journal_length = entry.sequence
    dossier.journal_head = entry.hash
    return entry


def mention(
    *, dossier: Dossier, actor: User, capacity: str, action: str, changes: Mapping[str, Any]
) -> JournalEntry:
    """An entry that tells of something beside the file: a message, a link to another dossier. Two statements.

    The dossier itself stays as it was: neither its version nor the moment of its last act moves.
    """
    entry = append_entry(
        dossier=dossier,
        actor=actor,
        capacity=capacity,
        action=action,
        status_before=dossier.status,
        changes=changes,
    )
    rows.update(dossier, ("journal_length", "journal_head"))
    return entry


def append_administration_entry(
    *,
    actor: User | None,
    capacity: str,
    action: str,
    subject: User,
    organisation: Organisation | None = None,
    motive: str = "",
    changes: Mapping[str, Any] | None = None,
) -> AdministrationEntry:
    """Append one entry to the administration journal. Needs the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATION_LOCK])
    last = AdministrationEntry.objects.order_by("-sequence").values("sequence", "hash").first()
    entry = AdministrationEntry(
        sequence=last["sequence"] + 1 if last else 1,
        at=clock.now(),
        actor=actor,
        actor_name=str(actor) if actor else SYSTEM,
        capacity=capacity,
        action=action,
        subject=subject,
        organisation=organisation,
        motive=motive,
        changes=dict(changes or {}),
        previous_hash=last["hash"] if last else GENESIS,
    )
    entry.hash = entry_hash(entry.previous_hash, entry.content())
    entry.save(force_insert=True)
    return entry


def _chained(entry: JournalEntry | AdministrationEntry) -> dict[str, Any]:
    return entry.content() | {"previous_hash": entry.previous_hash, "hash": entry.hash}


def export_journal(dossier: Dossier) -> dict[str, Any]:
    """The journal as the stand-alone verifier reads it: ``python cases/journal_chain.py export.json``."""
    entries = JournalEntry.objects.filter(dossier=dossier).select_related("dossier").order_by("sequence")
    return {
        "format": FORMAT,
        "dossier": str(dossier.public_id),
        "reference": dossier.reference,
        "entries": [_chained(entry) for entry in entries],
        "head": dossier.journal_head,
    }


def _dossier_chains(reference: str) -> Iterator[tuple[Dossier, list[dict[str, Any]]]]:
    dossiers = Dossier.objects.filter(reference=reference) if reference else Dossier.objects.all()
    for dossier in dossiers.order_by("pk").iterator(chunk_size=500):
        entries = list(JournalEntry.objects.filter(dossier=dossier).order_by("sequence"))
        for entry in entries:
            entry.dossier = dossier
        yield dossier, [_chained(entry) for entry in entries]


def verify_all(*, reference: str = "") -> Iterator[ChainFailure]:
    """Recompute every chain (or one dossier's) and yield the first failure of each chain that does not hold.

    The head kept on the dossier's row is compared too, so that a cut tail is seen; so is a journal that went entirely,
    since every dossier has at least the entry of its creation.
    """
    for dossier, entries in _dossier_chains(reference):
        failure = verify(entries, head=dossier.journal_head)
        if not entries:
            yield ChainFailure(
                dossier.reference, 1, "Le journal est vide : l’écriture de la création manque."
            )
        elif failure is not None:
            yield ChainFailure(dossier.reference, failure.sequence, failure.reason)
        elif len(entries) != dossier.journal_length:
            yield ChainFailure(
                dossier.reference,
                len(entries) + 1,
                f"Le dossier annonce {dossier.journal_length} écriture(s), le journal en contient {len(entries)}.",
            )
    if not reference:
        chain = [_chained(entry) for entry in AdministrationEntry.objects.order_by("sequence")]
        failure = verify(chain)
        if failure is not None:
            yield ChainFailure("administration", failure.sequence, failure.reason)


#: The name under which the heads list the administration journal.
ADMINISTRATION = "administration"


def journal_heads() -> Iterator[tuple[str, int, str]]:
    """Subject, length and last fingerprint of every journal; kept elsewhere, they prove that none was rewritten."""
    dossiers = Dossier.objects.order_by("reference")
    yield from dossiers.values_list("reference", "journal_length", "journal_head").iterator()
    last = AdministrationEntry.objects.order_by("-sequence").values_list("sequence", "hash").first()
    if last is not None:
        yield ADMINISTRATION, *last


def compare_heads(kept: Iterable[str]) -> Iterator[ChainFailure]:
    """Heads kept as ``subject;length;fingerprint`` lines that the journals no longer bear at that place."""
    for number, line in enumerate(kept, start=1):
        if not line.strip():
            continue
        subject, _, rest = line.partition(";")
        length, _, head = rest.partition(";")
        if not length.isdecimal() or not head:
            reason = f"La ligne {number} du fichier ne se lit pas : reprenez le fichier d’origine."
            yield ChainFailure(subject, 0, reason)
            continue
        sequence = int(length)
        entries: QuerySet[Any] = (
            AdministrationEntry.objects.all()
            if subject == ADMINISTRATION
            else JournalEntry.objects.filter(dossier__reference=subject)
        )
        found = entries.filter(sequence=sequence).values_list("hash", flat=True).first()
        if found is None:
            yield ChainFailure(subject, sequence, "L’écriture conservée n’existe plus dans le journal.")
        elif found != head:
            yield ChainFailure(
                subject,
                sequence,
                "L’écriture ne porte plus l’empreinte conservée : le journal a été réécrit.",
            )
