"""The pictures of the documentation show the pages as they are; ``make screenshots`` takes them anew."""

import difflib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from cases.models import DossierVisit, User
from tests.browser.conftest import empty_the_database
from tests.browser.palette import with_palette
from tests.browser.people import Person, Watch
from tests.browser.pictures import MOMENT, PICTURES, Picture, what_is_read

RENEW = os.environ.get("BERLINE_RENEW_PICTURES") == "1"


@pytest.fixture(scope="module")
def demonstration(
    server: LiveServer, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The demonstration on its fixed day, which the server lives in as well; the folder of its files."""
    media = tmp_path_factory.mktemp("demonstration")
    with django_db_blocker.unblock(), time_machine.travel(MOMENT, tick=False):
        empty_the_database()
        with override_settings(MEDIA_ROOT=media):
            call_command("load_demo", force=True, verbosity=0)
            call_command("backlog", "fold", verbosity=0, stdout=io.StringIO())
        yield media
        empty_the_database()
        connection.close()


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_picture_shows_the_page_as_it_is(
    picture: Picture,
    demonstration: Path,
    settings: Any,
    chrome: Browser,
    server: LiveServer,
    watch: Watch,
) -> None:
    settings.MEDIA_ROOT = demonstration
    DossierVisit.objects.all().delete()  # what an earlier picture looked at is as new as before
    user = User.objects.get(username=picture.who)
    person = Person(chrome, server.url, watch, user, viewport=picture.size)
    try:
        person.go(picture.address if isinstance(picture.address, str) else picture.address())
        if picture.done:
            picture.done(person.page)
        person.page.evaluate("(top) => document.querySelector(top).scrollIntoView()", picture.top)
        read = what_is_read(person.page)
        if RENEW:
            picture.aria.write_text(read, encoding="utf-8")
            taken = person.page.screenshot(animations="disabled")
            picture.png.write_bytes(with_palette(chrome, taken))
    finally:
        person.close()
    before = picture.aria.read_text(encoding="utf-8") if picture.aria.exists() else ""
    changed = "\n".join(difflib.unified_diff(before.splitlines(), read.splitlines(), lineterm="", n=1))
    assert not changed, f"picture out of date: make screenshots\n{changed}"
