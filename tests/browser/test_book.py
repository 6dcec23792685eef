"""The built book in a real browser: quiet, on its own, usable by everybody."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import DESK, PAGES, PHONE, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

AXE = {
    "resultTypes": ["violations"],
    # Level AAA for the contrast of text, beside level AA and best practices.
    "rules": {"color-contrast-enhanced": {"enabled": True}},
    # It would look for what style sheets import beside the page.
    "preload": False,
}
CHAPTER = "book/metrics/01-acute-phase-reactants.html"


def label(page):
    return Path(page).with_suffix("").as_posix().replace("/", "-")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page_name", PAGES)
def test_page_opens_quietly_and_is_accessible(browser, book, page_name, scheme):
    with visit(browser, viewport=DESK, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        picture(page, f"{label(page_name)}-{scheme}", full_page=True)
        assert page.locator("html").get_attribute("data-theme") == scheme
        assert not quiet(seen)
        found = Axe().run(page, options=AXE).response["violations"]
        assert not [
            f"{rule['id']}: {node['target']}"
            for rule in found  # best practices, too
            for node in rule["nodes"]
        ]


@pytest.mark.parametrize("page_name", PAGES)
def test_page_fits_a_phone(browser, book, page_name):
    with visit(browser, viewport=PHONE) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        picture(page, f"{label(page_name)}-phone", full_page=True)
        too_wide = page.evaluate(
            "() => document.documentElement.scrollWidth - window.innerWidth"
        )
        assert too_wide <= 0
        assert not quiet(seen)


def test_the_first_page_leads_to_the_book(browser, book):
    with visit(browser) as seen:
        seen.page.goto(f"{book}/")
        seen.page.wait_for_url("**/book/index.html")
        expect(seen.page.get_by_role("heading", level=1)).to_be_visible()


def test_a_term_explains_itself(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}", wait_until="networkidle")
        term = page.locator("article a[href*='glossary.html#term-']").first
        term.scroll_into_view_if_needed()
        term.hover()
        tip = page.locator(".tippy-box")
        expect(tip).to_be_visible()
        definition = page.evaluate(
            """async href => {
                const text = await (await fetch(href)).text();
                const glossary = new DOMParser().parseFromString(text, "text/html");
                let entry = glossary.getElementById(new URL(href).hash.slice(1));
                while (entry.tagName !== "DD") entry = entry.nextElementSibling;
                return entry.textContent.trim();
            }""",
            term.evaluate("link => link.href"),
        )
        assert len(definition) > 20
        expect(tip).to_contain_text(definition[:40])
        picture(page, "tooltip")
        assert not quiet(seen)
