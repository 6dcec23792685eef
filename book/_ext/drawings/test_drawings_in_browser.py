"""The figures of every page can be read on a phone; their words can be selected."""

import csv
import io

import pytest
from chromium import DESK, HTML, PAGES, PHONE, picture, quiet, visit
from playwright.sync_api import expect

import drawings

pytestmark = pytest.mark.browser

PAGE = "book/evidence/04-synthesising-trials.html"
BCG = "#fig-syn-bcg"
WITH_DRAWINGS = [
    page
    for page in PAGES
    if (HTML / page).is_file() and 'class="drawing"' in (HTML / page).read_text("utf-8")
]
#: Of every drawing: its address, how wide it is and its frame, whether that can be
#: reached by the keyboard, and whether the page itself moves sideways.
MEASURE = """() => [...document.querySelectorAll(".drawing")].map((frame) => ({
  address: frame.querySelector("img").src.split("/").pop(),
  drawn: frame.querySelector("img").getBoundingClientRect().width,
  frame: frame.clientWidth,
  reached: frame.tabIndex === 0,
  page: document.documentElement.scrollWidth,
}))"""


#: Where the words below the axis lie in the drawing, in pixels.
PLACE_OF_LABEL = """drawing => {
  const texts = [...drawing.contentDocument.querySelectorAll("text")];
  const label = texts.find((one) => one.textContent.startsWith("Risk ratio of"));
  const box = label.getBoundingClientRect();
  return [box.left, box.top, box.width, box.height];
}"""


def test_there_are_pages_with_drawings():
    assert len(WITH_DRAWINGS) >= 25


@pytest.mark.parametrize("name", WITH_DRAWINGS)
def test_letters_are_nine_pixels_high_on_a_phone(browser, book, name):
    with visit(browser, viewport=PHONE) as seen:
        seen.page.goto(f"{book}/{name}")
        found = seen.page.evaluate(MEASURE)
    assert found
    for one in found:
        text = (HTML / "_images" / one["address"]).read_text("utf-8")
        units = float(text.split('viewBox="0 0 ')[1].split()[0])
        sizes = [drawings.SIZE.findall(some) for some in drawings.WORDS.findall(text)]
        smallest = min(max(map(float, some)) for some in sizes if some)
        assert smallest * one["drawn"] / units >= drawings.SMALLEST - 0.05, one
        assert one["page"] <= PHONE["width"], one
        # What is wider than its frame can be moved in it, without a mouse too.
        assert one["reached"] == (one["drawn"] > one["frame"] + 1), one


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_of_a_figure_can_be_selected(browser, book, scheme):
    with visit(browser, viewport=DESK, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        page.locator(f"{BCG} .drawing").hover()
        expect(page.locator(f"{BCG} img.drawing-below")).to_be_attached()
        drawing = page.locator(f"{BCG} object")
        page.wait_for_load_state("networkidle")  # nothing moves any more
        drawing.evaluate("drawing => drawing.scrollIntoView({block: 'center'})")
        left, top, width, height = drawing.evaluate(PLACE_OF_LABEL)
        box = drawing.bounding_box()
        page.mouse.move(box["x"] + left + 1, box["y"] + top + height / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + left + width, box["y"] + top + height / 2, steps=9)
        page.mouse.up()
        chosen = "drawing => drawing.contentDocument.getSelection().toString()"
        assert "ratio of tuberculosis" in drawing.evaluate(chosen)
        expect(page.get_by_role("dialog")).to_be_hidden()  # it was no click
        picture(page, f"drawing-{scheme}")
        assert not quiet(seen)


def test_a_click_on_the_document_enlarges_it(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        page.locator(f"{BCG} .drawing").hover()
        expect(page.locator(f"{BCG} img.drawing-below")).to_be_attached()
        page.locator(f"{BCG} .drawing").click(position={"x": 200, "y": 20})
        expect(page.get_by_role("dialog")).to_be_visible()
        assert not quiet(seen)


def test_a_page_from_a_folder_shows_figures_and_hands_out_numbers(browser):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto((HTML / PAGE).as_uri())
        figure = page.locator(f"{BCG} img")
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_js_property("complete", True)
        assert figure.evaluate("one => one.naturalWidth") > 0
        link = page.locator(f"{BCG} .figure-data a")
        path = (HTML / PAGE).parent / link.get_attribute("href")
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        assert len(rows) > 13 and "Risk ratio of tuberculosis, BCG to none" in rows[0]


def test_paper_has_whole_figures_and_no_links_to_numbers(browser, book):
    with visit(browser, viewport=PHONE) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        page.emulate_media(media="print")
        assert page.locator(".figure-data a").first.is_hidden()
        wide = page.locator(f"{BCG} .drawing").evaluate(
            "f => f.scrollWidth - f.clientWidth"
        )
        assert wide <= 1
