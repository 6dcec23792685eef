"""What readers may ask of their system: less movement, other colours."""

import pytest
from chromium import DESK, visit

pytestmark = pytest.mark.browser

CHAPTER = "book/metrics/01-acute-phase-reactants.html"
WHOLE = [CHAPTER, "book/reference/evidence-atlas.html", "book/start/what-you-need.html"]
MOVING = """() => document.getAnimations()
  .filter(one => one.effect.getComputedTiming().duration > 1).length"""
#: Buttons that nothing but a colour of their own would set apart from text.
BARE = """() => [...document.querySelectorAll("main button, main input")]
  .filter(one => one.checkVisibility({ visibilityProperty: true }))
  .filter(one => !["radio", "checkbox", "range"].includes(one.type))
  .filter(one => {
    const style = getComputedStyle(one);
    return parseFloat(style.borderTopWidth) === 0 && style.outlineStyle === "none"
      && style.textDecorationLine === "none" && !one.querySelector("svg, i");
  })
  .map(one => one.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("page_name", WHOLE)
def test_nothing_moves_for_those_who_ask_for_less_movement(browser, book, page_name):
    with visit(browser, viewport=DESK, reduced_motion="reduce") as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        page.keyboard.press("Tab")
        for unfolded in page.locator("main details > summary:visible").all()[:3]:
            unfolded.click()
            assert page.evaluate(MOVING) == 0
        smooth = "getComputedStyle(document.documentElement).scrollBehavior"
        assert page.evaluate(smooth) == "auto"


def test_controls_have_a_border_where_the_system_takes_the_colours(browser, book):
    with visit(browser, viewport=DESK, forced_colors="active") as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}", wait_until="networkidle")
        bare = page.evaluate(BARE)
        assert not bare
