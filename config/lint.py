"""Every check that needs no database rows: `make lint`. All run, then the failed ones are named."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from config.embedded import Cluster, default_var

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "ALLOWED_HOSTS": "berline.example",
    "CELERY_BROKER_URL": "amqp://localhost",
}
CHECKS: list[tuple[str, list[str], dict[str, str]]] = [
    ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."], {}),
    ("style", [str(BIN / "ruff"), "check", "--quiet", "."], {}),
    ("layers", [str(BIN / "lint-imports")], {}),
    ("types", [str(BIN / "mypy")], {}),
    ("templates", [str(BIN / "djlint"), "templates", "--lint", "--check", "--quiet"], {}),
    ("migrations", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
    ("checks", [sys.executable, "manage.py", "check", "--fail-level", "WARNING"], {}),
    ("deploy", [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
]


def main(wanted: list[str]) -> int:
    """Run the checks named, or all; 0 when none fails. A database that was not running is left so."""
    cluster = Cluster(default_var())
    was_running = cluster.is_running()
    try:
        return _run(wanted)
    finally:
        if not was_running:
            cluster.stop()


def _run(wanted: list[str]) -> int:
    failed = []
    for name, command, environment in CHECKS:
        if wanted and name not in wanted:
            continue
        result = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        sys.stdout.write(f"{name:<12}{'ok' if result.returncode == 0 else 'FAILED'}\n")
        if result.returncode:
            failed.append(name)
            sys.stdout.write(result.stdout + result.stderr)
        sys.stdout.flush()
    if failed:
        sys.stdout.write(f"lint: {', '.join(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
