"""The words of the field: roles, bodies, life cycle, deadlines. No other module of the project is imported here."""

from django.db import models


class Role(models.TextChoices):
    """What a person may do on an organisation (design §8). Values are fixed; labels are shown."""

    PREPARER = "preparer", "Agent préparateur"
    REGIONAL_DIRECTOR = "regional_director", "Directeur régional"
    REVIEWER = "reviewer", "Instructeur"
    DIRECTOR_GENERAL = "director_general", "Directeur général"
    ACCOUNTING_OFFICER = "accounting_officer", "Agent comptable"
    BOARD_SECRETARY = "board_secretary", "Secrétariat du conseil d’administration"
    EXPERT = "expert", "Expert"
    AUTHORITY = "authority", "Ministère de tutelle"
    COMPTROLLER = "comptroller", "Contrôle général économique et financier"
    MANAGER = "manager", "Pilotage"
    AUDITOR = "auditor", "Auditeur"
    ADMINISTRATOR = "administrator", "Administrateur"

    @property
    def codename(self) -> str:
        """Codename of the object permission on ``Organisation`` that stands for this role."""
        return f"hold_{self.value}"

    @property
    def permission(self) -> str:
        """The permission as viewflow stores it on a task: ``cases.hold_<role>``."""
        return f"cases.{self.codename}"


class OrganisationKind(models.TextChoices):
    """Kind of body; it decides which roles can be held there."""

    FUND = "fund", "Caisse autonome nationale"
    CARMI = "carmi", "Caisse régionale"
    BOARD = "board", "Conseil d’administration"
    COMMITTEE = "committee", "Comité d’experts"
    MINISTRY = "ministry", "Ministère de tutelle"
    COMPTROLLER = "comptroller", "Contrôle économique et financier"
    ESTABLISHMENT = "establishment", "Établissement"


#: Which roles each kind of body can hold. A step whose role no body can hold is refused by ``manage.py check``.
ROLES_BY_KIND: dict[OrganisationKind, frozenset[Role]] = {
    OrganisationKind.FUND: frozenset(
        {
            Role.PREPARER,
            Role.REVIEWER,
            Role.DIRECTOR_GENERAL,
            Role.ACCOUNTING_OFFICER,
            Role.MANAGER,
            Role.AUDITOR,
            Role.ADMINISTRATOR,
        }
    ),
    OrganisationKind.CARMI: frozenset({Role.PREPARER, Role.REGIONAL_DIRECTOR, Role.MANAGER}),
    OrganisationKind.BOARD: frozenset({Role.BOARD_SECRETARY}),
    OrganisationKind.COMMITTEE: frozenset({Role.EXPERT}),
    OrganisationKind.MINISTRY: frozenset({Role.AUTHORITY}),
    OrganisationKind.COMPTROLLER: frozenset({Role.COMPTROLLER}),
    OrganisationKind.ESTABLISHMENT: frozenset({Role.PREPARER}),
}


class DossierStatus(models.TextChoices):
    """What the dossier is in law (design §6)."""

    DRAFT = "draft", "Brouillon"
    SUBMITTED = "submitted", "Soumis"
    UNDER_REVIEW = "under_review", "En instruction"
    TO_COMPLETE = "to_complete", "À compléter"
    IN_CONSULTATION = "in_consultation", "En consultation"
    AWAITING_DECISION = "awaiting_decision", "En attente de décision"
    AWAITING_AUTHORITY = "awaiting_authority", "En attente de la tutelle"
    APPROVED = "approved", "Validé"
    ENFORCEABLE = "enforceable", "Exécutoire"
    EXECUTED = "executed", "Exécuté"
    REFUSED = "refused", "Refusé"
    LAPSED = "lapsed", "Caduc"
    WITHDRAWN = "withdrawn", "Retiré"
    CLOSED = "closed", "Clos"


_S = DossierStatus

