"""Pages lose elements, not content, and gain what a picture lacks."""

import re

import matplotlib.pyplot as plt
import pytest
from small_books import build

CODE = "for name in (1, 2):\n    print(name)  # a comment"


def test_code_keeps_its_text_and_its_colours(tmp_path):
    page = build(tmp_path, {"one": f"```python\n{CODE}\n```"}).page("one")
    shown = page.select_one(".highlight pre")
    assert shown.get_text().strip() == CODE
    assert all(shown.select(f"span.{kind}") for kind in ("k", "c1", "nb"))
    assert not shown.select("span.n, span.p, span.w")


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """The style sheet for code that the book's theme brings."""
    folder = tmp_path_factory.mktemp("colours")
    built = build(folder, {"one": CODE}, html_theme="sphinx_book_theme")
    return (built.folder / "_static/pygments.css").read_text()


@pytest.mark.parametrize("kind", ["n", "p", "w"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_lost_its_element_had_the_colour_of_code(colours, theme, kind):
    rules = re.findall(
        rf'data-theme="{theme}"\] \.highlight( \.\w+)? {{(.*?)}}', colours
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


def test_a_picture_needs_an_alternative_text_and_gets_its_size(project, tmp_path):
    (tmp_path / "source").mkdir()
    plt.imsave(tmp_path / "source/dot.png", [[0.0, 1.0, 0.5]])
    built = project({"with": "![a dot](dot.png)", "without": "![](dot.png)"})
    assert "no alternative text" in built.warned("without")
    assert not built.warned("with")
    picture = built.page("with").select_one("img")
    assert (picture["width"], picture["height"]) == ("3", "1")
    assert picture["loading"] == "lazy"
