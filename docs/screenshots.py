"""Takes the pictures in docs/images of the sample organisation: `make screenshots`.

A server of its own, in a temporary folder on a free port; a real browser asks, fetches a person, answers at the desk.
`--url` takes them from a server that runs already, with `--key` an agent's key of it; no draft to approve is made then.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
KEY = "the-key-of-the-pictures"
ADMIN = "the-admin-key-of-the-pictures"
FRONTDESK = (sys.executable, "-m", "channels.cli")

QUESTION = "How long do I have to return something?"
WISH = "I ordered two by mistake. Can I talk to a person?"
ANSWER = "Hello, Morgan here. No trouble: keep one and send the other back; the label is in your parcel."


@contextmanager
def demo(approve: str = "never") -> Iterator[str]:
    """The address of a running demo with the sample's help centre read in."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-pictures-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        config = Path(folder) / "frontdesk.toml"
        people = {"Morgan": ("PICTURES_KEY", "agent"), "Ada": ("PICTURES_ADMIN", "admin")}
        keys = [f'[keys.{name}]\nkey = "env:{key}"\nrole = "{role}"\n' for name, (key, role) in people.items()]
        added = "\n".join([f'approve = "{approve}"\n', *keys])
        config.write_text((ROOT / "sample/frontdesk.toml").read_text(encoding="utf-8") + added, encoding="utf-8")
        environment = {**os.environ, "PICTURES_KEY": KEY, "PICTURES_ADMIN": ADMIN, "HF_HUB_OFFLINE": "1"}
        where = {"cwd": folder, "env": environment}
        ingest = [*FRONTDESK, "ingest", str(ROOT / "sample/help-centre"), "--config", str(config)]
        subprocess.run(ingest, check=True, **where)  # type: ignore[call-overload]  # noqa: S603
        serve = [*FRONTDESK, "serve", "--config", str(config), "--port", str(port)]
        process = subprocess.Popen(serve, **where)  # type: ignore[call-overload]  # noqa: S603
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/readyz")
            yield url
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer in {timeout_s:.0f} s")


class Camera:
    """Takes each picture in light and dark: `name.png` and `name-dark.png`."""

    def __init__(self, browser: Browser, url: str, key: str) -> None:
        self.browser = browser
        self.url = url
        self.key = key

    def page(self, width: int, height: int) -> Page:
        page = self.browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=1.5, reduced_motion="reduce"
        ).new_page()
        page.set_default_timeout(30_000)
        return page

    def shoot(self, page: Page, name: str) -> None:
        for scheme, ending in (("dark", "-dark"), ("light", "")):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(400)
            page.screenshot(path=IMAGES / f"{name}{ending}.png")
            sys.stdout.write(f"{IMAGES / f'{name}{ending}.png'}\n")

    def customer(self, width: int, height: int) -> Page:
        page = self.page(width, height)
        page.goto(self.url)
        return page

    def desk(self) -> Page:
        page = self.page(1360, 800)
        page.goto(f"{self.url}/desk")
        page.get_by_label("Your key").fill(self.key)
        page.get_by_role("button", name="Open the desk").click()
        expect(page.get_by_role("navigation", name="Queue").get_by_role("listitem").first).to_be_visible()
        return page


def ask(page: Page, text: str, *, answered: bool = True) -> None:
    """Sends a message and waits until its reply is whole."""
    replies = page.locator("[role=log] .msg.bot")
    before = replies.count()
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")
    if answered:
        expect(replies).not_to_have_count(before)
        expect(page.locator(".provisional, .writing")).to_have_count(0)


def open_first(desk: Page) -> None:
    """Opens the topmost conversation that began with the question."""
    entries = desk.get_by_role("navigation", name="Queue").get_by_role("listitem")
    entries.filter(has_text=QUESTION).first.click()
    expect(desk.get_by_role("tabpanel")).not_to_contain_text("Choose a conversation")
    desk.wait_for_timeout(1000)


def chat_pictures(camera: Camera) -> Page:
    phone = camera.customer(390, 780)
    ask(phone, QUESTION)
    phone.locator(".sources a").first.click()
    camera.shoot(phone, "chat-phone")
    customer = camera.customer(1000, 720)
    ask(customer, QUESTION)
    customer.locator(".sources a").first.click()
    camera.shoot(customer, "chat")
    customer.locator(".sources a").first.click()
    ask(customer, WISH, answered=False)
    expect(customer.locator("[role=log] .line").first).to_be_visible()
    return customer


def desk_pictures(camera: Camera, customer: Page) -> None:
    desk = camera.desk()
    open_first(desk)
    camera.shoot(desk, "desk")
    desk.get_by_role("button", name="Take over").click()
    answer = desk.get_by_role("textbox", name=re.compile("^Your answer"))
    expect(desk.get_by_role("button", name=re.compile("^Send to"))).to_be_visible()
    answer.fill(ANSWER)
    camera.shoot(desk, "desk-takeover")
    answer.press("Control+Enter")
    expect(customer.locator("[role=log] .agent")).to_be_visible()
    customer.locator("[role=log] .agent").scroll_into_view_if_needed()
    camera.shoot(customer, "chat-person")


def oversight_pictures(browser: Browser, url: str) -> None:
    """The pages of an admin, after what the other pictures did."""
    camera = Camera(browser, url, ADMIN)
    desk = camera.desk()
    for name in ("controls", "customers", "figures", "audit"):
        desk.get_by_role("navigation", name="Pages").get_by_role("link", name=name.capitalize()).click()
        expect(desk.get_by_role("heading", name=name.capitalize())).to_be_visible()
        expect(desk.locator(".sheet .shape")).to_have_count(0)
        if name == "controls":
            desk.get_by_role("button", name="Stop answer").click()
            desk.locator(".confirm").get_by_label("Why").fill("The answers of the new model are too long.")
        if name == "customers":
            desk.locator(".rows a").first.click()
            expect(desk.get_by_role("heading", name="Known as")).to_be_visible()
        if name == "figures":
            expect(desk.locator(".chart svg").first).to_be_visible()
        camera.shoot(desk, {"customers": "customer"}.get(name, name))
        if name == "controls":
            desk.locator(".confirm").get_by_role("button", name="Stop answer").click()
            expect(desk.locator(".confirm")).to_have_count(0)


def approval_pictures(camera: Camera) -> None:
    ask(camera.customer(1000, 720), QUESTION, answered=False)
    desk = camera.desk()
    open_first(desk)
    expect(desk.get_by_label("The draft")).to_be_visible()
    camera.shoot(desk, "approval")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--url", help="a server that runs already")
    asked.add_argument("--key", default=KEY, help="an agent's key of that server")
    given = asked.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("no browser: install the package chromium")
    IMAGES.mkdir(exist_ok=True)
    # The flags keep Chromium from calling its maker; a sandbox needs rights that root in a container lacks.
    flags = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with ExitStack() as stack:
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=flags)
        camera = Camera(browser, given.url or stack.enter_context(demo()), given.key)
        desk_pictures(camera, chat_pictures(camera))
        if not given.url:
            oversight_pictures(browser, camera.url)
        if not given.url:
            with demo(approve="always") as url:
                approval_pictures(Camera(browser, url, given.key))


if __name__ == "__main__":
    main()
