"""What the marks say, on the screen of a phone."""

import pytest
from chromium import PHONE, picture, quiet, visit
from demo_class import STUDENTS, graded, scores
from playwright.sync_api import expect
from term import items, marktable, misconceptions
from term.misconceptions import Diagnosis, Found

__all__ = ["graded", "scores"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_wide_tables_scroll(
    browser, graded, tmp_path, scheme
):
    marks = marktable.read(graded, "metrics")
    bank = misconceptions.bank_of(graded, "metrics")
    seen = [
        Diagnosis(f"s{n:02}", task, (name,))
        for n, (task, one) in enumerate(bank.items())
        for name in one.wrong
    ]
    found = Found("metrics", STUDENTS, tuple(seen))
    items.write(tmp_path, marks, found, names=True)
    with visit(browser, viewport=PHONE, color_scheme=scheme) as seen:
        page = seen.page
        page.goto((tmp_path / "index.html").as_uri())
        picture(page, f"items-phone-{scheme}", full_page=True)
        too_wide = page.evaluate(
            "() => document.documentElement.scrollWidth - window.innerWidth"
        )
        assert too_wide <= 0
        boxes = page.locator(".wide")
        assert boxes.count() >= 3
        scrolls = boxes.evaluate_all(
            "found => found.map(one => one.scrollWidth > one.clientWidth)"
        )
        assert any(scrolls)
        # By key, too: a box that scrolls can be reached and moved.
        box = boxes.nth(scrolls.index(True))
        box.focus()
        expect(box).to_be_focused()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.activeElement.scrollLeft > 0")
        # No figure is cut off, and none needs a magnifying glass.
        for figure in page.locator("figure img").all():
            place = figure.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= PHONE["width"]
        assert not quiet(seen)
        assert not seen.elsewhere
