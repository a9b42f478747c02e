"""Settings of a real installation; everything that differs between two of them comes from the environment.

The start is refused, with one sentence, when something needed is missing or something dangerous is on.
"""

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.logs import logging_settings

SECRET_KEY = env.required("SECRET_KEY", "a long random string that signs sessions; keep it secret.")
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
    raise ImproperlyConfigured("SECRET_KEY must be at least 50 random characters.")
for _name in ("DEBUG", "DJANGO_DEBUG", "BERLINE_DEBUG"):
    if env.flag(_name):
        raise ImproperlyConfigured(f"{_name} is on: production never shows its inside. Unset {_name}.")
env.required("DATABASE_URL", "the address of the PostgreSQL server, postgresql://user:password@host/name.")
_hosts = env.listing("ALLOWED_HOSTS")
if not _hosts or "*" in _hosts:
    raise ImproperlyConfigured("ALLOWED_HOSTS must list the host names that this installation answers to.")
env.required("CELERY_BROKER_URL", "the address of RabbitMQ or Redis.")

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import STORAGES  # noqa: E402

DEBUG = False
BERLINE_PRODUCTION = True
ALLOWED_HOSTS = _hosts

SECURE_SSL_REDIRECT = env.flag("BERLINE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.number("BERLINE_HSTS_SECONDS", 31_536_000, minimum=3_600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-berline_session"
CSRF_COOKIE_NAME = "__Host-berline_csrf"
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS")
if env.flag("BERLINE_BEHIND_PROXY"):
    # Only behind a proxy that sets these headers itself and drops the client's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = env.number("BERLINE_PROXY_COUNT", 1, minimum=1)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
BERLINE_BASE_URL = env.text("BERLINE_BASE_URL", f"https://{ALLOWED_HOSTS[0].lstrip('.')}")

LOGGING = logging_settings(json=True, level=env.text("BERLINE_LOG_LEVEL", "INFO").upper())
