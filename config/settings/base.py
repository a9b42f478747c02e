"""Settings that hold everywhere; `local`, `production` and `test` build on them."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from config import embedded, env
from config.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent.parent
BERLINE_VAR = embedded.default_var()

DEBUG = False
BERLINE_PRODUCTION = False
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "config.apps.BerlineConfig",
    "workflows.apps.WorkflowsConfig",
    "notifications.apps.NotificationsConfig",
    "cases.apps.CasesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "guardian",
    "pgtrigger",
    "viewflow",
    "viewflow.workflow",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "django_filters",
    "django_tables2",
    "crispy_forms",
    "crispy_bootstrap5",
    "bootstrap",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestContextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.SessionInactivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cases.middleware.BusinessErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cases.views.access.navigation",
                "notifications.context_processors.notice_board",
            ],
            # Every page names its dates in the same way.
            "builtins": ["cases.templatetags.calendar_dates"],
        },
    },
]

#: Widgets are drawn by our own templates.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- database -------------------------------------------------------------------------------------
# The web server (config.wsgi sets BERLINE_PROCESS) waits briefly and keeps a pool; scripts and workers
# may take longer. Milliseconds; 0 means no limit.
IS_WEB = os.environ.get("BERLINE_PROCESS") == "web"
STATEMENT_TIMEOUT = env.number("BERLINE_STATEMENT_TIMEOUT", 15_000 if IS_WEB else 900_000)
LOCK_TIMEOUT = env.number("BERLINE_LOCK_TIMEOUT", 3_000 if IS_WEB else 30_000)


def database(*, statement_timeout: int, lock_timeout: int, pooled: bool, cluster: str) -> dict[str, Any]:
    """The default database: DATABASE_URL, or the embedded server when there is none.

    Time-outs are milliseconds. `cluster` names the embedded server's folder below BERLINE_VAR.
    """
    if env.text("DATABASE_URL"):
        found: dict[str, Any] = dict(dj_database_url.config(env="DATABASE_URL", conn_max_age=0))
        if "postgresql" not in found["ENGINE"]:
            raise ImproperlyConfigured(
                "DATABASE_URL must begin with postgresql://: no other database serves."
            )
    else:
        found = {
            "ENGINE": "config.database",
            "NAME": "berline",
            "EMBEDDED": embedded.Cluster(BERLINE_VAR, cluster, durable=cluster == "postgres"),
        }
    options = found.setdefault("OPTIONS", {})
    # What is read is in memory or on a disk without heads: PostgreSQL need not shun an index for fear of them. A
    # reading that ends after a thousand rows begins where the last one began, whose pages are in memory, not where it
    # ended.
    chosen = (
        f"-c statement_timeout={statement_timeout} -c lock_timeout={lock_timeout} "
        f"-c idle_in_transaction_session_timeout={max(statement_timeout, 60_000)} "
        "-c random_page_cost=1.1 -c synchronize_seqscans=off"
    )
    options["options"] = f"{options.get('options', '')} {chosen}".strip()
    options["application_name"] = "berline-web" if IS_WEB else "berline"
    # The few statements of cases.rows are planned once for each connection; a pooler between us and
    # PostgreSQL that gives each transaction another connection cannot have that.
    options["prepare_threshold"] = 3 if env.flag("BERLINE_PREPARED_STATEMENTS", default=True) else None
    if pooled:
        options["pool"] = {
            "min_size": 2,
            "max_size": env.number("BERLINE_POOL", 10, minimum=2),
            "timeout": 10,
        }
    return found


DATABASES = {
    "default": database(
        statement_timeout=STATEMENT_TIMEOUT, lock_timeout=LOCK_TIMEOUT, pooled=IS_WEB, cluster="postgres"
    )
}

CACHES: dict[str, dict[str, Any]] = {
    # Shared by all processes, which throttling needs; `manage.py prepare` creates the table.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "berline_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# -- people ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "cases.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
GUARDIAN_RAISE_403 = True

ACCOUNT_ADAPTER = "config.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "config.forms.LoginForm"}
SOCIALACCOUNT_ADAPTER = "config.accounts.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "20/m/ip,5/5m/key"}
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Berline"

SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {}
if env.text("BERLINE_OIDC_SERVER_URL"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        # A person is recognised by an address that the organisation's own server vouches for.
        "EMAIL_AUTHENTICATION": True,
        "EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": env.text("BERLINE_OIDC_NAME", "Connexion de l’organisme"),
                "client_id": env.required("BERLINE_OIDC_CLIENT_ID", "the client's name at the OIDC server."),
                "secret": env.required("BERLINE_OIDC_SECRET", "the client's secret at the OIDC server."),
                "settings": {"server_url": env.text("BERLINE_OIDC_SERVER_URL")},
            }
        ],
    }

# -- sessions -------------------------------------------------------------------------------------
BERLINE_SESSION_MINUTES = env.number("BERLINE_SESSION_MINUTES", 30, minimum=1)
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = int(timedelta(minutes=BERLINE_SESSION_MINUTES).total_seconds())
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_NAME = "berline_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "berline_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"

# -- what the browser may do ----------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# -- language, time -------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

# -- files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BERLINE_VAR / "static"
STATICFILES_DIRS = [path for path in [BASE_DIR / "config" / "static"] if path.is_dir()]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "config.staticfiles.UsedPackagesFinder",
]
MEDIA_ROOT = BERLINE_VAR / "media"

#: The documentation, of which docs/utilisateurs is also the help on the screens: part of what is deployed.
BERLINE_DOCS_DIR = BASE_DIR / "docs"
MEDIA_URL = ""  # pieces are handed out by a view, through the read gate
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
BERLINE_MAX_UPLOAD_MB = env.number("BERLINE_MAX_UPLOAD_MB", 25, minimum=1)
FILE_UPLOAD_HANDLERS = ["cases.uploads.HashingUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": env.text("BERLINE_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.options("BERLINE_STORAGE_OPTIONS"),
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# -- background tasks -----------------------------------------------------------------------------
# Losing the broker's messages loses nothing: tasks only wake up work that PostgreSQL has recorded.
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://localhost/")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    _queue = BERLINE_VAR / "celery" / "queue"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(BERLINE_VAR / "celery" / "control"),
        "polling_interval": 0.25,  # seconds
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2.0  # a page may wait for a broker that hangs, once, for so long
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "worker-heartbeat": {
        "task": "notifications.tasks.heartbeat",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "expire-deadlines": {
        "task": "workflows.tasks.expire_deadlines",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "open-obligations": {
        "task": "workflows.tasks.open_obligations",
        "schedule": crontab(hour=5, minute=10),
        "options": {"expires": 20 * 3600},
    },
}
#: At 6.30, before the digests leave; each hour of the day after that, for dates whose dossier somebody was acting on
#: and for a machine that was down. A rung is given once however often the sweep runs; nobody is written to at night.
CELERY_BEAT_SCHEDULE["send-reminders"] = {
    "task": "workflows.tasks.send_reminders",
    "schedule": crontab(hour="6-20", minute=30),
    "options": {"expires": 3000},
}
BERLINE_SWEEP_SECONDS = env.number("BERLINE_SWEEP_SECONDS", 60, minimum=1)
for _channel in ("email", "webhook"):
    CELERY_BEAT_SCHEDULE[f"sweep-{_channel}"] = {
        "task": "notifications.tasks.sweep_outbox",
        "args": [_channel],
        "schedule": float(BERLINE_SWEEP_SECONDS),
        "options": {"expires": BERLINE_SWEEP_SECONDS + 10},
    }
CELERY_BEAT_SCHEDULE["digests"] = {
    "task": "notifications.tasks.gather_digests",
    "schedule": 300.0,
    "options": {"expires": 290},
}
CELERY_BEAT_SCHEDULE["find-blocked"] = {
    "task": "workflows.tasks.find_blocked",
    "schedule": 300.0,
    "options": {"expires": 290},
}
CELERY_BEAT_SCHEDULE["fold-tallies"] = {
    "task": "workflows.tasks.fold_tallies",
    "schedule": 60.0,
    "options": {"expires": 55},
}
#: An act on many dossiers that decides waits so long before the first of them, so that it can be recalled.
BERLINE_BULK_RECALL_SECONDS = env.number("BERLINE_BULK_RECALL_SECONDS", 120)
CELERY_BEAT_SCHEDULE["sweep-bulk"] = {
    "task": "workflows.tasks.run_bulk",
    "schedule": float(BERLINE_SWEEP_SECONDS),
    "options": {"expires": BERLINE_SWEEP_SECONDS + 10},
}
CELERY_BEAT_SCHEDULE["release-stranded"] = {
    "task": "workflows.tasks.release_stranded",
    "schedule": 600.0,
    "options": {"expires": 590},
}
CELERY_BEAT_SCHEDULE["tidy-desks"] = {
    "task": "workflows.tasks.tidy_desks",
    "schedule": crontab(hour=4, minute=50),
    "options": {"expires": 20 * 3600},
}
#: Folder (Maildir) into which the mail server puts what comes back; `manage.py receive_bounce` is the other way.
BERLINE_BOUNCE_MAILDIR = env.text("BERLINE_BOUNCE_MAILDIR")
if BERLINE_BOUNCE_MAILDIR:
    CELERY_BEAT_SCHEDULE["bounces"] = {
        "task": "notifications.tasks.sweep_bounces",
        "schedule": float(BERLINE_SWEEP_SECONDS),
        "options": {"expires": BERLINE_SWEEP_SECONDS + 10},
    }
BERLINE_HEARTBEAT_SECONDS = env.number("BERLINE_HEARTBEAT_SECONDS", 120, minimum=30)

# -- mail, logs, pages ----------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("BERLINE_FROM_EMAIL", "Berline <berline@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL")
#: Mails are sent back to `bounce+<token>@domain`, made of this address; without it to BERLINE_FROM_EMAIL.
BERLINE_BOUNCE_ADDRESS = env.text("BERLINE_BOUNCE_ADDRESS")
EMAIL_TIMEOUT = env.number("BERLINE_MAIL_TIMEOUT", 20, minimum=1)
#: Minutes between two attempts at a mail or a call; after the last, it has failed.
BERLINE_RETRY_MINUTES = env.numbers("BERLINE_RETRY_MINUTES", (1, 5, 15, 60, 180, 360, 720, 1440))
#: A mail in the hands of a worker is nobody else's for so long; a task of a worker never lives longer.
BERLINE_LEASE_SECONDS = env.number("BERLINE_LEASE_SECONDS", 2 * CELERY_TASK_TIME_LIMIT, minimum=1)
BERLINE_DIGEST_HOUR = env.number("BERLINE_DIGEST_HOUR", 7, maximum=23)
BERLINE_RECEIPT_DAYS = env.number("BERLINE_RECEIPT_DAYS", 60, minimum=1)
BERLINE_WEBHOOK_TIMEOUT = env.number("BERLINE_WEBHOOK_TIMEOUT", 10, minimum=1)
BERLINE_WEBHOOK_FAILURES = env.number("BERLINE_WEBHOOK_FAILURES", 20, minimum=1)
BERLINE_WEBHOOK_PRIVATE = env.flag("BERLINE_WEBHOOK_PRIVATE")
BERLINE_BASE_URL = env.text("BERLINE_BASE_URL", f"http://127.0.0.1:{env.number('PORT', 8000)}")
LOGGING = logging_settings(json=False, level=env.text("BERLINE_LOG_LEVEL", "INFO").upper())

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "django_tables2/bootstrap5.html"
VIEWFLOW = {"AUTOREGISTER": False}
PGTRIGGER_MIGRATIONS = True
