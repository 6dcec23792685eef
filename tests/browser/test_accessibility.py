"""What a screen reader gets of every page, and what readers may ask of their system.

A screen reader reads the browser's accessibility tree. It is compared with the page.
"""

from itertools import pairwise

import pytest
from chromium import DESK, PAGES, quiet, visit

pytestmark = pytest.mark.browser

CHAPTER = "book/metrics/01-acute-phase-reactants.html"
WHOLE = [CHAPTER, "book/reference/evidence-atlas.html", "book/start/what-you-need.html"]
CONTROLS = {
    *("button", "checkbox", "combobox", "link", "radio", "searchbox", "slider"),
    *("spinbutton", "switch", "textbox", "DisclosureTriangle"),
}
#: Of each node: how it stands in the main part, as the page has it.
HEADINGS = """() => [...document.querySelectorAll("main h1, main h2, main h3, main h4")]
  .filter(one => one.checkVisibility())
  .map(one => [Number(one.tagName[1]), one.innerText.replace(/\\s*#$/, "").trim()])"""
WIDEST = "() => document.documentElement.scrollWidth - window.innerWidth"
MOVING = """() => document.getAnimations()
  .filter(one => one.effect.getComputedTiming().duration > 1).length"""

STOPS = """() => {
  window.stops = [...document.querySelectorAll(
    "main a[href], main button, main input, main select, main summary")]
    .filter(one => one.checkVisibility({ visibilityProperty: true })
      && !one.disabled && one.tabIndex >= 0);
  return window.stops.length;
}"""
#: Focus as the keyboard gives it; is the middle of it on top, and is it marked?
FOCUSED = """place => {
  const one = window.stops[place];
  one.focus({ focusVisible: true });
  const box = one.getClientRects()[0];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const style = getComputedStyle(one);
  return {
    what: one.outerHTML.slice(0, 80),
    seen: Boolean(top) && (one.contains(top) || top.contains(one)
      || one.labels?.[0]?.contains(top)),
    marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""
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


def tree(page):
    """Return the nodes of the accessibility tree that are read, in reading order."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def below(node, inside):
        role = node.get("role", {}).get("value", "")
        if not node["ignored"]:
            yield role, node.get("name", {}).get("value", ""), node, inside
        for child in node.get("childIds", []):
            if child in by_id:
                yield from below(by_id[child], (*inside, role))

    return list(below(nodes[0], ()))


def level(heading):
    """Return the level of a heading of the tree."""
    properties = {one["name"]: one["value"]["value"] for one in heading["properties"]}
    return int(properties["level"])


@pytest.mark.parametrize("page_name", PAGES)
def test_what_is_read_aloud_is_the_page_in_its_order(browser, book, page_name):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        read = tree(page)
        main = [one for one in read if "main" in one[3]]
        headings = [
            (level(node), name) for role, name, node, _ in main if role == "heading"
        ]
        shown = page.evaluate(HEADINGS)
        assert headings == [(depth, text) for depth, text in shown]
        levels = [depth for depth, _ in headings]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(later <= before + 1 for before, later in pairwise(levels))
        nameless = [role for role, name, *_ in read if role in CONTROLS and not name]
        assert not nameless
        pictures = [name for role, name, *_ in main if role in ("image", "img")]
        assert pictures or page_name not in WHOLE[:2]
        assert all(len(name) > 20 for name in pictures), pictures
        said = " ".join(name for role, name, *_ in main if role == "StaticText")
        assert "\\frac" not in said and "$$" not in said
        assert not quiet(seen)


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


@pytest.mark.parametrize("page_name", PAGES)
def test_nothing_is_lost_when_a_page_is_enlarged_four_times(browser, book, page_name):
    """WCAG 1.4.10 (reflow): 1,280 px at 400 % are 320 px."""
    with visit(browser, viewport={"width": 320, "height": 256}) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        assert page.evaluate(WIDEST) <= 0


@pytest.mark.parametrize("page_name", PAGES)
def test_what_has_the_focus_is_seen_and_not_below_the_header(browser, book, page_name):
    """WCAG 2.4.7 and 2.4.11, for the first controls of the page, from below."""
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        stops = page.evaluate(STOPS)
        assert stops
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        for place in range(min(stops, 60) - 1, -1, -1):
            found = page.evaluate(FOCUSED, place)
            assert found["seen"], found
            assert found["marked"], found


def test_controls_have_a_border_where_the_system_takes_the_colours(browser, book):
    with visit(browser, viewport=DESK, forced_colors="active") as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}", wait_until="networkidle")
        bare = page.evaluate(BARE)
        assert not bare
