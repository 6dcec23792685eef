"""The trainer is used by mouse and keyboard, keeps its record, and needs no server."""

import gzip
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import DESK, HTML, PHONE, picture, quiet, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGE = "book/evidence/07-the-trainer.html"
STORE = "immune-modulators-trainer"


def key_of(number):
    """Return the report and key of this number, as the page has it."""
    chunk, place = divmod(number - 1, 10)
    text = (HTML / "_static" / "trainer" / f"reports-{chunk}.js").read_text()
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])[place]


def mark(page, marks, number, sure):
    for name, value in marks.items():
        page.locator(f"[name={name}][value='{value}']").check()
    page.locator("#trainer-number").fill(str(number))
    page.locator("#trainer-sure").fill(str(sure))


def right_marks(key):
    marks = {f"domain{i}": one[0] for i, one in enumerate(key["domains"])}
    marks |= {f"step{i}": one[0] for i, one in enumerate(key["steps"])}
    return marks | {"certainty": key["certainty"][0]}


def with_flaws():
    """Return the number of a report with two planted flaws or more."""
    return next(n for n in range(1, 301) if len(key_of(n)["flaws"]) >= 2)


def record(page):
    return json.loads(page.evaluate(f"localStorage.getItem('{STORE}')"))["reports"]


def answer(page):
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_role("heading", name="The answer")).to_be_focused()
    return page.locator(".trainer-answer")


def test_right_marks_score_ten_and_each_flaw_is_shown_in_the_text(browser, book):
    number = with_flaws()
    key = key_of(number)
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report={number}")
        expect(page.locator("#trainer-title")).to_have_text(key["title"])
        assert not page.locator(".trainer-flaw").count()
        mark(page, right_marks(key), key["number"], 90)
        told = answer(page)
        expect(told).to_contain_text("10 of 10 marks are right")
        expect(told).to_contain_text("you expected 90 %")
        for place, (title, *_) in enumerate(key["flaws"], 1):
            expect(told).to_contain_text(title)
            assert page.locator(f"#trainer-flaw-{place}-1").is_visible()
        (kept,) = record(page)
        assert kept["id"] == number and all(kept["right"]) and kept["sure"] == 90
        picture(page, "trainer-answer", full_page=True)
        assert not quiet(seen)


def test_wrong_marks_are_counted_as_such(browser, book):
    key = key_of(1)
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report=1")
        marks = right_marks(key)
        marks["domain0"] = (marks["domain0"] + 1) % 3
        mark(page, marks, key["number"] + 1.2, 50)
        expect(answer(page)).to_contain_text("8 of 10 marks are right")
        right = record(page)[0]["right"]
        assert [right[0], right[-1]] == [False, False] and sum(right) == 8


def test_what_is_not_marked_is_asked_for(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report=1")
        page.get_by_role("button", name="Show the answer").click()
        status = page.locator(".trainer-form .trainer-status")
        expect(status).to_contain_text("Still to mark: Randomisation process")
        expect(page.locator("[name=domain0]").first).to_be_focused()
        assert not page.locator(".trainer-answer").count()


def test_keyboard_alone_goes_through_a_report(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report=2")
        page.locator("[name=domain0]").first.focus()
        for _ in range(9):  # five domains, three steps, the certainty
            page.keyboard.press("Space")
            page.keyboard.press("Tab")
        page.keyboard.type("-4")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        expect(page.locator(".trainer-form output")).to_have_text("75 %")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="The answer")).to_be_focused()
        page.get_by_role("button", name="Next report").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#trainer-title")).to_be_focused()
        assert record(page)[0]["marks"][9] == -4


