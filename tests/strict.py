"""Checks that run inside every test, on what the test happens to do."""

import inspect
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.db import models
from django.db.models.signals import pre_save
from django.http import HttpResponseBase
from django.template import Template
from django.test import Client

_OWN_APPS = ("cases", "workflows", "notifications")


class _UndefinedVariable(str):
    """Stands for Django's string_if_invalid: fails the test when a template of ours uses an unknown name.

    Templates of installed packages count on unknown names being empty; for them this is the empty string.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return (_rendered_template() or "").startswith(str(settings.BASE_DIR / "templates"))

    def __contains__(self, key: str) -> bool:
        return key == "%s"

    def __mod__(self, variable: object) -> str:
        pytest.fail(f"Undefined template variable {str(variable)!r} in {_rendered_template()}")


def _rendered_template() -> str | None:
    frame = inspect.currentframe()
    while frame is not None:
        rendered = frame.f_locals.get("self")
        if frame.f_code.co_name in {"render", "_render"} and isinstance(rendered, Template):
            return str(rendered.origin.name)
        if frame.f_code.co_name == "render_annotated":
            origin = getattr(rendered, "origin", None)
            if origin is not None:
                return str(origin.name)
        frame = frame.f_back
    return None


class _Page(HTMLParser):
    """Collects what a strict Content-Security-Policy blocks, and template code that reached the visitor."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        self._raw = tag if tag in {"script", "style", "textarea", "pre", "code"} else ""
        data_block = dict(attrs).get("type") in {"application/json", "application/ld+json"}
        if (tag == "script" and "src" not in names and not data_block) or tag == "style":
            self.faults.append(f"inline <{tag}>")
        self.faults += [f"{name}= on <{tag}>" for name in names if name == "style" or name.startswith("on")]
        self.faults += [
            f"{name}=javascript: on <{tag}>"
            for name, value in attrs
            if (value or "").strip().startswith("javascript:")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if not self._raw and any(mark in data for mark in ("{{", "}}", "{%", "%}", "{#")):
            self.faults.append(f"template code in the page: {data.strip()[:60]!r}")


def page_faults(content: str) -> list[str]:
    """What is wrong with an HTML page whatever it says; empty when nothing is."""
    page = _Page()
    page.feed(content)
    page.close()
    return page.faults


@pytest.fixture(autouse=True)
def _strict_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.template import engines

    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", _UndefinedVariable())


@pytest.fixture(autouse=True)
def _strict_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every HTML page that the test client receives obeys the Content-Security-Policy and is complete."""
    request = Client.request

    def checked(self: Client, **kwargs: Any) -> HttpResponseBase:
        response = request(self, **kwargs)
        html = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        if html and (faults := page_faults(response.content.decode(response.charset))):
            pytest.fail(f"{kwargs.get('PATH_INFO')}: {'; '.join(faults)}")
        return response

    monkeypatch.setattr(Client, "request", checked)


@pytest.fixture(autouse=True)
def _strict_saves() -> Iterator[None]:
    """save(update_fields=…) without the model's auto_now fields leaves them wrong."""
    pre_save.connect(_refuse_half_saves, dispatch_uid="tests.strict")
    yield
    pre_save.disconnect(dispatch_uid="tests.strict")


def _refuse_half_saves(
    sender: type[models.Model], update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    if update_fields is None or sender._meta.app_label not in _OWN_APPS:
        return
    automatic = {field.name for field in sender._meta.concrete_fields if getattr(field, "auto_now", False)}
    if missing := automatic - update_fields:
        raise AssertionError(
            f"{sender.__name__}.save(update_fields=…) must name {', '.join(sorted(missing))} too"
        )
