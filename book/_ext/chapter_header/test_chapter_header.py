"""The header of a chapter: facts in a line, the rest folded, the text soon after."""

import pytest
from chromium import DESK, HTML, PHONE, quiet, visit
from playwright.sync_api import expect

HEADER = """# What falls?

:::{div} chapter-header
- **You will be able to** fit a half-life
- **You need first** logarithms
- **Time** 50 min to read
- **Data** a table
:::

Text.
"""
CHAPTERS = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.glob("book/*/*.html")
    if 'class="chapter-header' in path.read_text("utf-8")
)


def test_facts_are_shown_and_the_rest_is_folded(project):
    page = project({"one": HEADER}).page("one")
    facts = [item.get_text() for item in page.select(".chapter-facts > li")]
    assert facts == ["Time 50 min to read", "Data a table"]
    folded = page.select_one(".chapter-header > details")
    assert folded.select_one("summary").get_text()
    assert [item.get_text() for item in folded.select("li")] == [
        "You will be able to fit a half-life",
        "You need first logarithms",
    ]


def test_a_header_of_facts_alone_folds_nothing(project):
    plain = "# A?\n\n:::{div} chapter-header\n- **Time** 1 min\n:::\n\nText."
    page = project({"one": plain}).page("one")
    assert page.select_one(".chapter-facts").get_text(strip=True) == "Time1 min"
    assert not page.select("details")


@pytest.mark.browser
def test_every_chapter_has_a_header():
    assert len(CHAPTERS) >= 23


@pytest.mark.browser
@pytest.mark.parametrize("name", CHAPTERS)
def test_the_first_sentence_stands_close_below_the_title(browser, book, name):
    for size, most in [(DESK, 240), (PHONE, 300)]:
        with visit(browser, viewport=size) as seen:
            page = seen.page
            page.goto(f"{book}/{name}")
            title = page.locator(".bd-article h1").bounding_box()
            # The cell that loads the data is folded, and shows its handle only.
            text = page.locator(
                ".bd-article > section > "
                ":not(h1, .page-name, .chapter-header, .cell, .run, script)"
            ).or_(page.locator(".cell_output"))
            first = text.first.bounding_box()
            assert 0 < first["y"] - (title["y"] + title["height"]) <= most
            assert not quiet(seen)


@pytest.mark.browser
def test_the_address_of_an_objective_unfolds_it(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        address = f"{book}/book/mechanism/02-blocking-a-cytokine.html"
        page.goto(address)
        objective = page.locator("#ob-mechanism-direction")
        expect(objective).to_be_hidden()
        page.goto(f"{address}#ob-mechanism-direction")
        expect(objective).to_be_visible()
        assert not quiet(seen)
