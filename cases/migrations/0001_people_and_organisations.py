import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined"),
                ),
                ("display_name", models.CharField(max_length=120, verbose_name="nom affiché")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "personne",
                "verbose_name_plural": "personnes",
                "ordering": ("username",),
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "jeton d’accès",
                "verbose_name_plural": "jetons d’accès",
                "ordering": ("-created_at",),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=160, verbose_name="nom")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fund", "Caisse autonome nationale"),
                            ("carmi", "Caisse régionale"),
                            ("board", "Conseil d’administration"),
                            ("committee", "Comité d’experts"),
                            ("ministry", "Ministère de tutelle"),
                            ("comptroller", "Contrôle économique et financier"),
                            ("establishment", "Établissement"),
                        ],
                        max_length=20,
                        verbose_name="nature",
                    ),
                ),
                (
                    "lineage",
                    models.CharField(
                        editable=False, max_length=200, unique=True, verbose_name="rattachement"
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="en activité")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="cases.organisation",
                        verbose_name="rattachée à",
                    ),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "ordering": ("lineage",),
                "permissions": (
                    ("hold_preparer", "Tenir le rôle : Agent préparateur"),
                    ("hold_regional_director", "Tenir le rôle : Directeur régional"),
                    ("hold_reviewer", "Tenir le rôle : Instructeur"),
                    ("hold_director_general", "Tenir le rôle : Directeur général"),
                    ("hold_accounting_officer", "Tenir le rôle : Agent comptable"),
                    ("hold_board_secretary", "Tenir le rôle : Secrétariat du conseil d’administration"),
                    ("hold_expert", "Tenir le rôle : Expert"),
                    ("hold_authority", "Tenir le rôle : Ministère de tutelle"),
                    ("hold_comptroller", "Tenir le rôle : Contrôle général économique et financier"),
                    ("hold_manager", "Tenir le rôle : Pilotage"),
                    ("hold_auditor", "Tenir le rôle : Auditeur"),
                    ("hold_administrator", "Tenir le rôle : Administrateur"),
                ),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Facility",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=160, verbose_name="nom")),
                ("town", models.CharField(max_length=80, verbose_name="commune")),
                ("active", models.BooleanField(default=True, verbose_name="en activité")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facilities",
                        to="cases.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "œuvre",
                "ordering": ("organisation", "name"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="OrganisationGroupObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="group_permissions",
                        to="cases.organisation",
                    ),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OrganisationUserObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="cases.organisation"),
                ),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RoleGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("preparer", "Agent préparateur"),
                            ("regional_director", "Directeur régional"),
                            ("reviewer", "Instructeur"),
                            ("director_general", "Directeur général"),
                            ("accounting_officer", "Agent comptable"),
                            ("board_secretary", "Secrétariat du conseil d’administration"),
                            ("expert", "Expert"),
                            ("authority", "Ministère de tutelle"),
                            ("comptroller", "Contrôle général économique et financier"),
                            ("manager", "Pilotage"),
                            ("auditor", "Auditeur"),
                            ("administrator", "Administrateur"),
                        ],
                        max_length=30,
                        verbose_name="rôle",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="à compter du")),
                ("valid_until", models.DateField(blank=True, null=True, verbose_name="jusqu’au")),
                ("act", models.CharField(max_length=200, verbose_name="acte")),
                ("granted_at", models.DateTimeField(verbose_name="attribué le")),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="attribué par",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_grants",
                        to="auth.group",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_grants",
                        to="cases.organisation",
                        verbose_name="organisation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_grants",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="personne",
                    ),
                ),
            ],
            options={
                "verbose_name": "rôle attribué",
                "verbose_name_plural": "rôles attribués",
                "ordering": ("user", "valid_from", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["fund", "carmi", "board", "committee", "ministry", "comptroller", "establishment"],
                    )
                ),
                name="organisation_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "lineage__endswith",
                        django.db.models.functions.text.Concat(models.Value("/"), "code", models.Value("/")),
                    )
                ),
                name="organisation_lineage_ends_with_code",
            ),
        ),
        migrations.AlterUniqueTogether(
            name="organisationgroupobjectpermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="organisationuserobjectpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="rolegrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "preparer",
                            "regional_director",
                            "reviewer",
                            "director_general",
                            "accounting_officer",
                            "board_secretary",
                            "expert",
                            "authority",
                            "comptroller",
                            "manager",
                            "auditor",
                            "administrator",
                        ],
                    )
                ),
                name="role_grant_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolegrant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True),
                    ("valid_until__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="role_grant_ends_after_it_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="rolegrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("valid_until__isnull", True)),
                fields=("user", "role", "organisation"),
                name="role_grant_open_once",
            ),
        ),
    ]
