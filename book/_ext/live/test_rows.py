"""The file below a live figure has its rows, and says what stands in them."""

import csv
import io

import altair as alt
import pandas as pd
import pytest
from course import live
from live_figures import figures

from live.compile import converter, said_at
from live.rows import table

GRID = pd.DataFrame({"dose": [1, 1, 2, 2], "day": [0, 7, 0, 7], "c": [4.0, 2, 8, 4.5]})


def rows_of(spec):
    """Return the file of a figure, row by row."""
    text = table(spec, converter().vega_to_svg)
    return list(csv.DictReader(io.StringIO(text)))


def figure(chart, *sliders, said=None):
    """Return the specification of a small live figure."""
    return live.figure(
        "lv-test-rows",
        question="How far does it fall?",
        sliders=sliders,
        chart=chart,
        said=alt.Chart(pd.DataFrame({"one": [1]})) if said is None else said,
        says="It falls.",
        found="Far.",
        picture="A line that falls.",
    ).spec


@pytest.fixture
def dose():
    return live.Slider("dose", "Dose", 1, 2, 1, value=2, unit="mg/kg")


def test_the_whole_grid_is_there_with_its_titles(dose):
    seen = alt.Chart(GRID).transform_filter(dose.at())
    y = alt.Y("c:Q", title="Level (mg/L)")
    rows = rows_of(
        figure(seen.mark_line().encode(alt.X("day:Q", title="Day"), y), dose)
    )
    assert rows == [
        {"Dose (mg/kg)": dose, "Day": day, "Level (mg/L)": level}
        for dose, day, level in [("1", "0", "4"), ("1", "7", "2"), ("2", "0", "8")]
        + [("2", "7", "4.5")]
    ]


def test_what_vega_computes_is_computed_where_the_sliders_stand(dose):
    grid = alt.Chart(pd.DataFrame({"day": [0, 1, 2], "signal": ["a", "<b>", "¦"[:0]]}))
    curve = grid.transform_calculate(left="dose * exp(-datum.day)", no="datum.day + 1")
    chart = curve.mark_line().encode(
        alt.X("day:Q", title="Day"), alt.Y("left:Q", title="Left"), text="signal:N"
    )
    rows = rows_of(figure(chart, dose))
    left = "Left, where the sliders stand at first"
    assert [row[left] for row in rows] == ["2", "0.73576", "0.27067"]
    assert [row["signal"] for row in rows] == ["a", "<b>", ""]
    assert set(rows[0]) == {"Day", "signal", left}  # `no` is not shown


def test_columns_that_a_chart_splits_are_split(dose):
    both = alt.Chart(pd.DataFrame({"x": [1, 2], "old": [3, 4], "new": [5, 6]}))
    both = both.transform_fold(["old", "new"], as_=["who", "value"])
    chart = both.mark_line().encode(x="x:Q", y="value:Q", color="who:N")
    rows = rows_of(figure(chart, dose))
    told = [(row["x"], row["who"], row["value"]) for row in rows]
    assert told == [("1", "old", "3"), ("1", "new", "5"), ("2", "old", "4")] + [
        ("2", "new", "6")
    ]


def test_several_tables_say_as_what_they_are_drawn(dose):
    shared = alt.X("low:Q", title="Ratio")
    ends = pd.DataFrame({"low": [1], "high": [3], "ratio": [2]})
    lines = alt.Chart(ends).mark_rule().encode(shared, x2="high:Q")
    dots = alt.Chart(ends).mark_circle().encode(alt.X("ratio:Q"))
    edge = alt.Chart(pd.DataFrame({"low": [0.5]})).mark_rule().encode(shared)
    said = alt.Chart(pd.DataFrame({"n": [7]}))
    rows = rows_of(figure(lines + dots + edge + dose.rule(), dose, said=said))
    told = [{key: text for key, text in row.items() if text} for row in rows]
    assert told == [
        {
            "drawn as": "line or interval, points",
            "Ratio, from": "1",
            "Ratio, to": "3",
            "Ratio": "2",
        },
        {"drawn as": "line or interval", "Ratio": "0.5"},
        {"drawn as": "sentence", "n": "7"},
    ]


def test_two_columns_of_one_axis_keep_their_names(dose):
    two = pd.DataFrame({"day": [1], "a": [2], "b": [3]})
    y = alt.Y("a:Q", title="CRP")
    chart = alt.Chart(two).mark_line().encode(x="day:Q", y=y)
    chart += alt.Chart(two).mark_line().encode(x="day:Q", y="b:Q")
    assert rows_of(figure(chart, dose)) == [{"day": "1", "a: CRP": "2", "b: CRP": "3"}]


def test_a_choice_is_written_in_its_words():
    side = live.Choice("side", "Side", ["left", "right"], value="right")
    chart = alt.Chart(pd.DataFrame({"side": [1, 2], "x": [3, 4]}))
    rows = rows_of(figure(chart.mark_circle().encode(x="x:Q"), side))
    assert rows == [{"Side": "left", "x": "3"}, {"Side": "right", "x": "4"}]


# -- the book's


@pytest.fixture(scope="module")
def files():
    """The file of each live figure of the book, row by row."""
    return {name: rows_of(one.spec) for name, one in figures().items()}


def test_each_figure_of_the_book_has_its_rows(files):
    for name, rows in files.items():
        spec = figures()[name].spec
        held = [csv.reader(io.StringIO(text)) for text in spec["datasets"].values()]
        counts = [len(table) - 1 for table in map(list, held) if table[0] != ["one"]]
        assert len(rows) >= sum(counts) > 0, name
        # All numbers that the specification holds, and something in each row.
        assert all(any(row.values()) for row in rows), name


def test_each_slider_that_a_grid_is_of_has_its_column(files):
    for name, rows in files.items():
        headings = set(rows[0])
        spec = figures()[name].spec
        heads = [text.splitlines()[0].split(",") for text in spec["datasets"].values()]
        for slider in figures()[name].sliders:
            if any(slider["name"] in head for head in heads):
                assert any(one.startswith(slider["label"]) for one in headings), name


def test_a_number_of_the_sentence_is_in_the_row_of_its_sliders(files):
    rows = files["lv-risk-closing"]
    (row,) = [row for row in rows if row["Registry closed after (years)"] == "2.75"]
    said = said_at(figures()["lv-risk-closing"].spec, close=2.75)
    assert f"{float(row['Infected (%)']):.1f}" in said
    assert f"{float(row['Per 1,000 years']):.1f}" in said
