"""The page for what is not there, and the title of the first page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import PHONE, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_for_what_is_not_there(browser, book, scheme):
    with visit(browser, viewport=PHONE, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/404.html")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "This page is not here"
        )
        assert page.get_by_role("link").get_attribute("href") == "/"
        assert not Axe().run(page, options={"preload": False}).response["violations"]
        assert not quiet(seen)


def test_the_first_page_has_its_title_once_and_its_name_in_the_sidebar(browser, book):
    with visit(browser) as seen:
        seen.page.goto(f"{book}/book/index.html")
        title = seen.page.get_by_role("heading", level=1).inner_text().rstrip("#")
        assert seen.page.title() == title.strip()
        brand = seen.page.locator(".navbar-brand").first
        assert brand.inner_text().strip() == title.strip()
