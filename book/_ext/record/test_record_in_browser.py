"""What a reader did is shown, asked again, taken along and deleted."""

import json
import re

import pytest
from chromium import DESK, HTML, PAGES, PHONE, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
MINE = "book/start/my-course.html"


def pages_with(sign):
    """Return the pages of the book whose HTML holds `sign`."""
    return [name for name in PAGES if sign in (HTML / name).read_text()]


def answer_wrongly(page, box):
    """Give a wrong answer to a self-check of the kind choice."""
    box.locator(".selfcheck-option[data-right=false] label").first.click()
    box.get_by_role("button", name="Check").click()
    expect(box.get_by_role("status")).to_have_attribute("data-state", "wrong")


def test_wrong_answers_are_shown_and_asked_again_until_right(browser, book):
    first, second = pages_with('data-kind="choice"')[:2]
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        names = []
        for name in (first, second):
            page.goto(f"{book}/{name}")
            box = page.locator(".selfcheck[data-kind=choice]").first
            names.append(box.get_attribute("id"))
            answer_wrongly(page, box)
        mark = page.locator(".course-mark[data-state=begun]")
        assert mark.count()
        page.goto(f"{book}/{MINE}")
        page.get_by_role("button", name="Begin").click()
        page.wait_for_url(f"**/{first}#{names[0]}")
        bar = page.get_by_role("navigation", name="Questions again")
        expect(bar).to_contain_text("Question 1 of 2")
        box = page.locator(f"#{names[0]}")
        box.locator(".selfcheck-option[data-right=true] label").first.click()
        box.get_by_role("button", name="Check").click()
        bar.get_by_role("button", name="Next question").click()
        page.wait_for_url(f"**/{second}#{names[1]}")
        expect(bar).to_contain_text("Question 2 of 2")
        bar.get_by_role("button", name="End").click()
        page.wait_for_url(f"**/{MINE}")
        left = page.locator(".my-course li")
        expect(left).to_have_count(1)
        expect(left.locator("a")).to_have_attribute(
            "href", f"{book}/{second}#{names[1]}"
        )
        assert not quiet(seen)


def test_how_sure_one_was_belongs_to_the_first_answer(browser, book):
    name = pages_with('class="selfcheck-sure"')[0]
    with visit(browser, viewport=PHONE) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        box = page.locator(".selfcheck[data-kind=choice]:has(.selfcheck-sure)").first
        slider = box.get_by_role("slider")
        slider.focus()
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        expect(box.locator("output")).to_have_text("80 %")
        answer_wrongly(page, box)
        right = box.locator(".selfcheck-option[data-right=true]")
        for option in right.all():
            option.locator("label").click()
        box.get_by_role("button", name="Check").click()
        expect(box.get_by_role("status")).to_have_attribute("data-state", "right")
        page.goto(f"{book}/{MINE}")
        expect(page.locator(".my-course-curve circle")).to_have_count(1)
        told = page.get_by_role("region", name="The same in numbers").locator("td")
        assert told.all_text_contents() == ["1", "0\u00a0%"]
        expect(page.locator(".my-course")).to_contain_text("you expected 80\u00a0%")
        fits = "all => all.every(one => one.scrollWidth <= one.clientWidth)"
        assert page.locator(".my-course-wide").evaluate_all(fits)
        picture(page, "my-course-phone", full_page=True)
        assert not quiet(seen)


def test_a_live_figure_is_found_as_it_was_left(browser, book):
    name = pages_with('class="live"')[0]
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        place = page.locator(".live").first
        slider = place.get_by_role("slider").first
        says = place.locator(".live-says")
        told = says.text_content()
        slider.focus()
        page.keyboard.press("End")
        expect(place.locator(".live-drawing svg")).to_be_visible()
        expect(says).not_to_have_text(told)
        value, told = slider.input_value(), says.text_content()
        page.wait_for_function("Object.keys(courseRecord.all()).length == 1")
        page.reload()
        place.scroll_into_view_if_needed()
        expect(says).to_have_text(told)
        assert slider.input_value() == value
        page.goto(f"{book}/{MINE}")
        row = page.locator(".my-course tr", has=page.locator(f"a[href$='{name}']"))
        expect(row.locator("td").last).to_have_text(re.compile("^1 of "))
        assert not quiet(seen)


def test_record_is_exported_deleted_and_imported(browser, book, tmp_path):
    name = pages_with('data-kind="choice"')[0]
    with visit(browser, viewport=DESK, accept_downloads=True) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        answer_wrongly(page, page.locator(".selfcheck[data-kind=choice]").first)
        page.goto(f"{book}/{MINE}")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        file = tmp_path / "my-course.json"
        download.value.save_as(file)
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete it for good").click()
        expect(page.locator(".my-course li")).to_have_count(0)
        page.locator(".my-course input[type=file]").set_input_files(file)
        expect(page.locator(".my-course li")).to_have_count(1)
        picture(page, "my-course", full_page=True)
        assert not quiet(seen)


