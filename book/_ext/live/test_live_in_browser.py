"""Live figures are moved by key, mouse and thumb, and say what the data say."""

import csv
import gzip
import io
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import DESK, HTML, PHONE, picture, quiet, visit
from live_expected import EXPECTED
from live_figures import disagreement, figures, values
from playwright.sync_api import expect

from live import of_one
from live.compile import said_at

pytestmark = pytest.mark.browser

NAMES = sorted(figures())
AXE = {"resultTypes": ["violations"], "preload": False}
WIDE = "document.documentElement.scrollWidth - window.innerWidth"


def opened(page, book, name):
    """Open the page of a figure, and return its place."""
    address = book if "://" in book else ""
    page.goto(f"{address}/book/{figures()[name].page}.html", wait_until="networkidle")
    return page.locator(f"#{name}")


def places(place):
    """Return where the sliders of a figure stand."""
    inputs = place.locator("input[type=range]")
    pairs = inputs.evaluate_all("all => all.map(one => [one.name, Number(one.value)])")
    return dict(pairs)


def assert_says(place, name):
    """Assert that the sentence is the one for where the sliders stand."""
    where = places(place)
    says = place.locator(".live-says")
    expect(says).to_have_text(said_at(figures()[name].spec, **where))
    expected, slack = EXPECTED[name]
    assert not disagreement(says.text_content(), expected(**where), slack), where


#: Counts how often the sentence is written: each time it is announced.
COUNT = """says => {
    says.written = 0;
    new MutationObserver(seen => (says.written += seen.length))
        .observe(says, {childList: true, characterData: true, subtree: true});
}"""
COUNTED = "says => { const count = says.written; says.written = 0; return count; }"


#: One process runs all tests of a figure: its page is opened at a desk and on a phone.
EVERY = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]


@pytest.fixture(scope="module", params=EVERY)
def desk(request, browser, book):
    """The page of a figure at a desk, with its ``place`` and its ``name``."""
    with visit(browser, viewport=DESK) as seen:
        seen.place, seen.name = opened(seen.page, book, request.param), request.param
        yield seen


@pytest.fixture(scope="module", params=EVERY)
def phone(request, browser, book):
    """The page of a figure on a phone, with its ``place`` and its ``name``."""
    with visit(browser, viewport=PHONE, has_touch=True) as seen:
        seen.place, seen.name = opened(seen.page, book, request.param), request.param
        yield seen


def assert_a_pointer_moves(seen, press):
    """Press far to the right on every slider: it moves, and the sentence follows."""
    for slider in figures()[seen.name].sliders:
        field = seen.place.locator(f"input[name={slider['name']}]")
        field.scroll_into_view_if_needed()
        box = field.bounding_box()
        assert box["height"] >= 40
        press(field, {"x": box["width"] * 0.8, "y": box["height"] / 2})
        assert places(seen.place)[slider["name"]] in values(slider)
        assert places(seen.place)[slider["name"]] > slider["low"]
        assert_says(seen.place, seen.name)


def assert_accessible(seen, look):
    """Move a figure: it fits and is accessible, its answer unfolded."""
    seen.place.locator("input").first.press("ArrowRight")
    expect(seen.place.locator(".live-picture svg")).to_have_count(1)
    seen.place.locator("details").evaluate("one => { one.open = true; }")
    expect(seen.place.locator("details p")).to_be_visible()
    picture(seen.page, f"{seen.name}-{look}", full_page=True)
    drawn = seen.place.locator(".live-picture svg").bounding_box()
    around = seen.place.bounding_box()
    assert drawn["width"] <= around["width"]
    assert seen.page.evaluate(WIDE) <= 0
    found = Axe().run(seen.page, context=f"#{seen.name}", options=AXE)
    assert not [
        (one["id"], one["nodes"][0]["target"]) for one in found.response["violations"]
    ]
    assert not quiet(seen)


def test_keys_move_it(desk):
    page, place = desk.page, desk.place
    says = place.locator("[aria-live]")  # one, or what follows would fail
    says.evaluate(COUNT)
    for slider in figures()[desk.name].sliders:
        field = place.locator(f"input[name={slider['name']}]")
        assert place.locator(f"label[for={field.get_attribute('id')}]").count() == 1
        field.focus()
        for key in ("ArrowRight", "End", "ArrowLeft", "Home"):
            told = says.text_content()
            page.keyboard.press(key)
            assert_says(place, desk.name)
            assert says.evaluate(COUNTED) == (says.text_content() != told)
        assert places(place)[slider["name"]] == slider["low"]
        unit = of_one(slider["unit"]) if slider["low"] == 1 else slider["unit"]
        shown = slider.get("words", [f"{slider['low']:g} {unit}".strip()])[0]
        assert field.get_attribute("aria-valuetext") == shown
    assert place.locator(".live-picture svg").count() == 1
    assert not quiet(desk)


