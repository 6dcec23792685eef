"""What a live figure says is what the data say, wherever its sliders stand."""

import shutil
import subprocess
import sys

import altair
import nbformat
import pandas as pd
import pytest
from course import execute, live
from live.compile import said_at
from live_expected import EXPECTED
from live_figures import BOOK, disagreement, figures, settings


def test_each_live_figure_is_computed_again():
    assert set(figures()) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_its_sentence_is_that_of_another_route(name):
    expected, slack = EXPECTED[name]
    for where in settings(name):
        told = said_at(figures()[name].spec, **where)
        assert not disagreement(told, expected(**where), slack), where


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_says_something_else_when_it_is_moved(name):
    told = {said_at(figures()[name].spec, **where) for where in settings(name, 4)}
    assert len(told) > 1


def test_a_sentence_with_another_number_disagrees():
    assert not disagreement("Of 1,200 people −4.1 %.", [1200, -4.13])
    assert "4.1 is not 4.2" in disagreement("It is 4.1.", [4.2])
    assert "2 are expected" in disagreement("It is 4.1.", [4.1, 3])


# -- how one is made


def rows(n=4):
    return pd.DataFrame({"x": range(n), "word": list("abcd" * n)[:n]})


def made(frame=None, **changed):
    limit = live.Slider("limit", "Limit", 0, 2, 0.5, value=1, unit="mg", ticks=[0, 1])
    data = altair.Chart(rows() if frame is None else frame)
    said = data.transform_filter(altair.datum.x > limit)
    told = {
        "name": "lv-test-figure",
        "question": "How many?",
        "sliders": [limit],
        "chart": data.mark_circle().encode(x="x:Q"),
        "said": said.transform_aggregate(n="count()", mean="mean(x)"),
        "says": "Above {limit} mg: {n}, mean {mean:.2f}.",
        "found": "Fewer.",
        "picture": "Four dots in a row.",
    } | changed
    return live.figure(told.pop("name"), **told)


def test_the_sentence_follows_the_slider():
    spec = made().spec
    assert said_at(spec) == "Above 1\u00a0mg: 2, mean 2.50."
    assert said_at(spec, limit=0.5) == "Above 0.5\u00a0mg: 3, mean 2.00."


def test_no_line_breaks_between_number_and_unit_or_beside_an_equals_sign():
    spec = made(says="n = {n} of 10 mg, {mean:.1f} % of {limit} hosts.").spec
    assert said_at(spec) == "n\u00a0=\u00a02 of 10\u00a0mg, 2.5\u00a0% of 1 hosts."


def test_it_is_the_same_whenever_it_is_made():
    assert made().spec == made().spec


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "figure"}, "write lv-<chapter>-<topic>"),
        ({"sliders": []}, "has no slider"),
        ({"found": " "}, "found says nothing"),
        ({"frame": rows(4900).assign(z=1.2345678)}, "50,000 are allowed"),
    ],
)
def test_what_is_wrong_is_said(changed, said):
    with pytest.raises(ValueError, match=said):
        made(**changed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "a b"}, "no name for a formula"),
        ({"name": "true"}, "no name for a formula"),
        ({"low": 3}, "low, high, step"),
        ({"value": 0.7}, "value=0.7 is no step"),
        ({"ticks": [5]}, "tick 5"),
    ],
)
def test_a_slider_that_cannot_be_is_refused(changed, said):
    told = {"name": "x", "label": "X", "low": 0, "high": 2, "step": 0.5, "value": 1}
    with pytest.raises(ValueError, match=said):
        live.Slider(**(told | changed))


def test_a_choice_is_told_in_words():
    sides = live.Choice("side", "Side", ["left", "right"], value="right")
    data = altair.Chart(rows()).transform_filter("datum.x % 2 == side - 1")
    spec = made(
        sliders=[sides], said=data.transform_aggregate(n="sum(x)"), says="{side}: {n}."
    ).spec
    assert said_at(spec) == "right: 4."
    assert said_at(spec, side=1) == "left: 2."


@pytest.mark.parametrize(
    ("words", "value", "said"),
    [
        (["left"], "left", "are no choice"),
        (["left", "left"], "left", "are no choice"),
        (["left", "right"], "up", "'up' is none of left, right"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(words, value, said):
    with pytest.raises(ValueError, match=said):
        live.Choice("side", "Side", words, value=value)


SOURCE = """\
import altair as alt
import pandas as pd
from course import live
rows = pd.DataFrame({"x": [1.0, 2.5, 2.1234]})
limit = live.Slider("limit", "Limit", 0, 2, 1, value=1)
chart = alt.Chart(rows).mark_circle().encode(x="x:Q")
said = alt.Chart(rows).transform_filter(alt.datum.x > limit)
live.figure("lv-a-b", question="How many?", sliders=[limit], chart=chart,
            said=said.transform_aggregate(n="count()"), says="{n}",
            found="Fewer.", picture="Dots.")
"""


@pytest.mark.parametrize(
    ("old", "new", "passes"),
    [("1", "1", True), ("2.5", "2.6", False), ("2.1234", "2.1235", True)],
)
def test_a_changed_row_fails_the_notebook_test(tmp_path, old, new, passes):
    """But not the last digit of what was computed."""
    path = tmp_path / "chapter.ipynb"
    shutil.copy(BOOK / "conftest.py", tmp_path)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE)])
    nbformat.write(notebook, path)
    assert execute.execute(path)
    text = path.read_text(encoding="utf-8")
    row = f"\\n{old}\\n"
    assert text.count(row) == 1
    path.write_text(text.replace(row, f"\\n{new}\\n"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:xdist"]
    command += ["-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == (0 if passes else 1), done.stdout
    assert passes or live.MIME in done.stdout
