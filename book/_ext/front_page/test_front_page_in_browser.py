"""The first page asks, covers what was found, and shows how far the reader has come."""

import json

import pytest
from chromium import DESK, PHONE, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_visitor_predicts_first_and_sees_then_what_was_found(browser, book, size):
    with visit(browser, covers=True, viewport=size) as seen:
        page = seen.page
        page.goto(f"{book}/index.html")
        found = page.locator(".front-interval").first
        expect(found).to_be_hidden()
        first = page.locator(".predict input").first
        # What moved, drawn, and the question stand on the first screen.
        for drawing in page.locator(".front-moved").all():
            box = drawing.bounding_box()
            assert box["y"] + box["height"] < size["height"]
            assert box["x"] + box["width"] < size["width"]
        assert first.bounding_box()["y"] < size["height"]
        first.check()
        page.get_by_role("button", name="Keep my prediction").click()
        expect(found).to_be_visible()
        expect(page.get_by_role("link", name="Start: what is")).to_be_visible()
        assert not quiet(seen)


def test_the_map_shows_how_much_of_a_part_is_answered(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/index.html")
        place = page.locator(".front-progress[data-part='4 Metrics']")
        expect(place).to_be_empty()
        kept = {"version": 1, "entries": {"pr-metrics-line": {"at": 1, "said": "more"}}}
        page.evaluate(
            "kept => localStorage.setItem('immune-modulators-course', kept)",
            json.dumps(kept),
        )
        page.reload()
        expect(place).to_contain_text("1 of ")
        assert page.locator(".front-progress progress").count() == 1
        assert not quiet(seen)
