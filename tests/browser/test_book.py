"""The built book in a real browser: quiet, on its own, usable by everybody."""

import io
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import ROOT, picture, visit
from playwright.sync_api import expect
from serving import served

pytestmark = pytest.mark.browser

HTML = ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in [*HTML.glob("book/**/*.html"), *HTML.glob("*.html")]
    if path != HTML / "index.html"  # it only leads on
) or ["book/index.html"]  # not built: the tests fail, and are not passed over
AXE = {
    "resultTypes": ["violations"],
    # It would look for what style sheets import beside the page.
    "preload": False,
}
CHAPTER = "book/metrics/01-acute-phase-reactants.html"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1300, "height": 900}


@pytest.fixture(scope="module")
def book():
    if not (HTML / CHAPTER).is_file():
        pytest.fail(f"{HTML} holds no book: run `make book`, then the tests")
    with served(HTML) as address:
        yield address


def label(page):
    return Path(page).with_suffix("").as_posix().replace("/", "-")


def quiet(seen):
    """Say what went wrong on a page; empty if nothing."""
    return [*seen.errors, *(f"asked another host: {url}" for url in seen.elsewhere)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page_name", PAGES)
def test_page_opens_quietly_and_is_accessible(browser, book, page_name, scheme):
    with visit(browser, viewport=DESK, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        picture(page, f"{label(page_name)}-{scheme}", full_page=True)
        assert page.locator("html").get_attribute("data-theme") == scheme
        assert not quiet(seen)
        found = Axe().run(page, options=AXE).response["violations"]
        grave = [
            f"{rule['id']}: {node['target']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]
        assert not grave


@pytest.mark.parametrize("page_name", PAGES)
def test_page_fits_a_phone(browser, book, page_name):
    with visit(browser, viewport=PHONE) as seen:
        page = seen.page
        page.goto(f"{book}/{page_name}", wait_until="networkidle")
        picture(page, f"{label(page_name)}-phone", full_page=True)
        too_wide = page.evaluate(
            "() => document.documentElement.scrollWidth - window.innerWidth"
        )
        assert too_wide <= 0
        assert not quiet(seen)


def test_the_first_page_leads_to_the_book(browser, book):
    with visit(browser) as seen:
        seen.page.goto(f"{book}/")
        seen.page.wait_for_url("**/book/index.html")
        expect(seen.page.get_by_role("heading", level=1)).to_be_visible()


def test_search_finds_a_term(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.keyboard.press("Control+k")
        page.locator("input[type=search]:visible").fill("sedimentation")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=sedimentation*")
        found = page.locator("#search-results li a")
        expect(found.first).to_be_visible()
        found.filter(has_text="acute").or_(found).first.click()
        expect(page.locator("article")).to_contain_text(
            re.compile("sedimentation", re.I)
        )
        assert not quiet(seen)


def first_with_selfcheck(kind):
    """Return the first page of the book with a self-check of this kind."""
    for name in PAGES:
        if f'data-kind="{kind}"' in (HTML / name).read_text():
            return name
    raise AssertionError(f"the book has no self-check of the kind {kind}")


def test_choice_answers_by_mouse_and_by_keyboard(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{first_with_selfcheck('choice')}")
        box = page.locator(".selfcheck[data-kind=choice]").first
        verdict = box.get_by_role("status")
        check = box.get_by_role("button", name="Check")

        wrong = box.locator(".selfcheck-option[data-right=false]").first
        wrong.locator("label").click()
        check.click()
        expect(verdict).to_have_attribute("data-state", "wrong")
        reason = wrong.locator(".selfcheck-reason").text_content().strip()
        expect(verdict).to_contain_text(reason[:40])
        picture(page, "selfcheck-wrong")

        radios = box.get_by_role("radio")
        right = box.locator(".selfcheck-option").evaluate_all(
            "options => options.findIndex(option => option.dataset.right === 'true')"
        )
        radios.first.focus()
        page.keyboard.press("Space")
        for _ in range(right):
            page.keyboard.press("ArrowDown")
        expect(radios.nth(right)).to_be_checked()
        # Tab passes the reasons that fold out; the button must be within reach.
        for _ in range(radios.count() + 1):
            if check.evaluate("button => button === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(verdict).to_have_attribute("data-state", "right")
        assert not quiet(seen)


def test_number_answers_within_its_tolerance(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{first_with_selfcheck('number')}")
        box = page.locator(".selfcheck[data-kind=number]").first
        answer, tolerance = (
            float(box.get_attribute(f"data-{name}")) for name in ("answer", "tolerance")
        )
        field = box.get_by_role("spinbutton")
        verdict = box.get_by_role("status")
        for given, state in [
            (answer, "right"),
            (answer + 0.9 * tolerance, "right"),
            (answer + 1.5 * tolerance + 1, "wrong"),
            (-answer - 2 * tolerance - 1, "wrong"),
        ]:
            field.fill(f"{given:.6g}")
            field.press("Enter")
            expect(verdict).to_have_attribute("data-state", state)
        picture(page, "selfcheck-number")
        assert not quiet(seen)


def test_selfcheck_can_be_read_without_a_script(browser, book):
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(f"{book}/{first_with_selfcheck('choice')}")
        box = page.locator(".selfcheck[data-kind=choice]").first
        expect(box.get_by_role("button", name="Check")).to_be_hidden()
        reasons = box.locator(".selfcheck-reason")
        assert reasons.count() >= 2
        for number in range(reasons.count()):
            expect(reasons.nth(number)).to_be_hidden()
            box.locator("summary").nth(number).click()
            expect(reasons.nth(number)).to_be_visible()


def test_a_term_explains_itself(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}", wait_until="networkidle")
        term = page.locator("article a[href*='glossary.html#term-']").first
        term.scroll_into_view_if_needed()
        term.hover()
        tip = page.locator(".tippy-box")
        expect(tip).to_be_visible()
        definition = page.evaluate(
            """async href => {
                const text = await (await fetch(href)).text();
                const glossary = new DOMParser().parseFromString(text, "text/html");
                let entry = glossary.getElementById(new URL(href).hash.slice(1));
                while (entry.tagName !== "DD") entry = entry.nextElementSibling;
                return entry.textContent.trim();
            }""",
            term.evaluate("link => link.href"),
        )
        assert len(definition) > 20
        expect(tip).to_contain_text(definition[:40])
        picture(page, "tooltip")
        assert not quiet(seen)


def test_the_assignment_downloads_and_opens(browser, book):
    with visit(browser) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.locator("article a[href*='assignment.html']").first.click()
        with page.expect_download() as download:
            page.locator("article a[href$='.zip']").first.click()
        content = Path(download.value.path()).read_bytes()
        assert not quiet(seen)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        text = archive.read("metrics/metrics.ipynb").decode()
        beside = {name for name in archive.namelist() if name.endswith(".csv")}
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    needed = notebook.metadata.course.data
    assert {f"metrics/{name}" for name in needed} == beside
    assert "BEGIN HIDDEN" not in text and "BEGIN SOLUTION" not in text
