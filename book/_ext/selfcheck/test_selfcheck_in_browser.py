"""Self-checks answer to mouse and keyboard, and can be read without a script."""

import pytest
from chromium import DESK, HTML, PAGES, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


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
