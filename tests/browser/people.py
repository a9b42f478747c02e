"""People at a browser: what they do with their eyes and hands, in the words of the screen."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect

from cases.models import User

PASSWORD = "berline-essai"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}

_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI} ${event.sample}`);
});
"""


class Watch:
    """Collects complaints: console, Content-Security-Policy, failed requests, requests to other machines, bad statuses.

    ``allow(422)``: an answer with that status is what the test is about.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._allowed: set[int] = set()

    def allow(self, *statuses: int) -> None:
        """From now on these statuses are expected."""
        self._allowed.update(statuses)

    def follow(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error on {page.url}: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._request)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if re.search(rf"status of ({'|'.join(map(str, self._allowed)) or 'none'}) ", message.text):
            return
        self.complaints.append(f"console {message.type} at {message.location.get('url')}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A request that a click or a newer one of its kind overtook is no failure; downloads end so too.
        if request.failure not in ("net::ERR_ABORTED",):
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1":
            self.complaints.append(f"a request left this machine: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._allowed:
            self.complaints.append(f"{response.status} for {response.request.method} {response.url}")


class Person:
    """Somebody with a browser window of their own."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        watch: Watch,
        user: User | None,
        *,
        script: bool = True,
        viewport: dict[str, int] | None = None,
    ) -> None:
        self.address = address
        self.context = browser.new_context(
            base_url=address,
            java_script_enabled=script,
            viewport=viewport or WIDE,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(10_000)
        if script:
            self.context.add_init_script(_REPORT_VIOLATIONS)
        self.page = self.context.new_page()
        watch.follow(self.page)
        if user is not None:
            self._enter(user)

    def _enter(self, user: User) -> None:
        """A session made beside the log-in page, which has tests of its own."""
        client = Client()
        client.force_login(user)
        self.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": self.address,
                }
            ]
        )

    def close(self) -> None:
        self.context.close()

    # -- what is on the screen ----------------------------------------------------------------------

    def go(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def link(self, name: str | re.Pattern[str], **options: Any) -> Locator:
        return self.page.get_by_role("link", name=name, **options)

    def button(self, name: str | re.Pattern[str], **options: Any) -> Locator:
        return self.page.get_by_role("button", name=name, **options)

    def field(self, label: str | re.Pattern[str], **options: Any) -> Locator:
        return self.page.get_by_label(label, **options)

    def sees(self, text: str | re.Pattern[str]) -> None:
        """The text stands on the page and can be seen."""
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def log_in(self, username: str, password: str = PASSWORD) -> None:
        """Through the log-in page."""
        self.field("Identifiant").fill(username)
        self.field("Mot de passe").fill(password)
        self.button("Se connecter").click()

    def act(self, label: str, fields: Mapping[str, str] | None = None) -> None:
        """Open the action of that name on the dossier's page, fill its fields (by label) and do it."""
        title = re.compile(rf"^\s*{re.escape(label)}\s*(motif obligatoire)?\s*$")
        box = self.page.locator("details", has=self.page.locator("summary").filter(has_text=title))
        done = box.get_by_role("button", name=label, exact=True)
        if not done.is_visible():
            box.locator("summary").first.click()
        for name, value in (fields or {}).items():
            box.get_by_label(name).fill(value)
        done.click()

    def status(self) -> str:
        """The legal state at the head of the dossier's page."""
        return self.page.locator(".dossier-head .status").inner_text().strip()

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page in the folder BERLINE_SCREENSHOTS, when it is set."""
        folder = os.environ.get("BERLINE_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")
