"""The ledger of credits: append-only movements in double entry; balances follow from them, held by triggers.

A movement is two or more postings whose amounts sum to zero in every fund and exercise (a carry-over: in
every fund, since it leads from one exercise to the next). ``CreditBalance`` is a cache of the sums of
postings by line and exercise, kept by the trigger of the postings alone: it is what is locked, and its
named constraints refuse an overdraft under any concurrency. ``cases.selectors.ledger.balance_faults``
proves that cache and postings agree.
"""

import pgtrigger
from django.db import models
from django.db.models import Q

from cases.budget_terms import Account, MovementKind
from cases.models.budget import BudgetLine, Exercise, Fund
from cases.models.dossiers import Dossier
from cases.models.journal import APPEND_ONLY, not_truncated

WITHOUT_DOSSIER = (MovementKind.INITIAL.value, MovementKind.CANCELLATION.value)
"""Kinds that no dossier needs to cause: the loading of the printed budgets, what lapses at the end of a
year.
"""

AFTER_CLOSING = (MovementKind.CARRY_OVER.value, MovementKind.CANCELLATION.value)
"""Kinds that may still take credits out of a closed exercise."""


class CreditMovement(models.Model):
    """One movement of credits: why, when it counts, which act of which dossier caused it.

    ``journal_sequence`` is the entry of the dossier's journal that tells the act. ``origin`` says in French
    where the credits come from when no dossier does, or which sale or receipt they are tied to. ``size`` is
    how many postings it has, so that none can be added later.
    """

    kind = models.CharField("nature", max_length=12, choices=MovementKind.choices)
    effective_on = models.DateField("date d’effet")
    recorded_at = models.DateTimeField("enregistré le")
    label = models.CharField("libellé", max_length=200)
    size = models.PositiveSmallIntegerField("nombre d’écritures")
    origin = models.CharField("origine", max_length=200, blank=True)
    dossier = models.ForeignKey(
        Dossier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name="dossier",
    )
    journal_sequence = models.PositiveIntegerField("écriture du journal", null=True, blank=True)

    class Meta:
        verbose_name = "mouvement de crédits"
        verbose_name_plural = "mouvements de crédits"
        ordering = ("effective_on", "pk")
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                name="credit_movement_kind_known", condition=Q(kind__in=MovementKind.values)
            ),
            models.CheckConstraint(name="credit_movement_has_two_sides", condition=Q(size__gte=2)),
            models.CheckConstraint(
                name="credit_movement_has_its_act",
                condition=Q(dossier__isnull=True, journal_sequence__isnull=True)
                | Q(dossier__isnull=False, journal_sequence__isnull=False),
            ),
            models.CheckConstraint(
                name="credit_movement_has_its_cause",
                condition=Q(dossier__isnull=False) | (Q(kind__in=WITHOUT_DOSSIER) & ~Q(origin="")),
            ),
        )
        indexes = (models.Index(fields=("dossier", "journal_sequence"), name="credit_movement_by_act"),)
        triggers = (
            pgtrigger.Protect(name="credit_movement_append_only", operation=APPEND_ONLY),
            not_truncated("credit_movement_not_truncated"),
            pgtrigger.Trigger(
                name="credit_movement_complete",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func="""
                    IF (SELECT count(*) FROM cases_creditposting WHERE movement_id = NEW.id) <> NEW.size THEN
                        RAISE EXCEPTION 'ledger: movement % does not have its % postings', NEW.id, NEW.size
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_movement_complete';
                    END IF;
                    IF NEW.dossier_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM cases_journalentry
                         WHERE dossier_id = NEW.dossier_id AND sequence = NEW.journal_sequence
                    ) THEN
                        RAISE EXCEPTION 'ledger: movement % names entry % of dossier %, which does not exist',
                            NEW.id, NEW.journal_sequence, NEW.dossier_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_movement_journalled';
                    END IF;
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} du {self.effective_on:%d/%m/%Y} : {self.label}"


class CreditBalance(models.Model):
    """Sums of the postings of a line in an exercise, EUR. Written by the trigger of the postings, by nobody
    else.

    ``limitative`` is the line's. ``last_on`` is the latest effective date of a posting. Anybody may add the
    empty row of a leaf, so that there is something to lock.
    """

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="balances")
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="+")
    limitative = models.BooleanField("limitatif")
    available = models.DecimalField("disponible", max_digits=14, decimal_places=2, default=0)
    earmarked = models.DecimalField("fléché", max_digits=14, decimal_places=2, default=0)
    committed = models.DecimalField("engagé", max_digits=14, decimal_places=2, default=0)
    last_on = models.DateField("dernier mouvement", null=True)

    class Meta:
        verbose_name = "solde"
        ordering = ("line", "exercise")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(name="credit_balance_once", fields=("line", "exercise")),
            models.CheckConstraint(
                name="credit_balance_not_overdrawn", condition=Q(limitative=False) | Q(available__gte=0)
            ),
            models.CheckConstraint(
                name="credit_balance_earmarked_not_overdrawn", condition=Q(earmarked__gte=0)
            ),
            models.CheckConstraint(
                name="credit_balance_committed_not_negative", condition=Q(committed__gte=0)
            ),
        )
        triggers = (
            pgtrigger.Trigger(
                name="credit_balance_follows_postings",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF TG_OP = 'INSERT' AND EXISTS (
                        SELECT 1 FROM cases_budgetline
                         WHERE id = NEW.line_id AND is_leaf AND NEW.limitative = (nature = 'limitative')
                           AND NEW.available = 0 AND NEW.earmarked = 0 AND NEW.committed = 0
                           AND NEW.last_on IS NULL
                    ) THEN
                        RETURN NEW;
                    END IF;
                    IF pg_trigger_depth() < 2 THEN
                        RAISE EXCEPTION 'ledger: balances follow from postings and are written by nobody'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN
                        RETURN OLD;
                    END IF;
                    RETURN NEW;
                """,
            ),
            not_truncated("credit_balance_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.line_id}/{self.exercise_id}"


_KEEP_BALANCE = """
    SELECT kind, effective_on, (recorded_at AT TIME ZONE 'Europe/Paris')::date AS recorded_on
      INTO STRICT moved FROM cases_creditmovement WHERE id = NEW.movement_id;
    IF NOT (CASE moved.kind
        WHEN 'virement' THEN NEW.account = 'available'
        WHEN 'commitment' THEN NEW.account IN ('available', 'earmarked', 'committed')
        WHEN 'carry_over' THEN NEW.account IN ('available', 'earmarked')
        WHEN 'initial' THEN NEW.account IN ('available', 'source')
        WHEN 'amendment' THEN NEW.account IN ('available', 'source')
        ELSE NEW.account IN ('available', 'earmarked', 'source') END)
    THEN
        RAISE EXCEPTION 'ledger: a movement of kind % does not touch the account %', moved.kind, NEW.account
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_posting_account_fits_kind';
    END IF;
    SELECT closed_on INTO STRICT closing FROM cases_exercise WHERE id = NEW.exercise_id;
    IF closing <= GREATEST(moved.effective_on, moved.recorded_on)
       AND NOT (moved.kind IN ('carry_over', 'cancellation') AND (NEW.amount < 0 OR NEW.account = 'source'))
    THEN
        RAISE EXCEPTION 'ledger: the exercise was closed on %', closing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_posting_exercise_open';
    END IF;
    IF NEW.line_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT fund_id, is_leaf, nature = 'limitative' AS limitative, mark
      INTO STRICT touched FROM cases_budgetline WHERE id = NEW.line_id;
    IF NOT touched.is_leaf OR touched.fund_id <> NEW.fund_id THEN
        RAISE EXCEPTION 'ledger: line % bears no credits of fund %', NEW.line_id, NEW.fund_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_posting_fits_line';
    END IF;
    IF (moved.kind IN ('virement', 'carry_over') AND touched.mark = 'menton')
       OR (moved.kind = 'carry_over' AND (touched.mark <> '' OR NOT touched.limitative))
    THEN
        RAISE EXCEPTION 'ledger: credits of line % are not moved by a %', NEW.line_id, moved.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_posting_respects_marks';
    END IF;
    FOR attempt IN 1..2 LOOP
        UPDATE cases_creditbalance
           SET available = available + CASE NEW.account WHEN 'available' THEN NEW.amount ELSE 0 END,
               earmarked = earmarked + CASE NEW.account WHEN 'earmarked' THEN NEW.amount ELSE 0 END,
               committed = committed + CASE NEW.account WHEN 'committed' THEN NEW.amount ELSE 0 END,
               last_on = GREATEST(last_on, moved.effective_on)
         WHERE line_id = NEW.line_id AND exercise_id = NEW.exercise_id
        RETURNING last_on INTO latest;
        EXIT WHEN FOUND;
        INSERT INTO cases_creditbalance (line_id, exercise_id, limitative, available, earmarked, committed)
        VALUES (NEW.line_id, NEW.exercise_id, touched.limitative, 0, 0, 0)
        ON CONFLICT DO NOTHING;
    END LOOP;
    IF NEW.amount < 0 AND moved.effective_on < latest
       AND (touched.limitative OR NEW.account <> 'available')
    THEN
        SELECT min(day.running) INTO lowest FROM (
            SELECT m.effective_on, sum(sum(p.amount)) OVER (ORDER BY m.effective_on) AS running
              FROM cases_creditposting p JOIN cases_creditmovement m ON m.id = p.movement_id
             WHERE p.line_id = NEW.line_id AND p.exercise_id = NEW.exercise_id AND p.account = NEW.account
             GROUP BY m.effective_on
        ) AS day WHERE day.effective_on >= moved.effective_on;
        IF lowest < 0 THEN
            RAISE EXCEPTION 'ledger: line % would have been overdrawn after %', NEW.line_id,
            moved.effective_on USING ERRCODE = 'check_violation', CONSTRAINT =
            'credit_balance_not_overdrawn'; END IF; END IF; RETURN NULL;
"""

_BALANCED = """
    IF EXISTS (
        SELECT 1 FROM cases_creditposting p JOIN cases_creditmovement m ON m.id = p.movement_id
         WHERE m.id = NEW.movement_id
         GROUP BY p.fund_id, CASE m.kind WHEN 'carry_over' THEN NULL ELSE p.exercise_id END
        HAVING sum(p.amount) <> 0
    ) THEN
        RAISE EXCEPTION 'ledger: movement % is not balanced', NEW.movement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_posting_balanced';
    END IF;
    IF (SELECT count(*) FROM cases_creditposting WHERE movement_id = NEW.movement_id)
       <> (SELECT size FROM cases_creditmovement WHERE id = NEW.movement_id)
    THEN
        RAISE EXCEPTION 'ledger: movement % was complete already', NEW.movement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_movement_complete';
    END IF;
    RETURN NULL;
"""


class CreditPosting(models.Model):
    """One side of a movement: an amount (EUR, signed, never zero) on one account of a line, or of the fund
    itself.
    """

    movement = models.ForeignKey(CreditMovement, on_delete=models.PROTECT, related_name="postings")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(
        BudgetLine, on_delete=models.PROTECT, null=True, blank=True, related_name="postings"
    )
    account = models.CharField("compte", max_length=10, choices=Account.choices)
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "écriture de crédits"
        verbose_name_plural = "écritures de crédits"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(name="credit_posting_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="credit_posting_account_known", condition=Q(account__in=Account.values)
            ),
            models.CheckConstraint(
                name="credit_posting_source_has_no_line",
                condition=Q(account=Account.SOURCE, line__isnull=True)
                | (~Q(account=Account.SOURCE) & Q(line__isnull=False)),
            ),
        )
        indexes = (
            models.Index(fields=("line", "exercise", "account"), name="credit_posting_by_line"),
            models.Index(fields=("fund", "exercise"), name="credit_posting_by_fund"),
        )
        triggers = (
            pgtrigger.Protect(name="credit_posting_append_only", operation=APPEND_ONLY),
            not_truncated("credit_posting_not_truncated"),
            pgtrigger.Trigger(
                name="credit_posting_kept_in_balance",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                declare=[
                    ("moved", "RECORD"),
                    ("touched", "RECORD"),
                    ("closing", "DATE"),
                    ("latest", "DATE"),
                    ("lowest", "NUMERIC"),
                ],
                func=_KEEP_BALANCE,
            ),
            pgtrigger.Trigger(
                name="credit_posting_sums_to_zero",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func=_BALANCED,
            ),
        )

    def __str__(self) -> str:
        return f"{self.movement_id}: {self.account} {self.amount}"