def test_record_survives_is_exported_and_is_deleted(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        for number in (1, 2, 3):
            key = key_of(number)
            page.goto(f"{book}/{PAGE}?report={number}")
            mark(page, right_marks(key), key["number"], 40)
            answer(page)
        page.reload()
        box = page.locator(".trainer-record")
        expect(box).to_contain_text("3 reports: 100 % of your marks were right")
        expect(box).to_contain_text("You could trust yourself more.")
        at_random = re.search(r"at random would have (\d+)", box.text_content())[1]
        assert 25 < int(at_random) < 55
        expect(box.get_by_role("img", name=re.compile("Calibration"))).to_be_visible()
        with page.expect_download() as download:
            box.get_by_role("button", name="Export the record").click()
        kept = json.loads(download.value.path().read_text())
        assert [entry["id"] for entry in kept["reports"]] == [1, 2, 3]
        box.get_by_role("button", name="Delete the record").click()
        assert len(record(page)) == 3  # asked once more
        box.get_by_role("button", name="Delete it for good").click()
        expect(box).to_contain_text("Nothing yet")
        assert page.evaluate(f"localStorage.getItem('{STORE}')") is None
        assert not quiet(seen)


def test_an_exported_record_is_imported_again_and_joins_what_is_there(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        for number in (1, 2):
            page.goto(f"{book}/{PAGE}?report={number}")
            mark(page, right_marks(key_of(number)), key_of(number)["number"], 40)
            answer(page)
        box = page.locator(".trainer-record")
        with page.expect_download() as download:
            box.get_by_role("button", name="Export the record").click()
        exported = download.value.path().read_bytes()
        page.evaluate(f"localStorage.removeItem('{STORE}')")
        page.goto(f"{book}/{PAGE}?report=3")
        mark(page, right_marks(key_of(3)), key_of(3)["number"], 40)
        answer(page)
        status = page.locator(".trainer-app > .trainer-status")
        for told in ("2 reports imported.", "0 reports imported."):
            with page.expect_file_chooser() as chooser:
                box.get_by_role("button", name="Import a record").press("Enter")
            chooser.value.set_files(
                {"name": "r.json", "mimeType": "application/json", "buffer": exported}
            )
            expect(status).to_have_text(told)
            assert {entry["id"] for entry in record(page)} == {1, 2, 3}
        expect(box.get_by_role("button", name="Import a record")).to_be_focused()
        expect(box).to_contain_text("3 reports: 100 %")
        assert not quiet(seen)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"version": 2, "reports": []}',
        b'{"version": 1, "reports": [{"id": 1}]}',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_record_is_not_imported(browser, book, content):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report=1")
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Import a record").click()
        chooser.value.set_files(
            {"name": "r.json", "mimeType": "application/json", "buffer": content}
        )
        status = page.locator(".trainer-app > .trainer-status")
        expect(status).to_contain_text("Nothing is imported")
        assert page.evaluate(f"localStorage.getItem('{STORE}')") is None
        assert not quiet(seen)


def test_a_broken_record_is_passed_over(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report=1")
        for broken in ("{", '{"reports":[{"id":"x"}]}', '{"reports":3}', "null"):
            page.evaluate(f"localStorage.setItem('{STORE}', {json.dumps(broken)})")
            page.reload()
            expect(page.locator(".trainer-record")).to_contain_text("Nothing yet")
        assert not quiet(seen)


def test_it_works_from_a_folder_without_a_server(browser):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{(HTML / PAGE).as_uri()}?report=14")
        expect(page.locator("#trainer-title")).to_have_text(key_of(14)["title"])


def test_without_a_script_reports_and_keys_are_there(browser, book):
    with visit(browser, viewport=DESK, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}")
        expect(page.locator(".trainer-app")).to_be_hidden()
        keys = page.locator(".trainer-printed details")
        assert keys.count() == 3
        keys.first.locator("summary").click()
        expect(keys.first).to_contain_text("Randomisation process")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_answer_is_accessible_and_fits(browser, book, scheme, size):
    number = with_flaws()
    with visit(browser, viewport=size, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{PAGE}?report={number}")
        mark(page, right_marks(key_of(number)), 0, 60)
        answer(page)
        picture(page, f"trainer-{scheme}-{size['width']}", full_page=True)
        wide = "document.documentElement.scrollWidth - window.innerWidth"
        assert page.evaluate(wide) <= 0
        found = Axe().run(page, context=".trainer").response["violations"]
        assert not [(one["id"], one["nodes"][0]["target"]) for one in found]


def test_the_page_is_light_at_first(browser, book):
    """What it fetches before anybody marks anything, compressed."""
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        bodies = {}
        page.on("response", lambda one: bodies.setdefault(one.url, one.body()))
        page.goto(f"{book}/{PAGE}?report=1", wait_until="networkidle")
        assert sum(len(gzip.compress(body)) for body in bodies.values()) < 250_000
        chunks = [url for url in bodies if "/trainer/reports-" in url]
        assert len(chunks) == 1
