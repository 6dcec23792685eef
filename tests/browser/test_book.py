"""The built book in a real browser."""

import pytest
from chromium import DESK, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CHAPTER = "book/metrics/01-acute-phase-reactants.html"


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
