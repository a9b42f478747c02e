"""Settings of the test suite: an embedded PostgreSQL that forgets, quick password hashes, no mail."""

import os

os.environ.setdefault("BERLINE_OIDC_SERVER_URL", "")

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import BASE_DIR, BERLINE_VAR, TEMPLATES, database  # noqa: E402

SECRET_KEY = "test-only-" + "0123456789abcdef" * 4
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES = {
    "default": database(statement_timeout=60_000, lock_timeout=10_000, pooled=False, cluster="postgres-test")
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = BERLINE_VAR / "test-media"
STATIC_ROOT = BERLINE_VAR / "test-static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
TEMPLATES[0]["OPTIONS"]["debug"] = True
BERLINE_CONVENTION_DIR = os.environ.get("BERLINE_CONVENTION_DIR") or str(
    BASE_DIR.parent / "shared" / "convention"
)
