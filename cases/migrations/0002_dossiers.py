import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import cases.models.documents


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_people_and_organisations"),
        ("viewflow", "0015_task_scheduled"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deadline",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step", models.CharField(max_length=60, verbose_name="étape")),
                ("title", models.CharField(max_length=120, verbose_name="intitulé")),
                (
                    "kind",
                    models.CharField(
                        choices=[("legal", "Légale"), ("internal", "Interne")],
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                ("rule_ref", models.CharField(max_length=160, verbose_name="règle")),
                ("length", models.PositiveSmallIntegerField(verbose_name="durée")),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("calendar_days", "calendar_days"),
                            ("working_days", "working_days"),
                            ("months", "months"),
                        ],
                        max_length=20,
                        verbose_name="unité",
                    ),
                ),
                (
                    "roll_over",
                    models.BooleanField(default=False, verbose_name="reportée au jour ouvré suivant"),
                ),
                (
                    "first_day_excluded",
                    models.BooleanField(default=True, verbose_name="premier jour non compté"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "En cours"),
                            ("suspended", "Suspendue"),
                            ("met", "Tenue"),
                            ("cancelled", "Sans objet"),
                        ],
                        default="running",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="échéance")),
                ("opened_at", models.DateTimeField(verbose_name="ouverte le")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="fermée le")),
            ],
            options={
                "verbose_name": "échéance",
                "ordering": ("opened_at", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="DeadlineEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("started", "started"),
                            ("suspended", "suspended"),
                            ("resumed", "resumed"),
                            ("extended", "extended"),
                            ("met", "met"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=10,
                        verbose_name="événement",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="survenu le")),
                ("amount", models.PositiveIntegerField(default=0, verbose_name="durée ajoutée")),
                ("motive", models.CharField(blank=True, max_length=300, verbose_name="motif")),
                (
                    "deadline",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="cases.deadline",
                    ),
                ),
            ],
            options={
                "verbose_name": "événement d’échéance",
                "ordering": ("at", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Dossier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="identifiant public"
                    ),
                ),
                ("reference", models.CharField(max_length=40, unique=True, verbose_name="référence")),
                ("path", models.CharField(max_length=60, verbose_name="circuit")),
                ("convention", models.CharField(max_length=40, verbose_name="convention")),
                ("rule_versions", models.JSONField(default=dict, verbose_name="versions des règles")),
                ("title", models.CharField(max_length=200, verbose_name="objet")),
                (
                    "amount_ht",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="montant HT"
                    ),
                ),
                (
                    "approved_amount_ht",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=14,
                        null=True,
                        verbose_name="montant validé HT",
                    ),
                ),
                (
                    "exercise",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="exercice"),
                ),
                ("data", models.JSONField(default=dict, verbose_name="données")),
                ("results", models.JSONField(default=dict, verbose_name="suites")),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "Brouillon"),
                            ("submitted", "Soumis"),
                            ("under_review", "En instruction"),
                            ("to_complete", "À compléter"),
                            ("in_consultation", "En consultation"),
                            ("awaiting_decision", "En attente de décision"),
                            ("awaiting_authority", "En attente de la tutelle"),
                            ("approved", "Validé"),
                            ("enforceable", "Exécutoire"),
                            ("executed", "Exécuté"),
                            ("refused", "Refusé"),
                            ("lapsed", "Caduc"),
                            ("withdrawn", "Retiré"),
                            ("closed", "Clos"),
                        ],
                        default="draft",
                        max_length=20,
                        protected=True,
                        verbose_name="état",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1, verbose_name="version")),
                ("participants", models.JSONField(default=dict, verbose_name="intervenants")),
                (
                    "involved",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        default=list,
                        size=None,
                        verbose_name="concernés",
                    ),
                ),
                ("next_due_on", models.DateField(blank=True, null=True, verbose_name="prochaine échéance")),
                ("journal_length", models.PositiveIntegerField(default=0)),
                (
                    "journal_head",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
                ("search_text", models.CharField(default="", editable=False, max_length=300)),
                ("created_at", models.DateTimeField(verbose_name="créé le")),
                ("submitted_at", models.DateTimeField(blank=True, null=True, verbose_name="soumis le")),
                ("updated_at", models.DateTimeField(verbose_name="modifié le")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="créé par",
                    ),
                ),
                (
                    "process",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dossier",
                        to="viewflow.process",
                    ),
                ),
            ],
            options={
                "verbose_name": "dossier",
                "ordering": ("-updated_at", "-pk"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="identifiant"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="nature")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("current", models.BooleanField(default=True, verbose_name="en vigueur")),
                (
                    "file",
                    models.FileField(
                        max_length=200, upload_to=cases.models.documents.storage_name, verbose_name="fichier"
                    ),
                ),
                ("name", models.CharField(max_length=150, verbose_name="nom")),
                ("content_type", models.CharField(max_length=100, verbose_name="type")),
                ("size", models.PositiveBigIntegerField(verbose_name="taille")),
                ("sha256", models.CharField(max_length=64, verbose_name="empreinte")),
                ("uploaded_at", models.DateTimeField(verbose_name="déposé le")),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="déposé par",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="cases.dossier",
                    ),
                ),
            ],
            options={
                "verbose_name": "pièce",
                "ordering": ("kind", "-version", "-pk"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("approval", "Validation"),
                            ("refusal", "Refus"),
                            ("dispense", "Dispense de validation"),
                            ("commitment", "Engagement"),
                        ],
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                ("step", models.CharField(max_length=60, verbose_name="étape")),
                (
                    "amount_ht",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="montant HT"
                    ),
                ),
                ("motive", models.TextField(blank=True, verbose_name="motif")),
                ("capacity", models.CharField(max_length=200, verbose_name="qualité")),
                ("decided_at", models.DateTimeField(verbose_name="décidé le")),
                ("rule_refs", models.JSONField(default=list, verbose_name="règles appliquées")),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidé par",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.document",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="cases.dossier",
                    ),
                ),
            ],
            options={
                "verbose_name": "décision",
                "ordering": ("decided_at", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="deadline",
            name="dossier",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="deadlines", to="cases.dossier"
            ),
        ),
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveIntegerField(verbose_name="numéro")),
                ("at", models.DateTimeField(verbose_name="moment")),
                ("actor_name", models.CharField(max_length=150, verbose_name="nom de l’auteur")),
                ("capacity", models.CharField(max_length=200, verbose_name="qualité")),
                ("action", models.CharField(max_length=40, verbose_name="acte")),
                ("motive", models.TextField(blank=True, verbose_name="motif")),
                ("changes", models.JSONField(default=dict, verbose_name="changements")),
                ("previous_hash", models.CharField(max_length=64, verbose_name="empreinte précédente")),
                ("hash", models.CharField(max_length=64, verbose_name="empreinte")),
                ("step", models.CharField(blank=True, max_length=60, verbose_name="étape")),
                ("outcome", models.CharField(blank=True, max_length=60, verbose_name="issue")),
                ("status_before", models.CharField(blank=True, max_length=20, verbose_name="état avant")),
                ("status_after", models.CharField(max_length=20, verbose_name="état après")),
                ("rule_refs", models.JSONField(default=list, verbose_name="règles appliquées")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="journal",
                        to="cases.dossier",
                    ),
                ),
            ],
            options={
                "verbose_name": "écriture du journal",
                "verbose_name_plural": "journal",
                "ordering": ("dossier", "sequence"),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="dossier",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="dossiers",
                to="cases.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.CreateModel(
            name="AdministrationEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.PositiveIntegerField(verbose_name="numéro")),
                ("at", models.DateTimeField(verbose_name="moment")),
                ("actor_name", models.CharField(max_length=150, verbose_name="nom de l’auteur")),
                ("capacity", models.CharField(max_length=200, verbose_name="qualité")),
                ("action", models.CharField(max_length=40, verbose_name="acte")),
                ("motive", models.TextField(blank=True, verbose_name="motif")),
                ("changes", models.JSONField(default=dict, verbose_name="changements")),
                ("previous_hash", models.CharField(max_length=64, verbose_name="empreinte précédente")),
                ("hash", models.CharField(max_length=64, verbose_name="empreinte")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne concernée",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "écriture d’administration",
                "verbose_name_plural": "journal d’administration",
                "ordering": ("sequence",),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ReferenceCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("prefix", models.CharField(max_length=20)),
                ("exercise", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("prefix", "exercise"), name="reference_counter_once")
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deadlineevent",
            trigger=pgtrigger.compiler.Trigger(
                name="deadline_event_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete or update rows from % table', TG_TABLE_NAME;",
                    hash="c487a493c6aa0692f5d413d2a8ab3b7cbc42885c",
                    operation="DELETE OR UPDATE",
                    pgid="pgtrigger_deadline_event_append_only_0ded5",
                    table="cases_deadlineevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(condition=models.Q(("size__gt", 0)), name="document_not_empty"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                fields=("dossier", "kind", "version"), name="document_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                condition=models.Q(("current", True)),
                fields=("dossier", "kind"),
                name="document_current_once",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="document",
            trigger=pgtrigger.compiler.Trigger(
                name="document_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1d6d4dae08682e5808b60a3c7d03f0e61d605cfe",
                    operation="DELETE",
                    pgid="pgtrigger_document_never_deleted_efee6",
                    table="cases_document",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["approval", "refusal", "dispense", "commitment"])),
                name="decision_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "refusal"), _negated=True),
                    models.Q(("motive", ""), _negated=True),
                    _connector="OR",
                ),
                name="decision_refusal_has_motive",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_ht__isnull", True), ("amount_ht__gt", 0), _connector="OR"),
                name="decision_amount_positive",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="decision_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete or update rows from % table', TG_TABLE_NAME;",
                    hash="b5389ec0e3c8796745d92caf43ee392c6989affd",
                    operation="DELETE OR UPDATE",
                    pgid="pgtrigger_decision_append_only_35d2d",
                    table="cases_decision",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="deadline",
            index=models.Index(
                condition=models.Q(("state", "running")),
                fields=["due_on", "id"],
                name="deadline_running_by_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["legal", "internal"])), name="deadline_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["running", "suspended", "met", "cancelled"])),
                name="deadline_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "running"), _negated=True), ("due_on__isnull", False), _connector="OR"
                ),
                name="deadline_running_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state__in", ("running", "suspended"))),
                    models.Q(("closed_at__isnull", False), ("state__in", ("met", "cancelled"))),
                    _connector="OR",
                ),
                name="deadline_closed_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalentry",
            constraint=models.UniqueConstraint(fields=("dossier", "sequence"), name="journal_sequence_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journalentry",
            trigger=pgtrigger.compiler.Trigger(
                name="journal_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete or update rows from % table', TG_TABLE_NAME;",
                    hash="6906ffe4ec8841acca44f6a90284727862062dc3",
                    operation="DELETE OR UPDATE",
                    pgid="pgtrigger_journal_append_only_b9163",
                    table="cases_journalentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journalentry",
            trigger=pgtrigger.compiler.Trigger(
                name="journal_not_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="1ed275b2471098c80af53803faadad2c8c81cb6f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_journal_not_truncated_16d5c",
                    table="cases_journalentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="journalentry",
            trigger=pgtrigger.compiler.Trigger(
                name="journal_without_gap",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE last_sequence INTEGER; last_hash TEXT;",
                    func="\n                    SELECT sequence, hash INTO last_sequence, last_hash FROM cases_journalentry\n                     WHERE dossier_id = NEW.dossier_id ORDER BY sequence DESC LIMIT 1;\n                    IF NEW.sequence <> COALESCE(last_sequence, 0) + 1 THEN\n                        RAISE EXCEPTION 'journal: sequence % of dossier % leaves a gap', NEW.sequence, NEW.dossier_id\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    IF NEW.previous_hash <> COALESCE(last_hash, repeat('0', 64)) THEN\n                        RAISE EXCEPTION 'journal: entry % of dossier % is not chained', NEW.sequence, NEW.dossier_id\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="52034fb40d79d425f8c063f45790a1e1dfb6065e",
                    operation="INSERT",
                    pgid="pgtrigger_journal_without_gap_8cd88",
                    table="cases_journalentry",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(fields=["organisation", "-updated_at", "-id"], name="dossier_by_organisation"),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(fields=["-updated_at", "-id"], name="dossier_by_update"),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=models.Index(
                fields=["organisation", "path", "submitted_at"], name="dossier_for_split_warning"
            ),
        ),
        migrations.AddIndex(
            model_name="dossier",
            index=django.contrib.postgres.indexes.GinIndex(fields=["involved"], name="dossier_by_involved"),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "submitted",
                            "under_review",
                            "to_complete",
                            "in_consultation",
                            "awaiting_decision",
                            "awaiting_authority",
                            "approved",
                            "enforceable",
                            "executed",
                            "refused",
                            "lapsed",
                            "withdrawn",
                            "closed",
                        ],
                    )
                ),
                name="dossier_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_ht__isnull", True), ("amount_ht__gt", 0), _connector="OR"),
                name="dossier_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_amount_ht__isnull", True), ("approved_amount_ht__gt", 0), _connector="OR"
                ),
                name="dossier_approved_amount_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("exercise__isnull", True),
                    models.Q(("exercise__gte", 2000), ("exercise__lte", 2100)),
                    _connector="OR",
                ),
                name="dossier_exercise_plausible",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("draft", "withdrawn")), ("submitted_at__isnull", False), _connector="OR"
                ),
                name="dossier_submitted_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="dossier",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="dossier_version_positive"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dossier",
            trigger=pgtrigger.compiler.Trigger(
                name="dossier_life_cycle",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."status", \':\', NEW."status") = ANY(\'{draft:submitted,draft:withdrawn,submitted:approved,submitted:awaiting_decision,submitted:draft,submitted:in_consultation,submitted:refused,submitted:under_review,submitted:withdrawn,under_review:awaiting_decision,under_review:in_consultation,under_review:refused,under_review:to_complete,under_review:withdrawn,to_complete:under_review,to_complete:withdrawn,in_consultation:awaiting_decision,in_consultation:under_review,in_consultation:withdrawn,awaiting_decision:approved,awaiting_decision:awaiting_authority,awaiting_decision:executed,awaiting_decision:refused,awaiting_decision:under_review,awaiting_decision:withdrawn,awaiting_authority:approved,awaiting_authority:awaiting_decision,awaiting_authority:enforceable,awaiting_authority:refused,approved:enforceable,approved:executed,approved:lapsed,approved:under_review,enforceable:executed,enforceable:lapsed,executed:closed,refused:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."status" IS DISTINCT FROM NEW."status") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "status" from "%" to "%" on table %\', OLD."status", NEW."status", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="f45c0929449313b1115e98b206cce917e8d598d6",
                    operation="UPDATE",
                    pgid="pgtrigger_dossier_life_cycle_57e53",
                    table="cases_dossier",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dossier",
            trigger=pgtrigger.compiler.Trigger(
                name="dossier_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="8aacbdc610f023ced3aa49a3dcbfa7e22ac81eeb",
                    operation="DELETE",
                    pgid="pgtrigger_dossier_never_deleted_55f2a",
                    table="cases_dossier",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="administrationentry",
            constraint=models.UniqueConstraint(fields=("sequence",), name="administration_sequence_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="administrationentry",
            trigger=pgtrigger.compiler.Trigger(
                name="administration_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete or update rows from % table', TG_TABLE_NAME;",
                    hash="4194da4f8c3094f038ce3b1bb8fee1bb934b5ebb",
                    operation="DELETE OR UPDATE",
                    pgid="pgtrigger_administration_append_only_5a1db",
                    table="cases_administrationentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="administrationentry",
            trigger=pgtrigger.compiler.Trigger(
                name="administration_not_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="febfdc19044a681885a3d62e1e24ef387064efa1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_administration_not_truncated_a7fe5",
                    table="cases_administrationentry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
