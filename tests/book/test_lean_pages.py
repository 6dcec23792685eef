"""Pages lose elements, not content."""

import re

import pytest
from small_books import ROOT, build

PYGMENTS = ROOT / "_build" / "html" / "_static" / "pygments.css"
CODE = "for name in (1, 2):\n    print(name)  # a comment"


def test_code_keeps_its_text_and_its_colours(tmp_path):
    page = build(tmp_path, {"one": f"```python\n{CODE}\n```"}).page("one")
    shown = page.select_one(".highlight pre")
    assert shown.get_text().strip() == CODE
    assert all(shown.select(f"span.{kind}") for kind in ("k", "c1", "nb"))
    assert not shown.select("span.n, span.p, span.w")


@pytest.mark.parametrize("kind", ["n", "p", "w"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lost_its_element_had_the_colour_of_code(theme, kind):
    if not PYGMENTS.is_file():
        pytest.fail(f"there is no {PYGMENTS}: run `make book`, then the tests")
    rules = re.findall(
        rf'data-theme="{theme}"\] \.highlight( \.\w+)? {{(.*?)}}', PYGMENTS.read_text()
    )
    looks = {name: set(re.split(r";\s*", look.strip())) for name, look in rules}
    assert looks[f" .{kind}"] <= looks[""]


def test_no_line_breaks_between_a_number_and_its_unit(tmp_path):
    text = (
        "CRP of 12 mg/l in 95 % of **40** % after 24 h, 5 grams, 3 h-bonds and `10 %`."
        "\n\n```python\nshare = '95 % of all'\n```"
    )
    page = build(tmp_path, {"one": text}).page("one")
    assert page.select_one("section p").get_text() == (
        "CRP of 12\xa0mg/l in 95\xa0% of 40\xa0% after 24\xa0h, "
        "5 grams, 3 h-bonds and 10 %."
    )
    assert "95 % of all" in page.select_one("pre").get_text()
