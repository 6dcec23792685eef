"""A chapter on paper: light whatever the scheme, whole, and not too long."""

import re

import pytest
from chromium import DESK, PAGES, visit

pytestmark = pytest.mark.browser

CHAPTERS = [name for name in PAGES if re.search(r"/\d\d-[^/]*\.html$", name)]
SHEETS = 18
SHEET_OF_PDF = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


def colours(page):
    """Return the colours of a page's ground and of its text."""
    return page.evaluate(
        """() => {
        const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color];
      }"""
    )


def test_a_dark_page_is_printed_in_the_light_scheme_and_is_dark_again(browser, book):
    with visit(browser, viewport=DESK, color_scheme="light") as seen:
        seen.page.goto(f"{book}/{CHAPTERS[0]}")
        light = colours(seen.page)
    with visit(browser, viewport=DESK, color_scheme="dark") as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTERS[0]}")
        dark = colours(page)
        assert dark != light
        page.emulate_media(media="print")
        page.wait_for_function("document.documentElement.dataset.theme === 'light'")
        assert colours(page)[1] == light[1]
        page.emulate_media(media="screen")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        assert colours(page) == dark


def test_what_only_a_screen_has_use_for_is_not_printed(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTERS[0]}")
        page.emulate_media(media="print")
        for part in (
            ".bd-sidebar-primary",
            ".bd-header-article",
            ".code-folded",
            ".selfcheck-why",
            "button",
        ):
            shown = page.locator(part).evaluate_all(
                "parts => parts.filter(part => part.checkVisibility()).length"
            )
            assert not shown, part


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_is_whole_on_few_sheets(browser, book, name):
    # As wide as A4 without its margins, at 96 px an inch.
    with visit(browser, viewport={"width": 680, "height": 1000}) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        page.emulate_media(media="print")
        cut = page.evaluate(
            """() => [...document.querySelectorAll(
              ".bd-article :is(table, pre, figure, p)")]
              .filter(one => one.checkVisibility()
                && one.getBoundingClientRect().right > innerWidth + 1)
              .map(one => one.outerHTML.slice(0, 160))"""
        )
        assert not cut
        page.wait_for_load_state("networkidle")
        sheets = SHEET_OF_PDF.findall(page.pdf(prefer_css_page_size=True))
        assert 2 <= len(sheets) <= SHEETS
