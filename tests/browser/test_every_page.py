"""Every page of the built book: quiet, on its own, usable by everybody.

A page is opened twice for all that is asked of it here: once at a desk and once on a
phone. What a test changes of the page it puts as it needs it: colours, or the width.
A screen reader reads the browser's accessibility tree, which is compared with the page.
"""

from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import DESK, PAGES, PHONE, picture, quiet, visit

pytestmark = pytest.mark.browser

#: One process runs all tests of a page, so that it is opened once.
EVERY = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES]
AXE = {
    "resultTypes": ["violations"],
    # Level AAA for the contrast of text, beside level AA and best practices.
    "rules": {"color-contrast-enhanced": {"enabled": True}},
    # It would look for what style sheets import beside the page.
    "preload": False,
}
WITH_PICTURES = [
    "book/metrics/01-acute-phase-reactants.html",
    "book/reference/evidence-atlas.html",
]
CONTROLS = {
    *("button", "checkbox", "combobox", "link", "radio", "searchbox", "slider"),
    *("spinbutton", "switch", "textbox", "DisclosureTriangle"),
}
#: Of each node: how it stands in the main part, as the page has it.
HEADINGS = """() => [...document.querySelectorAll("main h1, main h2, main h3, main h4")]
  .filter(one => one.checkVisibility())
  .map(one => [Number(one.tagName[1]), one.innerText.replace(/\\s*#$/, "").trim()])"""
#: How much wider a page is than its window, once scripts have followed the window.
TOO_WIDE = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  return document.documentElement.scrollWidth - window.innerWidth;
}"""
#: The first controls of a page, from below, each focused as the keyboard does it: is
#: the middle of it on top, and is it marked? Of those where not, what they are.
FOCUSED = """() => {
  const stops = [...document.querySelectorAll(
    "main a[href], main button, main input, main select, main summary")]
    .filter(one => one.checkVisibility({ visibilityProperty: true })
      && !one.disabled && one.tabIndex >= 0);
  window.scrollTo(0, document.body.scrollHeight);
  const found = stops.slice(0, 60).reverse().map(one => {
    one.focus({ focusVisible: true });
    const box = one.getClientRects()[0];
    const top = document.elementFromPoint(
      box.x + box.width / 2, box.y + box.height / 2);
    const style = getComputedStyle(one);
    return {
      what: one.outerHTML.slice(0, 80),
      seen: Boolean(top) && (one.contains(top) || top.contains(one)
        || Boolean(one.labels?.[0]?.contains(top))),
      marked: style.outlineStyle !== "none" || style.boxShadow !== "none",
    };
  });
  return [stops.length, found.filter(one => !one.seen || !one.marked)];
}"""


def opened(browser, address, **look):
    """Yield a page that was opened, as a fixture does."""
    with visit(browser, **look) as seen:
        seen.page.goto(address, wait_until="networkidle")
        yield seen


@pytest.fixture(scope="module", params=EVERY)
def desk(request, browser, book):
    """A page at a desk; ``name`` says which."""
    for seen in opened(browser, f"{book}/{request.param}", viewport=DESK):
        seen.name = request.param
        yield seen


@pytest.fixture(scope="module", params=EVERY)
def phone(request, browser, book):
    """A page on a phone; ``name`` says which."""
    for seen in opened(browser, f"{book}/{request.param}", viewport=PHONE):
        seen.name = request.param
        yield seen


def label(page):
    return Path(page).with_suffix("").as_posix().replace("/", "-")


def tree(page):
    """Return the nodes of the accessibility tree that are read, in reading order."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_opens_quietly_and_is_accessible(desk, scheme):
    page = desk.page
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "scheme => document.documentElement.dataset.theme === scheme",
        arg=scheme,
        timeout=30_000,
    )
    picture(page, f"{label(desk.name)}-{scheme}", full_page=True)
    assert not quiet(desk)
    found = Axe().run(page, options=AXE).response["violations"]
    assert not [
        f"{rule['id']}: {node['target']}"
        for rule in found  # best practices, too
        for node in rule["nodes"]
    ]


def test_what_is_read_aloud_is_the_page_in_its_order(desk):
    read = tree(desk.page)
    main = [one for one in read if "main" in one[3]]
    headings = [
        (level(node), name) for role, name, node, _ in main if role == "heading"
    ]
    shown = desk.page.evaluate(HEADINGS)
    assert headings == [(depth, text) for depth, text in shown]
    levels = [depth for depth, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))
    nameless = [role for role, name, *_ in read if role in CONTROLS and not name]
    assert not nameless
    pictures = [name for role, name, *_ in main if role in ("image", "img")]
    assert pictures or desk.name not in WITH_PICTURES
    assert all(len(name) > 20 for name in pictures), pictures
    said = " ".join(name for role, name, *_ in main if role == "StaticText")
    assert "\\frac" not in said and "$$" not in said


def test_what_has_the_focus_is_seen_and_not_below_the_header(desk):
    """WCAG 2.4.7 and 2.4.11, for the first controls of the page."""
    controls, found = desk.page.evaluate(FOCUSED)
    assert controls
    assert not found
    assert not quiet(desk)


def test_page_fits_a_phone(phone):
    phone.page.set_viewport_size(PHONE)
    picture(phone.page, f"{label(phone.name)}-phone", full_page=True)
    assert phone.page.evaluate(TOO_WIDE) <= 0
    assert not quiet(phone)


def test_nothing_is_lost_when_a_page_is_enlarged_four_times(phone):
    """WCAG 1.4.10 (reflow): 1,280 px at 400 % are 320 px."""
    phone.page.set_viewport_size({"width": 320, "height": 256})
    assert phone.page.evaluate(TOO_WIDE) <= 0