#: The one life cycle. The django-fsm methods, the PostgreSQL trigger and the path checks are all built from this table.
#: Two arrows are not in the design's drawing. ``approved → under_review``: its §9 sends a revised cost that crosses the
#: threshold back to review. ``submitted → awaiting_authority``: a file that the fund hands to the ministries with no
#: decision of its own in between (prior agreement of A11 and A20, budgets voted by the board).
STATUS_MOVES: dict[DossierStatus, frozenset[DossierStatus]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED, _S.WITHDRAWN}),
    _S.SUBMITTED: frozenset(
        {
            _S.UNDER_REVIEW,
            _S.IN_CONSULTATION,
            _S.AWAITING_DECISION,
            _S.AWAITING_AUTHORITY,
            _S.REFUSED,
            _S.DRAFT,
            _S.APPROVED,
            _S.WITHDRAWN,
        }
    ),
    _S.UNDER_REVIEW: frozenset(
        {_S.TO_COMPLETE, _S.IN_CONSULTATION, _S.AWAITING_DECISION, _S.REFUSED, _S.WITHDRAWN}
    ),
    _S.TO_COMPLETE: frozenset({_S.UNDER_REVIEW, _S.WITHDRAWN}),
    _S.IN_CONSULTATION: frozenset({_S.UNDER_REVIEW, _S.AWAITING_DECISION, _S.WITHDRAWN}),
    _S.AWAITING_DECISION: frozenset(
        {_S.UNDER_REVIEW, _S.AWAITING_AUTHORITY, _S.APPROVED, _S.REFUSED, _S.EXECUTED, _S.WITHDRAWN}
    ),
    _S.AWAITING_AUTHORITY: frozenset({_S.AWAITING_DECISION, _S.APPROVED, _S.REFUSED, _S.ENFORCEABLE}),
    _S.APPROVED: frozenset({_S.ENFORCEABLE, _S.EXECUTED, _S.LAPSED, _S.UNDER_REVIEW}),
    _S.ENFORCEABLE: frozenset({_S.EXECUTED, _S.LAPSED}),
    _S.EXECUTED: frozenset({_S.CLOSED}),
    _S.REFUSED: frozenset({_S.CLOSED}),
    _S.LAPSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.CLOSED: frozenset(),
}

#: Statuses that no move leaves.
FINAL_STATUSES = frozenset(status for status, targets in STATUS_MOVES.items() if not targets)


def status_may_move(before: str, after: str) -> bool:
    """Whether the life cycle has an arrow from ``before`` to ``after``; staying put is no move and always allowed."""
    return before == after or DossierStatus(after) in STATUS_MOVES[DossierStatus(before)]


def sources_of(target: DossierStatus) -> list[str]:
    """Statuses from which ``target`` can be reached, in the order of the enumeration."""
    return [source.value for source in DossierStatus if target in STATUS_MOVES[source]]


class Duty(models.TextChoices):
    """The part that a step plays in the separation of duties (design §7)."""

    PREPARE = "prepare", "préparation"
    REVIEW = "review", "instruction"
    DECIDE = "decide", "décision"
    ACCOUNT = "account", "comptabilité"
    EXECUTE = "execute", "exécution"


#: What a person who already played one part may no longer do on the same dossier.
INCOMPATIBLE_DUTIES: dict[Duty, frozenset[Duty]] = {
    Duty.DECIDE: frozenset({Duty.PREPARE, Duty.REVIEW, Duty.ACCOUNT}),
    Duty.PREPARE: frozenset({Duty.DECIDE}),
    Duty.REVIEW: frozenset({Duty.DECIDE}),
    Duty.ACCOUNT: frozenset({Duty.DECIDE}),
    Duty.EXECUTE: frozenset(),
}


class DecisionKind(models.TextChoices):
    """What a decision does to the dossier."""

    APPROVAL = "approval", "Validation"
    REFUSAL = "refusal", "Refus"
    DISPENSE = "dispense", "Dispense de validation"
    COMMITMENT = "commitment", "Engagement"
    AGREEMENT = "agreement", "Accord préalable"
    DELIBERATION = "deliberation", "Délibération"
    OPINION = "opinion", "Avis"


class DeadlineKind(models.TextChoices):
    """*Legal* dates are quoted from the text; *internal* ones are targets."""

    LEGAL = "legal", "Légale"
    INTERNAL = "internal", "Interne"


class AtExpiry(models.TextChoices):
    """What the end of a delay brings about (design §9).

    ``alert``: nothing but reminders. The others are done by the system: an outcome of the step is recorded
    (``tacit_approval``, ``enforceable``, ``lapse``, ``close``: opinions not given are done without) or the breach is
    written to the journal (``report_breach``).
    """

    ALERT = "alert", "Rappels seulement"
    TACIT_APPROVAL = "tacit_approval", "Approbation réputée acquise"
    ENFORCEABLE = "enforceable", "Exécutoire de plein droit"
    LAPSE = "lapse", "Caducité"
    CLOSE = "close", "Clôture de la consultation"
    REPORT_BREACH = "report_breach", "Dépassement consigné au journal"


class DeadlineState(models.TextChoices):
    """Where the clock of a deadline stands."""

    RUNNING = "running", "En cours"
    SUSPENDED = "suspended", "Suspendue"
    MET = "met", "Tenue"
    CANCELLED = "cancelled", "Sans objet"


class FeedKind(models.TextChoices):
    """What a feed shows: the dates of one person, those of one role on one body, or the register of notices."""

    PERSON = "person", "Mes échéances"
    ROLE = "role", "Échéances d’un rôle"
    REGISTER = "register", "Registre des informations"
