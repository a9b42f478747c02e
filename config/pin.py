"""Pin every dependency with its hashes: `make requirements`.

Writes requirements/base.txt (what runs) and requirements/test.txt (that and what tests and linters need),
both from pyproject.toml. Neither names a package index, an address or a path.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Pinned from pyproject.toml by `make requirements`; do not edit.\n"
_OPTIONS = [
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-emit-options",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--resolver=backtracking",
]
_TELLTALE = re.compile(r"://|^-|@ |(?:^|\s)/\w", re.MULTILINE)


def main(arguments: list[str]) -> None:
    """Compile both files; exits with a sentence when something of this machine got into them."""
    for name, extras in (("base", []), ("test", ["--extra", "test", "--extra", "dev"])):
        target = Path("requirements") / f"{name}.txt"
        constraint = ["--constraint", "requirements/base.txt"] if name == "test" else []
        command = [sys.executable, "-m", "piptools", "compile", *_OPTIONS, *extras, *constraint, *arguments]
        subprocess.run([*command, "-o", str(target), "pyproject.toml"], cwd=ROOT, env=os.environ, check=True)
        content = (ROOT / target).read_text(encoding="utf-8").removeprefix(HEADER)
        if found := _TELLTALE.search(content):
            sys.exit(f"berline: {target} names an address or a path near {found.group()!r}: not kept.")
        (ROOT / target).write_text(HEADER + content, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