BROKEN = {
    "no JSON": b"{",
    "no text": bytes(range(256)),
    "another file": b'{"cells": []}',
    "another version": b'{"version": 2, "entries": {}}',
    "no entries": b'{"version": 1, "entries": null}',
    "a list": b'{"version": 1, "entries": [{"at": 1}]}',
    "far too large": b'{"version": 1, "entries": {}}' + b" " * 2_000_000,
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_no_record_changes_nothing(browser, book, tmp_path, what):
    file = tmp_path / "file.json"
    file.write_bytes(BROKEN[what])
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{MINE}")
        page.locator(".my-course input[type=file]").set_input_files(file)
        expect(page.locator(".my-course")).to_contain_text("nothing was changed")
        assert page.evaluate("Object.keys(courseRecord.all()).length") == 0
        assert not quiet(seen)


#: A browser that forbids storage throws when it is only looked at; a full one when
#: something is written.
FORBIDDEN = """for (const kind of ["localStorage", "sessionStorage"]) {
    const get = () => { throw new DOMException("no", "SecurityError"); };
    Object.defineProperty(window, kind, { get });
}"""
FULL = """Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
};"""
LOST = "This browser has not kept it"


@pytest.mark.parametrize("storage", [FORBIDDEN, FULL])
def test_without_storage_all_works_and_says_that_nothing_is_kept(
    browser, book, tmp_path, storage
):
    checks = set(pages_with('data-kind="choice"')) & set(
        pages_with('class="selfcheck"')
    )
    name = next(one for one in sorted(checks) if one in pages_with('class="predict"'))
    with visit(browser, covers=True, viewport=DESK) as seen:
        page = seen.page
        page.add_init_script(storage)
        page.goto(f"{book}/{name}")
        uncover = page.get_by_role("button", name="Uncover it")
        while uncover.count():
            uncover.first.click()
        answer_wrongly(page, page.locator(".selfcheck[data-kind=choice]").first)
        expect(page.locator(".selfcheck-verdict", has_text=LOST)).to_have_count(1)
        box = page.locator(".predict[data-kind=choice]").first
        box.locator("label").first.click()
        box.get_by_role("button", name="Keep my prediction").click()
        expect(box.locator(".predict-verdict")).to_contain_text(LOST)
        page.goto(f"{book}/{MINE}")
        expect(page.locator(".my-course")).to_contain_text("keeps nothing")
        file = tmp_path / "file.json"
        file.write_text('{"version": 1, "entries": {"sc-test-one": {"at": 1}}}')
        page.locator(".my-course input[type=file]").set_input_files(file)
        expect(page.locator(".my-course")).to_contain_text(LOST)
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete it for good").click()
        expect(page.locator(".my-course")).to_contain_text("deleted")
        assert not seen.elsewhere  # errors there are: the theme expects storage


def test_two_tabs_keep_what_both_did(browser, book):
    pages = pages_with('data-kind="choice"')[:2]
    with visit(browser, viewport=DESK) as seen:
        mine = seen.page
        mine.goto(f"{book}/{MINE}")
        tabs = [mine.context.new_page() for _ in pages]
        for tab, name in zip(tabs, pages, strict=True):
            tab.goto(f"{book}/{name}")
        for tab in tabs:
            answer_wrongly(tab, tab.locator(".selfcheck[data-kind=choice]").first)
        expect(mine.locator(".my-course li")).to_have_count(2)
        mine.get_by_role("button", name="Delete").click()
        mine.get_by_role("button", name="Delete it for good").click()
        expect(mine.locator(".my-course li")).to_have_count(0)
        for tab in tabs:
            expect(tab.locator(".course-mark")).to_have_count(0)
        assert not quiet(seen)


def test_what_the_book_no_longer_asks_is_passed_over(browser, book, tmp_path):
    name = pages_with('data-kind="choice"')[0]
    gone = {"at": 1, "asked": "Gone", "first": False, "last": False, "sure": 50}
    entries = {"sc-old-question": gone, "lv-old-figure": {"at": 1, "values": [1]}}
    file = tmp_path / "file.json"
    file.write_text(json.dumps({"version": 1, "entries": entries}))
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{name}")
        answer_wrongly(page, page.locator(".selfcheck[data-kind=choice]").first)
        page.goto(f"{book}/{MINE}")
        page.locator(".my-course input[type=file]").set_input_files(file)
        expect(page.locator(".my-course")).to_contain_text("2 answers taken in")
        expect(page.locator(".my-course li")).to_have_count(1)
        page.get_by_role("button", name="Begin").click()
        page.wait_for_url(f"**/{name}#*")
        bar = page.get_by_role("navigation", name="Questions again")
        expect(bar).to_contain_text("Question 1 of 1")
        assert not quiet(seen)


def test_of_a_hostile_file_only_what_has_the_form_is_taken(browser, book, tmp_path):
    markup = "<img src=x onerror=\"document.body.dataset.harmed = 'yes'\">"
    good = json.loads(
        (HTML / "_static/course-items.js")
        .read_text()
        .removeprefix("window.courseItems = ")
        .rstrip(";\n")
    )
    name = next(
        one for page in good.values() for one in page["items"] if one.startswith("sc-")
    )
    entries = {
        name: {"at": 1, "asked": markup, "said": markup, "last": False, "sure": 1e9},
        "sc-<b>": {"at": 1},
        "__proto__": {"at": 1},
        "sc-test-string": "x",
        "sc-test-null": None,
        "sc-test-when": {"at": "x"},
    }
    file = tmp_path / "file.json"
    file.write_text(json.dumps({"version": 1, "entries": entries}))
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{MINE}")
        page.locator(".my-course input[type=file]").set_input_files(file)
        expect(page.locator(".my-course li")).to_have_text(markup)
        assert page.evaluate("Object.keys(courseRecord.all())") == [name]
        assert page.evaluate(f"courseRecord.all()['{name}'].sure ?? 'none'") == "none"
        assert page.evaluate("document.body.dataset.harmed ?? 'no'") == "no"
        page.reload()
        expect(page.locator(".my-course li")).to_have_text(markup)
        assert not quiet(seen)
