"""A prediction covers the page, is answered, kept, and comes back in the takeaways."""

import re

import pytest
from chromium import DESK, HTML, PAGES, PHONE, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def with_kind(kind, later="false"):
    """Return the first page with a prediction of this kind, and its selector."""
    sign = re.compile(
        rf'class="predict" id="([^"]+)" data-kind="{kind}" data-later="{later}"'
    )
    for name in PAGES:
        found = sign.search((HTML / name).read_text())
        if found:
            return name, f"#{found.group(1)}"
    raise AssertionError(f"the book has no prediction of the kind {kind}")


def answer(page, box):
    """Answer a prediction by the keyboard, whatever its kind; return what was said."""
    kind = box.get_attribute("data-kind")
    if kind == "choice":
        box.get_by_role("radio").or_(box.get_by_role("checkbox")).first.focus()
        page.keyboard.press("Space")
    elif kind == "words":
        box.get_by_role("textbox").focus()
        page.keyboard.type("Mine")
    elif kind == "number":
        box.get_by_role("spinbutton").focus()
        page.keyboard.type("7")
    else:
        if kind == "curve":
            box.locator("summary").focus()
            page.keyboard.press("Enter")
        for slider in box.get_by_role("slider").all():
            slider.focus()
            page.keyboard.press("ArrowRight")
    also = box.locator(".predict-also").get_by_role("textbox").all()
    for field in also:
        field.focus()
        page.keyboard.type("This, too")
    keep = box.get_by_role("button", name="Keep my prediction")
    keep.focus()
    page.keyboard.press("Enter")
    expect(box.locator(".predict-verdict")).to_contain_text("You said: ")
    expect(box.locator(".predict-verdict")).to_be_focused()
    if also:
        expect(box.locator(".predict-verdict")).to_contain_text("; This, too")
    return box.locator(".predict-verdict").locator("p").first.text_content()


ASKED = sorted(name for name in PAGES if 'class="predict"' in (HTML / name).read_text())


@pytest.mark.parametrize("name", ASKED)
def test_every_prediction_is_answered_kept_and_found_again(browser, book, name):
    with visit(browser, covers=True, viewport=PHONE) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        boxes = page.locator(".predict")
        covered = page.locator(".predict-covered")
        for cover in covered.all():
            expect(cover).to_be_hidden()
        said = {box.get_attribute("id"): answer(page, box) for box in boxes.all()}
        for cover in covered.all():
            expect(cover).to_be_visible()
        for box in page.locator(".predict[data-later=false]").all():
            expect(box.locator(".predict-shown")).to_be_visible()
        if page.get_by_role("heading", name="Key takeaways").count():
            expect(page.locator(".predict-reminder")).to_be_visible()
        page.reload()
        for box in boxes.all():
            status = box.locator(".predict-verdict").locator("p").first
            expect(status).to_have_text(said[box.get_attribute("id")])
        for cover in covered.all():
            expect(cover).to_be_visible()
        if page.get_by_role("heading", name="Key takeaways").count():
            told = page.locator(".predict-reminder li")
            expect(told).to_have_count(len(said))
            texts = " ".join(told.all_text_contents())
            assert all(one in texts for one in said.values())
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        assert not quiet(seen)


#: What a page shows of itself beside the question: the list of its headings, and the
#: takeaways, by their place and as text.
ASIDE = """() => {
    const seen = all => [...all].filter(one => one.checkVisibility());
    const heading = [...document.querySelectorAll("section > h2")]
        .find(one => one.textContent.startsWith("Key takeaways"));
    const aside = [...document.querySelectorAll(".bd-toc-nav a")];
    const points = heading ? heading.parentElement.querySelectorAll("li") : [];
    return [...seen(aside), ...seen(points)].map(one => one.innerText).join("\\n");
}"""
DIGITS = re.compile(r"\d[\d,.]*\d|\d")


@pytest.mark.parametrize("name", ASKED)
def test_nothing_beside_a_question_tells_its_number(browser, book, name):
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        boxes = page.locator(".predict[data-later=false]")
        told = boxes.locator(".predict-shown").all_text_contents()
        numbers = {one for text in told for one in DIGITS.findall(text)}
        beside = DIGITS.findall(page.evaluate(ASIDE))
        assert not numbers & set(beside) - {"1", "2"}  # parts of names


#: What marks the truth in the form itself.
TRUE = {
    "choice": ".predict-offer.is-right",
    "line": ".predict-true",
    "curve": "path.truth[d]",
}


@pytest.mark.parametrize("kind", TRUE)
def test_the_truth_stands_beside_what_was_said(browser, book, kind):
    name, selector = with_kind(kind)
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        box = page.locator(selector)
        expect(box.locator(".predict-shown")).to_be_hidden()
        box.get_by_role("button", name="Keep my prediction").click()
        expect(box.locator(".predict-verdict")).to_contain_text("first")
        if kind == "choice":
            box.locator("label").last.click()
        elif kind == "curve":
            paper = box.locator("svg").bounding_box()
            height = paper["y"] + 0.4 * paper["height"]
            page.mouse.move(paper["x"] + 0.15 * paper["width"], height)
            page.mouse.down()
            page.mouse.move(paper["x"] + 0.95 * paper["width"], height, steps=40)
            page.mouse.up()
        else:
            track = box.get_by_role("slider").bounding_box()
            page.mouse.click(track["x"] + 0.8 * track["width"], track["y"] + 10)
        box.get_by_role("button", name="Keep my prediction").click()
        expect(box.locator(".predict-shown")).to_be_visible()
        expect(box.locator(TRUE[kind]).first).to_be_visible()
        picture(page, f"predict-{kind}")
        assert not quiet(seen)


def test_show_me_uncovers_and_is_no_prediction(browser, book):
    name, selector = with_kind("choice")
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        box = page.locator(selector)
        box.get_by_role("button", name="Show me").click()
        expect(box.locator(".predict-shown")).to_be_visible()
        entry = page.evaluate("name => courseRecord.all()[name]", selector[1:])
        assert entry["given"] is False
        assert not page.locator(".predict-reminder").count()


def test_a_link_to_a_covered_place_uncovers_it(browser, book):
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        inside = None
        for name in ASKED:
            page.goto(f"{book}/{name}")
            inside = page.evaluate(
                "document.querySelector('.predict-covered .selfcheck')?.id ?? null"
            )
            if inside:
                break
        assert inside, "no prediction covers a self-check"
        question = page.locator(f"#{inside}")
        expect(question).to_be_hidden()
        page.goto("about:blank")
        page.goto(f"{book}/{name}#{inside}")
        expect(question).to_be_visible()
        assert not quiet(seen)


def test_covers_can_be_switched_off_for_good(browser, book):
    name, _ = with_kind("choice")
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        page.get_by_role("button", name="Never cover pages").first.click()
        expect(page.locator(".predict-covered").first).to_be_visible()
        page.reload()
        expect(page.locator(".predict-covered").first).to_be_visible()


def test_without_a_script_and_on_paper_nothing_is_covered(browser, book):
    name, selector = with_kind("choice")
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        expect(page.locator(".predict-covered").first).to_be_visible()
        expect(page.locator(f"{selector} .predict-shown")).to_be_hidden()
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        page.emulate_media(media="print")
        expect(page.locator(".predict-covered").first).to_be_visible()
        expect(page.locator(f"{selector} button").first).to_be_hidden()
