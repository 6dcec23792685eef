"""A live figure is picture, sentence and sliders; other builders print the words."""

import json

import altair as alt
import nbformat
import pandas as pd
import pytest
from course import live
from sphinx.errors import ExtensionError

import live as element


def figure(name="lv-test-figure", found="Fewer </script> & fewer."):
    """Return a small live figure."""
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.5], "y": [1, 2, 3]})
    limit = live.Slider("limit", "Only above", 0, 3, 1, value=1, unit="mg/L")
    return live.figure(
        name,
        question="How many are left?",
        sliders=[limit],
        chart=alt.Chart(rows).mark_circle().encode(x="x:Q", y="y:Q") + limit.rule(),
        said=alt.Chart(rows)
        .transform_filter(alt.datum.x > limit)
        .transform_aggregate(n="count()"),
        says="Above {limit} mg/L </script>\n{n} are left.",
        found=found,
        picture="Three dots that rise.",
    )


@pytest.fixture
def built(project, tmp_path):
    """Return a function that builds a book whose page ``chapter`` has live figures."""

    def build(*figures, **settings):
        outputs = [
            nbformat.v4.new_output("display_data", one._repr_mimebundle_())
            for one in figures
        ]
        cell = nbformat.v4.new_code_cell("live.figure(...)", outputs=outputs)
        title = nbformat.v4.new_markdown_cell("# Chapter")
        source = tmp_path / "source"
        source.mkdir()
        notebook = nbformat.v4.new_notebook(cells=[title, cell])
        nbformat.write(notebook, source / "chapter.ipynb")
        return project({"other": "No figure.\n\n[To it](chapter.ipynb)"}, **settings)

    return build


def plain(text):
    """Return a text without the blanks at which no line may break."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("unit", "single"),
    [("years", "year"), ("mg/L", "mg/L"), ("s", "s"), ("times", "times"), ("", "")],
)
def test_a_unit_is_said_with_one(unit, single):
    assert element.of_one(unit) == single


def test_the_page_has_picture_sentence_sliders_and_specification(built):
    made = built(figure())
    assert "lv-test" not in made.warnings and "mime" not in made.warnings
    (place,) = made.page("chapter").select(".live")
    assert place["id"] == "lv-test-figure"
    assert place.select_one(".live-question").text == "Try it How many are left?"
    says = place.select_one(".live-says").text
    assert plain(says) == "Above 1 mg/L </script> 2 are left."
    assert place.select_one(".live-says")["aria-live"] == "polite"
    assert place.select_one("details p").text == "Fewer </script> & fewer."
    picture = place.select_one(".live-picture")
    assert picture["role"] == "img"
    assert picture["aria-label"] == "Three dots that rise."
    for svg in picture.select("svg"):
        assert len(svg.select("circle")) == 3
        assert "Above 1" not in svg.text
    assert place.select_one(".live-controls").has_attr("hidden")
    (slider,) = place.select("input[type=range]")
    assert place.select_one(f"label[for={slider['id']}]").text == "Only above"
    assert [slider[key] for key in ("min", "max", "step", "value")] == list("0311")
    assert plain(slider["aria-valuetext"]) == "1 mg/L"
    assert [tick.text for tick in place.select(".live-ticks span")] == ["0", "3"]
    vega = json.loads(place.select_one("script").string)
    assert vega["$schema"].startswith("https://vega.github.io/schema/vega/")
    assert "title" not in vega and "bind" not in json.dumps(vega)
    assert any(data["name"] == vega["usermeta"]["said"] for data in vega["data"])


def test_its_rows_lie_beside_the_page(built):
    made = built(figure())
    (link,) = made.page("chapter").select(".live .figure-data a")
    assert link.text == "Data of this figure (CSV): How many are left?"
    assert link["download"] == "live-test-figure.csv"
    text = (made.folder / link["href"]).read_text(encoding="utf-8-sig")
    assert text == "x,y\n1,1\n2,2\n3.5,3\n"


def test_files_come_with_the_figure_and_vega_does_not(built):
    made = built(figure())
    assert {"live.css", "live.js"} <= made.served("chapter")
    assert not {"live.css", "live.js", "vega.min.js"} & made.served("other")
    assert "vega.min.js" not in made.served("chapter")


def test_a_choice_shows_its_words(built):
    rows = pd.DataFrame({"x": [1, 2], "y": [1, 2]})
    side = live.Choice("side", "Side", ["the 'left'", "right"], value="right")
    data = alt.Chart(rows).transform_filter(side.at("x"))
    made = built(
        live.figure(
            "lv-test-side",
            question="Which?",
            sliders=[side],
            chart=data.mark_circle().encode(x="x:Q", y="y:Q"),
            said=data,
            says="{side}: {y}",
            found="It.",
            picture="A dot.",
        )
    )
    (slider,) = made.page("chapter").select("input[type=range]")
    assert [slider[key] for key in ("min", "max", "step", "value")] == list("1212")
    assert plain(slider["aria-valuetext"]) == "right"
    assert json.loads(slider["data-words"]) == ["the 'left'", "right"]
    assert made.page("chapter").select_one(".live-value").text == "right"
    assert plain(made.page("chapter").select_one(".live-says").text) == "right: 2"


def test_a_page_that_is_no_notebook_names_its_figure(project, monkeypatch):
    monkeypatch.setattr(element.figures, "some", figure, raising=False)
    made = project({"page": "Text.\n\n:::{live-figure} some\n:::"})
    (place,) = made.page("page").select(".live")
    assert place["id"] == "lv-test-figure"
    assert {"live.css", "live.js"} <= made.served("page")


def test_a_figure_that_is_not_there_is_named(project):
    made = project({"page": "Text.\n\n:::{live-figure} another\n:::"})
    assert "course.figures has no 'another'" in made.warnings


def test_other_builders_print_the_words(built):
    text = (built(figure(), builder="text").folder / "chapter.txt").read_text()
    for words in ("How many are left?", "2 are left.", "Fewer"):
        assert words in text
    assert "vega" not in text


def test_the_search_finds_its_words(built):
    index = (built(figure(found="Zugzwang.")).folder / "search-index.js").read_text()
    assert "zugzwang" in index


def test_a_name_is_used_once(built):
    made = built(figure(), figure())
    assert "'lv-test-figure' has a name that 'chapter' uses already" in made.warnings


def test_what_was_compiled_is_kept(tmp_path, monkeypatch):
    spec = figure().spec
    first = element.compiled(spec, tmp_path)
    monkeypatch.setattr("live.compile._compile", lambda spec: pytest.fail("again"))
    assert element.compiled(spec, tmp_path) == first


def test_another_copy_of_vega_is_refused(tmp_path, monkeypatch):
    (tmp_path / "vega.min.js").write_text("alert(1)")
    monkeypatch.setattr(element, "VEGA", tmp_path / "vega.min.js")
    with pytest.raises(ExtensionError, match="was tried"):
        element.check_vega(None)


def test_the_licence_of_vega_lies_beside_it():
    text = (element.VEGA.parent / "LICENSE").read_text()
    assert "Redistributions in binary form" in text
