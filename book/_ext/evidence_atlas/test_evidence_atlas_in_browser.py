"""The evidence atlas: filtered by mouse and keyboard, whole without a script."""

import re

import pytest
from chromium import PHONE, visit
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ATLAS = "book/reference/evidence-atlas.html"


@pytest.fixture
def address(book):
    return f"{book}/{ATLAS}"


def test_the_atlas_is_filtered(browser, address):
    with visit(browser) as seen:
        page = seen.page
        page.goto(address)
        rows = page.locator("#atlas .atlas-record")
        shown = page.locator("#atlas .atlas-record:visible")
        count = page.get_by_role("search", name="atlas").get_by_role("status")
        everything = rows.count()
        expect(count).to_have_text(f"{everything} of {everything} rows")

        words = page.get_by_label("Words")
        words.fill("melanoma MOCELLIN")
        expect(shown).to_have_count(2)
        expect(count).to_have_text(f"2 of {everything} rows")
        search = page.get_by_role("search", name="atlas")
        search.get_by_label("Certainty").select_option("high")
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text("disease-free survival")
        words.fill("no such agent")
        expect(shown).to_have_count(0)
        page.get_by_role("button", name="Show all").click()
        expect(shown).to_have_count(everything)

        page.get_by_label("It shows").select_option("harm shown")
        harmful = page.locator("#atlas .atlas-record[data-shows='harm shown']").count()
        assert 0 < harmful < everything
        expect(shown).to_have_count(harmful)
        for row in shown.all():
            expect(row).to_have_attribute("data-shows", "harm shown")
        assert not seen.errors and not seen.elsewhere


def test_the_atlas_works_with_the_keyboard_alone(browser, address):
    with visit(browser) as seen:
        page = seen.page
        page.goto(address)
        page.get_by_label("Words").focus()
        page.keyboard.type("karsch-volk")  # without the dots of the name
        everything = page.locator("#atlas .atlas-record").count()
        shown = page.locator("#atlas .atlas-record:visible")
        expect(shown).to_have_count(1)
        for _ in range(5):  # three choices, the button, the first row
            page.keyboard.press("Tab")
        expect(shown.locator("summary")).to_be_focused()
        page.keyboard.press("Enter")
        expect(shown.get_by_text("GRADE", exact=True)).to_be_visible()
        expect(shown.get_by_role("link", name=re.compile(r"^10\."))).to_be_visible()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")  # the button: show all
        expect(shown).to_have_count(everything)


def test_what_is_filtered_by_stands_in_the_address(browser, address):
    with visit(browser) as seen:
        page = seen.page
        page.goto(address)
        shown = page.locator("#atlas .atlas-record:visible")
        page.get_by_label("Words").fill("melanoma MOCELLIN")
        page.get_by_role("search", name="atlas").get_by_label(
            "Certainty"
        ).select_option("high")
        expect(shown).to_have_count(1)
        slider = page.locator("#lv-atlas-sure").get_by_role("slider").first
        says = page.locator("#lv-atlas-sure .live-says")
        before = says.text_content()
        slider.press("End")
        expect(says).not_to_have_text(before)
        page.wait_for_url("**/*lv-atlas-sure=*")
        link, told = page.url, says.text_content()
        assert "words=melanoma+MOCELLIN" in link and "certainty=high" in link
        assert not seen.errors and not seen.elsewhere
    with visit(browser) as seen:  # another reader, of whom nothing is kept
        page = seen.page
        page.goto(link)
        expect(page.locator("#atlas .atlas-record:visible")).to_have_count(1)
        expect(page.get_by_label("Words")).to_have_value("melanoma MOCELLIN")
        page.locator("#lv-atlas-sure").scroll_into_view_if_needed()
        expect(page.locator("#lv-atlas-sure .live-says")).to_have_text(told)
        page.get_by_role("button", name="Show all").click()
        page.wait_for_url(lambda url: "words=" not in url and "certainty=" not in url)
        page.goto(f"{address}?certainty=nonsense&lv-atlas-sure=x")
        everything = page.locator("#atlas .atlas-record").count()
        expect(page.locator("#atlas .atlas-record:visible")).to_have_count(everything)
        assert not seen.errors and not seen.elsewhere


def test_a_term_begins_where_a_word_does(browser, address):
    with visit(browser) as seen:
        page = seen.page
        page.goto(f"{address}?words=IL-6")
        shown = page.locator("#atlas .atlas-record:visible")
        assert 0 < shown.count() < page.locator("#atlas .atlas-record").count() / 2
        for text in shown.all_text_contents():
            assert re.search(r"\bIL[-‐-―\s]6", text, re.I)


def test_the_atlas_is_whole_without_a_script(browser, address):
    with visit(browser, java_script_enabled=False) as seen:
        page = seen.page
        page.goto(address)
        expect(page.locator(".atlas-form")).to_be_hidden()
        rows = page.locator("#atlas .atlas-record")
        assert rows.count() == page.locator("#atlas .atlas-record:visible").count() > 30
        first = rows.first
        expect(first.get_by_text("GRADE", exact=True)).to_be_hidden()
        first.locator("summary").click()
        expect(first.get_by_text("GRADE", exact=True)).to_be_visible()


def test_the_atlas_stays_a_table_on_a_phone(browser, address):
    with visit(browser, viewport=PHONE) as seen:
        page = seen.page
        page.goto(address)
        table = page.get_by_role("table", name="Evidence atlas")
        assert table.get_by_role("columnheader").count() == 5
        assert table.get_by_role("rowheader").count() > 30
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_numbers_of_a_table_of_prose_stand_right(browser, address):
    with visit(browser) as seen:
        seen.page.goto(address)
        table = seen.page.locator("table").filter(has_text="It shows").first
        sides = table.locator("tr > *").evaluate_all(
            "all => all.map(one => [one.cellIndex, getComputedStyle(one).textAlign])"
        )
        assert {side for place, side in sides if place == 0} == {"left"}
        assert {side for place, side in sides if place > 0} == {"right"}
