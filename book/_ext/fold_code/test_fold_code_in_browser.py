"""The switch folds all code, on every page, and is remembered."""

import pytest
from chromium import DESK, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FIRST = "book/mechanism/02-blocking-a-cytokine.html"
SECOND = "book/evidence/04-synthesising-trials.html"


def test_the_switch_is_remembered_from_page_to_page(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{FIRST}")
        taught = page.locator(".code-shown .cell_input, .code-shown pre").first
        drawn = page.locator(".code-folded pre").first
        expect(taught).to_be_visible()
        expect(drawn).to_be_hidden()

        switch = page.get_by_role("button", name="Code: shown")
        switch.focus()
        page.keyboard.press("Enter")
        expect(taught).to_be_hidden()
        page.goto(f"{book}/{SECOND}")
        expect(page.locator(".code-shown pre").first).to_be_hidden()
        picture(page, "code-folded")

        # One piece opens by itself, and the switch shows all again.
        part = page.locator(".code-shown").first
        part.locator("summary").click()
        expect(part.locator("pre").first).to_be_visible()
        page.get_by_role("button", name="Code: folded").click()
        expect(page.locator(".code-shown pre").last).to_be_visible()
        assert not quiet(seen)


def test_without_a_script_the_code_that_teaches_is_there(browser, book):
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        seen.page.goto(f"{book}/{FIRST}")
        expect(seen.page.locator(".code-shown pre").first).to_be_visible()
