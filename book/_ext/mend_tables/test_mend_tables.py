"""A data frame on a page: one head, columns aligned by what they hold, a scope."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from small_books import build

from mend_tables import mend_frame


def shown(frame):
    """Return a frame's table as the page has it."""
    return BeautifulSoup(mend_frame(frame.to_html(notebook=True)), "html.parser").table


@pytest.fixture
def visits():
    return pd.DataFrame(
        {
            "drug": ["tocilizumab", None, "placebo"],
            "CRP (mg/l)": ["12.5", "3", "101.25"],
            "visits": [4, 12, 3],
            "DAS28": [3.2, np.nan, 4.1],
        },
        index=pd.Index(["P01", "P02", "P03"], name="person"),
    )


def test_names_of_rows_and_columns_share_one_line(visits):
    heads = shown(visits).select("thead tr")
    assert len(heads) == 1
    assert [cell.get_text() for cell in heads[0].select("th")] == [
        *("person", "drug", "CRP (mg/l)", "visits", "DAS28")
    ]


def test_a_table_of_counts_says_what_runs_down_and_what_across():
    people = pd.DataFrame({"arm": ["A", "B", "B"], "better": ["yes", "yes", "no"]})
    head = shown(pd.crosstab(people["arm"], people["better"])).select("thead tr")
    assert len(head) == 1
    assert head[0].select("th")[0].get_text() == "arm, by better"


def test_heads_of_several_levels_keep_their_levels():
    frame = pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_product([["gates"], ["recall", "kept"]])
    )
    rows = shown(frame).select("thead tr")
    assert len(rows) == 2
    assert rows[0].select_one("th")["scope"] == "colgroup"


def test_every_head_says_of_what_and_none_is_empty(visits):
    table = shown(visits.reset_index())
    assert all(cell["scope"] == "col" for cell in table.select("thead th"))
    assert all(cell["scope"] == "row" for cell in table.select("tbody th"))
    assert all(cell.get_text(strip=True) for cell in table.select("th"))


def test_numbers_stand_right_with_their_points_in_line(visits):
    rows = shown(visits).select("tbody tr")
    columns = list(zip(*[row.select("td") for row in rows], strict=True))
    classes = [{"number" in cell.get("class", []) for cell in one} for one in columns]
    assert classes == [{False}, {True}, {True}, {True}]
    crp = [cell.get_text() for cell in columns[1]]
    assert [text.strip() for text in crp] == ["12.5", "3", "101.25"]
    # A blank as wide as a point, and blanks as wide as digits.
    assert crp == ["12.5\u2007", "3\u2008\u2007\u2007", "101.25"]


def test_what_is_negative_has_the_sign_minus():
    frame = pd.DataFrame({"change": [-12.5, 3.0, -0.25], "power": ["1e-9"] * 3})
    cells = [cell.get_text(strip=True) for cell in shown(frame).select("td.number")]
    assert cells[::2] == ["−12.50", "3.00", "−0.25"]
    assert cells[1::2] == ["1e-9"] * 3


def test_what_is_missing_is_a_dash(visits):
    assert [cell.get_text() for cell in shown(visits).select(".missing")] == ["–", "–"]


def test_a_date_or_an_interval_is_text():
    frame = pd.DataFrame({"seen": ["2026-11-30"], "rate": ["1.2 (0.9 to 1.5)"]})
    assert not shown(frame).select("td.number")


def test_rows_in_groups_keep_each_value_in_its_column():
    frame = pd.DataFrame(
        {"n": [1, 20, 300], "word": ["x", "y", "z"]},
        index=pd.MultiIndex.from_tuples(
            [("A", "i"), ("A", "j"), ("B", "i")], names=["arm", "visit"]
        ),
    )
    table = shown(frame)
    assert table.select_one("tbody th")["scope"] == "rowgroup"
    assert [cell.get_text() for cell in table.select("td.number")] == ["1", "20", "300"]


def test_an_empty_frame_has_a_head_still():
    assert shown(pd.DataFrame({"n": []})).select("thead th")


def test_a_table_of_prose_gets_the_scope(tmp_path):
    built = build(tmp_path, {"one": "| a |  |\n|---|---|\n| x | y |\n"})
    heads = built.page("one").select("table th")
    assert [(cell.get_text(), cell["scope"]) for cell in heads] == [("a", "col")]