def test_a_mouse_moves_it(desk):
    assert_a_pointer_moves(desk, lambda field, at: field.click(position=at))
    desk.place.locator("summary").click()
    expect(desk.place.locator("details p")).to_be_visible()
    assert not quiet(desk)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_once_moved(desk, scheme):
    desk.page.emulate_media(color_scheme=scheme)
    desk.page.wait_for_function(
        "scheme => document.documentElement.dataset.theme === scheme",
        arg=scheme,
        timeout=30_000,
    )
    assert_accessible(desk, f"{scheme}-{DESK['width']}")


def test_a_thumb_moves_it_and_it_is_accessible(phone):
    assert_a_pointer_moves(phone, lambda field, at: field.tap(position=at))
    assert_accessible(phone, f"light-{PHONE['width']}")


def test_it_works_from_a_folder_without_a_server(browser):
    name = NAMES[0]
    with visit(browser, viewport=DESK) as seen:
        place = opened(seen.page, HTML.as_uri(), name)
        place.locator("input").first.focus()
        seen.page.keyboard.press("End")
        assert_says(place, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_from_a_folder_hands_out_the_rows(browser, name):
    with visit(browser, viewport=DESK) as seen:
        link = opened(seen.page, HTML.as_uri(), name).locator(".figure-data a")
        expect(link).to_be_visible()
        path = (HTML / "book" / figures()[name].page).parent / link.get_attribute(
            "href"
        )
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert rows and None not in rows[0]


def test_without_a_script_there_are_picture_and_sentence(browser, book):
    name = NAMES[0]
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        place = opened(seen.page, book, name)
        expect(place.locator(".live-controls")).to_be_hidden()
        expect(place.locator(".live-wide svg")).to_be_visible()
        expect(place.locator(".live-says")).to_have_text(said_at(figures()[name].spec))


def test_in_print_there_are_picture_and_sentence(browser, book):
    with visit(browser, viewport=DESK) as seen:
        place = opened(seen.page, book, NAMES[0])
        seen.page.emulate_media(media="print")
        expect(place.locator(".live-controls")).to_be_hidden()
        expect(place.locator(".live-picture svg").first).to_be_visible()
        expect(place.locator(".figure-data")).to_be_hidden()


def test_if_vega_cannot_be_fetched_the_picture_stays(browser, book):
    with visit(browser, viewport=DESK) as seen:
        seen.page.route("**/vega.min.js*", lambda route: route.abort())
        place = opened(seen.page, book, NAMES[0])
        place.locator("input").first.focus()
        seen.page.keyboard.press("End")
        expect(place.locator(".live-says")).to_contain_text("cannot be moved here")
        expect(place.locator(".live-wide svg")).to_be_visible()


@pytest.mark.parametrize("page_name", sorted({one.page for one in figures().values()}))
def test_weight(browser, book, page_name):
    """The page before a figure is touched, compressed, and what it holds of figures."""
    name = next(key for key in NAMES if figures()[key].page == page_name)
    with visit(browser, covers=True, viewport=DESK) as seen:
        sizes = {}
        seen.page.on(
            "response",
            lambda one: sizes.setdefault(
                urlsplit(one.url).path, len(gzip.compress(one.body()))
            ),
        )
        opened(seen.page, book, name)
        # The atlas is no chapter: a table of 140 rows, and pictures of their effects.
        allowed = 200_000 if page_name.startswith("reference/") else 160_000
        assert sum(sizes.values()) <= allowed
        specs = seen.page.locator(".live > script").all_text_contents()
    assert specs
    for spec in specs:
        assert len(gzip.compress(spec.encode())) <= 30_000


def test_what_a_touch_brings_is_light(browser, book):
    with visit(browser, viewport=DESK) as seen:
        place = opened(seen.page, book, NAMES[0])
        first = place.locator("input").first
        with seen.page.expect_response("**/vega.min.js*") as answer:
            first.evaluate("one => one.focus({preventScroll: true})")
        assert len(gzip.compress(answer.value.body())) <= 200_000
        expect(place.locator(".live-drawing svg")).to_have_count(1)
