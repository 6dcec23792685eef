"""A chapter's figure on its page: sharp, with its letters and its numbers beside it."""

import base64
import csv
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
from course import picture, style
from fontTools.ttLib import TTFont

import drawings

FIGURE = {"mystnb": {"figure": {"name": "fig-fall", "caption": "A fall."}}}
FIGURE["mystnb"]["image"] = {"alt": "Readings fall from 9 to 4."}


@pytest.fixture
def bundle():
    """What a notebook keeps of a figure."""
    with mpl.rc_context(mpl.rcParamsDefault):
        style.use()
        fig, ax = plt.subplots()
        ax.plot([0, 1, 2], [9, 6.25, 4], label="β-chain")
        ax.set(xlabel="Week", ylabel="CRP (mg/L)")
        ax.legend()
        made = picture.bundle(fig)
        plt.close(fig)
    return made


@pytest.fixture
def built(project, tmp_path, bundle):
    cell = nbformat.v4.new_code_cell("plt.show()", execution_count=1, metadata=FIGURE)
    cell.outputs = [nbformat.v4.new_output("display_data", bundle)]
    title = nbformat.v4.new_markdown_cell("# A chapter")
    folder = tmp_path / "source/book/part"
    folder.mkdir(parents=True)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[title, cell]), folder / "01-chapter.ipynb"
    )
    tree = "```{toctree}\nbook/part/01-chapter\n```"
    return project({"other": tree}, numfig=True)


def drawing_of(built):
    (path,) = (built.folder / "_images").glob("*.svg")
    return path.read_text(encoding="utf-8")


def letters(drawing):
    """Return the letters that a drawing holds."""
    (data,) = re.findall(r"data:font/woff;base64,([^)]+)", drawing)
    return {
        chr(one) for one in TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
    }


def test_the_numbers_lie_beside_the_page(built, bundle):
    assert "text/csv" not in built.warnings
    link = built.page("book/part/01-chapter").select_one("figure .figure-data a")
    assert link["download"] == "part-01-chapter-figure-1.csv"
    path = (built.folder / "book/part" / link["href"]).resolve()
    text = path.read_text(encoding="utf-8-sig")
    assert text == bundle["text/csv"]
    assert [row["CRP (mg/L)"] for row in csv.DictReader(io.StringIO(text))] == [
        *("9", "6.25", "4")
    ]


def test_the_drawing_holds_the_letters_that_it_uses(built):
    drawing = drawing_of(built)
    assert {*"Week", *"CRP (mg/L)", *"β-chain", *"0123456789"} >= letters(drawing) - {
        "."
    }
    assert letters(drawing) >= {*"WeekCRP(mg/L)β-chain"}
    assert len(drawing) < 20_000


def test_the_ground_is_the_pages(built, bundle):
    assert 'style="fill: #ffffff"/>' in bundle["image/svg+xml"]
    assert 'style="fill: #ffffff"/>' not in drawing_of(built)


def test_a_frame_is_as_wide_as_its_smallest_letters_need(built):
    frame = built.page("book/part/01-chapter").select_one("figure .drawing")
    least = int(re.fullmatch(r"--least: (\d+)px", frame["style"])[1])
    drawing = drawing_of(built)
    units = float(re.search(r'viewBox="0 0 ([\d.]+)', drawing)[1])
    smallest = min(map(float, re.findall(r"font-size: ([\d.]+)px", drawing)))
    assert smallest * least / units == pytest.approx(drawings.SMALLEST, abs=0.02)
    img = frame.select_one("img")
    assert img["alt"] == "Readings fall from 9 to 4." and img["loading"] == "lazy"
    assert int(img["width"]) / int(img["height"]) == pytest.approx(7 / 3.6, rel=0.05)


def test_an_index_may_be_smaller_than_its_text():
    text = (
        '<text style="font-size: 10px">R<tspan style="font-size: 7px">0</tspan></text>'
    )
    head = '<svg version="1.1" viewBox="0 0 500 200" width="764" height="306">'
    assert drawings.narrowest(head + text) == 450
    assert drawings.narrowest(head + text.replace("10px", "9px")) == 500


def test_what_is_no_figure_stays(tmp_path):
    path = tmp_path / "mark.svg"
    path.write_text('<svg viewBox="0 0 10 10"><path d="M0 0"/></svg>')
    before = path.read_bytes()
    drawings.finish_these([path])
    assert path.read_bytes() == before


def test_a_second_time_changes_nothing(tmp_path, bundle):
    path = tmp_path / "figure.svg"
    path.write_text(bundle["image/svg+xml"], encoding="utf-8")
    drawings.finish_these([path])
    once = path.read_bytes()
    drawings.finish_these([path])
    assert path.read_bytes() == once


def test_pages_with_a_drawing_get_style_and_script(built):
    assert {"drawings.css", "drawings.js"} <= built.served("book/part/01-chapter")
    assert not {"drawings.css", "drawings.js"} & built.served("other")
