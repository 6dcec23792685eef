"""A figure opens at its full size, and has the colours of its page."""

import colorsys
import io

import pytest
from chromium import DESK, PHONE, picture, quiet, visit
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGE = "book/evidence/04-synthesising-trials.html"
BCG = "#fig-syn-bcg"
#: The blue of the single trials in that figure, as `course.style` has it.
BLUE = (0x00, 0x72, 0xB2)


def test_a_tap_opens_the_figure_and_closing_leads_back(browser, book):
    with visit(browser, viewport=PHONE, has_touch=True) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        figure = page.locator(f"{BCG} img")
        figure.scroll_into_view_if_needed()
        small = PHONE["width"]
        figure.tap()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        large = dialog.get_by_role("img", name=figure.get_attribute("alt"))
        assert large.bounding_box()["width"] > 1.8 * small
        # It is moved inside its window, and the page is as wide as before.
        wide = "box => box.scrollWidth > box.clientWidth"
        assert dialog.locator(".enlarged-frame").evaluate(wide)
        picture(page, "enlarged")
        dialog.get_by_role("button", name="Close").tap()
        expect(dialog).to_be_hidden()
        assert not quiet(seen)


def test_the_keyboard_opens_and_closes_it(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        button = page.locator(BCG).get_by_role("button", name="Enlarge Fig")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()
        assert not quiet(seen)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_follows_the_page_and_keeps_its_hues(browser, book, scheme):
    with visit(browser, viewport=DESK, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        figure = page.locator(f"{BCG} img")
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_js_property("complete", True)
        drawn = Image.open(io.BytesIO(figure.screenshot())).convert("RGB")
        colours = sorted(drawn.getcolors(maxcolors=drawn.width * drawn.height))
        (_, ground), *_ = reversed(colours)
        assert sum(ground) > 3 * 250 if scheme == "light" else sum(ground) < 3 * 40
        # The commonest colour with a hue is that of the trials.
        strong = [one for one in colours if max(one[1]) - min(one[1]) > 80]
        hue, *_ = colorsys.rgb_to_hls(*(part / 255 for part in strong[-1][1]))
        blue, *_ = colorsys.rgb_to_hls(*(part / 255 for part in BLUE))
        assert abs(hue - blue) * 360 < 8
        picture(page, f"figure-{scheme}")


def test_without_a_script_the_figure_is_there(browser, book):
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        seen.page.goto(f"{book}/{PAGE}")
        expect(seen.page.locator(f"{BCG} img")).to_be_visible()
