"""The paths that exist: every module of ``workflows.paths`` is imported at start-up and registers its one path."""

import importlib
import pkgutil
from typing import TypeVar

from cases.errors import NotFound
from workflows.engine.path import Path

PathT = TypeVar("PathT", bound=type[Path])

_paths: dict[str, type[Path]] = {}

#: What every path must define itself.
REQUIRED = ("key", "prefix", "title", "summary", "convention", "organisation_kinds", "form", "rules")


def register(path: PathT) -> PathT:
    """Class decorator. Raises ``ValueError`` for a missing attribute, a key, prefix or class name taken twice."""
    missing = [name for name in REQUIRED if name not in vars(path)]
    if missing:
        raise ValueError(f"{path.__module__}.{path.__name__} must define {', '.join(missing)}")
    if not path.__doc__:
        raise ValueError(f"{path.__module__}.{path.__name__} must quote its paragraph in its docstring")
    for other in _paths.values():
        if other.__module__ == path.__module__ and other.__name__ == path.__name__:
            continue
        for name in ("key", "prefix", "__name__"):
            if getattr(other, name) == getattr(path, name):
                raise ValueError(f"{name} {getattr(path, name)!r} is already taken by {other.__module__}")
    _paths[path.key] = path
    return path


def autodiscover() -> None:
    """Import every module of ``workflows.paths``."""
    package = importlib.import_module("workflows.paths")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def all_paths() -> list[type[Path]]:
    """Registered paths by title."""
    return sorted(_paths.values(), key=lambda path: path.title)


def get_path(key: str) -> type[Path]:
    """The path with that key. Raises ``NotFound``."""
    try:
        return _paths[key]
    except KeyError:
        known = ", ".join(sorted(_paths))
        raise NotFound(f"Le circuit « {key} » n’existe pas. Circuits connus : {known}.") from None


def known_path(key: str) -> type[Path] | None:
    """The path with that key, for what may speak of a path that is no more."""
    return _paths.get(key)
