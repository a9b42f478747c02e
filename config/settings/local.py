"""Settings of `make run`: this machine only, embedded database, demonstration data."""

import os
import secrets

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import BERLINE_VAR, STATIC_ROOT, TEMPLATES


def _secret_key() -> str:
    """A key of this installation's own, kept so that a restart ends no session."""
    path = BERLINE_VAR / "secret_key"
    if not path.exists():
        BERLINE_VAR.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"secret_key.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(50), encoding="ascii")
        try:
            os.link(temporary, path)  # whoever comes second keeps the first key
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="ascii").strip()


SECRET_KEY = env.text("SECRET_KEY") or _secret_key()
DEBUG = env.flag("BERLINE_DEBUG")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.listing("ALLOWED_HOSTS")]

if env.text("EMAIL_HOST"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BERLINE_VAR / "mail"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise serves from the sources; it wants the folder
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
TEMPLATES[0]["OPTIONS"]["debug"] = DEBUG
