"""A figure is kept as a drawing that is the same everywhere, with its numbers."""

import base64
import csv
import io
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from course import execute, picture, style
from notebooks import BOOK
from PIL import Image

MANY = 2 * picture.MANY


@pytest.fixture(autouse=True)
def clean_style():
    with mpl.rc_context(mpl.rcParamsDefault):
        mpl.use("Agg")
        style.use()
        yield
        plt.close("all")


@pytest.fixture
def axes():
    return plt.subplots()[1]


def rows(figure):
    """Return the table of a figure: one dictionary for each row."""
    return list(csv.DictReader(io.StringIO(picture.table(figure))))


def elements(drawing, name):
    return ET.fromstring(drawing).findall(f".//{{http://www.w3.org/2000/svg}}{name}")


# -- the drawing


def test_a_drawing_is_the_same_each_time_and_tells_nothing_of_the_machine(axes):
    axes.plot([1, 2, 3], [1, 4, 9], "o-", label="rise")
    axes.legend()
    first = picture.svg(axes.figure)
    assert picture.svg(axes.figure) == first
    assert not re.search("matplotlib|[0-9]{4}-[0-9]{2}|<metadata|<!--", first)
    assert (
        max(map(len, re.findall(r"\.(\d+)", re.sub("f[0-9a-f]{6}-", "", first)))) <= 2
    )


def test_text_stays_text_and_the_size_is_that_of_a_page(axes):
    axes.set(xlabel="Week", ylabel="CRP (mg/L)")
    drawing = picture.svg(axes.figure)
    said = ["".join(text.itertext()) for text in elements(drawing, "text")]
    assert {"Week", "CRP (mg/L)"} <= set(said)
    root = ET.fromstring(drawing)
    width = float(root.get("viewBox").split()[2])
    assert float(root.get("width")) == pytest.approx(width / 72 * 110, abs=1)


def test_colours_stay_what_they_are(axes):
    """One that reads as a number, 009 × 10⁷³, too."""
    for place, colour in enumerate([style.GREEN, style.BLUE, "#6e6e6e", "#1e5000"]):
        axes.plot([0, 1], [place, 2], color=colour)
    drawn = re.findall(r"(?:stroke|fill): (#[^;\"]+)", picture.svg(axes.figure))
    assert {style.GREEN, style.BLUE, "#6e6e6e", "#1e5000"} <= set(drawn)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in drawn)


def test_names_are_those_that_are_used_and_each_figure_has_its_own():
    drawings = []
    for shift in (0, 1):
        fig, ax = plt.subplots()
        ax.plot([0, 1], [shift, 2], "o")
        drawings.append(picture.svg(fig))
    names = [set(re.findall(r' id="([^"]+)"', one)) for one in drawings]
    for drawing, some in zip(drawings, names, strict=True):
        assert some == set(re.findall(r'(?:url\(#|href="#)([^")]+)', drawing))
    assert names[0] and not names[0] & names[1]


def test_a_cloud_is_a_picture_and_the_rest_of_the_figure_is_not(axes):
    x = np.random.default_rng(1).normal(size=MANY)
    axes.scatter(x, x**2)
    axes.scatter(x[:10], x[:10])
    axes.plot([0, 1], [0, 1])
    drawing = picture.svg(axes.figure)
    assert len(elements(drawing, "image")) == 1
    assert len(drawing) < 40_000
    assert elements(drawing, "text") and len(elements(drawing, "use")) >= 10
    assert not any(one.get_rasterized() for one in axes.collections)


# -- the numbers


def test_a_table_has_lines_and_points_by_the_names_of_axes_and_legend(axes):
    axes.plot([0, 2], [10, 12.5], label="treated", color=style.BLUE)
    axes.plot([1], [7], "o", label="one reading")
    axes.axhline(5, label="limit")
    axes.set(xlabel="Week", ylabel="CRP\n(mg/L)")
    made = rows(axes.figure)
    assert made[0] == {
        "series": "treated",
        "drawn as": "line",
        "colour": style.BLUE,
        "Week": "0",
        "CRP (mg/L)": "10",
    }
    told = [(one["series"], one["drawn as"], one["CRP (mg/L)"]) for one in made[1:]]
    assert told == [
        ("treated", "line", "12.5"),
        ("one reading", "points", "7"),
        ("limit", "reference line", "5"),
    ]


def test_a_table_has_bars_by_their_words_and_bins_by_their_ends():
    fig, (left, right) = plt.subplots(1, 2)
    left.barh(["drug", "placebo"], [3, 4])
    left.set(xlabel="Events", title="Counts")
    right.hist([0.5, 1.5, 1.6], bins=[0, 1, 2])
    right.set(xlabel="Days", ylabel="People")
    made = rows(fig)
    bars = [one for one in made if one["panel"] == "Counts"]
    assert [(one["y"], one["Events"]) for one in bars] == [
        ("drug", "3"),
        ("placebo", "4"),
    ]
    bins = [one for one in made if one["panel"] == "2"]
    ends = [(one["Days, from"], one["Days, to"], one["People"]) for one in bins]
    assert ends == [("0", "1", "1"), ("1", "2", "2")]


def test_a_table_has_intervals_bands_and_stacked_bars():
    fig, axes = plt.subplots(1, 3)
    axes[0].errorbar([1, 2], [5, 6], yerr=[[1, 1], [2, 3]], label="mean")
    axes[1].fill_between([0, 1], [1, 2], [3, 5], label="range")
    axes[2].bar([0], [2])
    axes[2].bar([0], [3], bottom=[2])
    axes[2].set_xticks([0], ["week 1"])
    for ax, name in zip(axes, "abc", strict=True):
        ax.set(title=name, ylabel=f"y of {name}")
    made = {name: [r for r in rows(fig) if r["panel"] == name] for name in "abc"}
    ends = [
        [(r[f"y of {n}, from"], r[f"y of {n}, to"]) for r in made[n]] for n in "abc"
    ]
    assert ends == [
        [("4", "7"), ("5", "9")],
        [("1", "3"), ("2", "5")],
        [("0", "2"), ("2", "5")],
    ]
    assert [r["y of a"] for r in made["a"]] == ["5", "6"]
    assert {r["x"] for r in made["c"]} == {"week 1"}


def test_a_table_has_every_point_of_a_cloud(axes):
    x = np.random.default_rng(1).normal(size=MANY)
    axes.scatter(x, 3 * x)
    axes.set_xlabel("reading")
    read = [float(one["reading"]) for one in rows(axes.figure)]
    assert read == pytest.approx(x.tolist(), abs=1e-3)


def test_a_diagram_has_no_table(axes):
    axes.annotate("IL-6", (0.5, 0.5), (0, 0), arrowprops={"arrowstyle": "->"})
    axes.axis("off")
    assert picture.table(axes.figure) == ""
    assert list(picture.bundle(axes.figure)) == ["image/svg+xml", "image/png"]


def test_who_may_see_no_drawing_has_a_picture_of_the_same_size(axes):
    axes.plot([1, 2, 3], [1, 4, 9])
    kept = picture.bundle(axes.figure)
    with Image.open(io.BytesIO(base64.b64decode(kept["image/png"]))) as shown:
        root = ET.fromstring(kept["image/svg+xml"])
        assert shown.width == pytest.approx(float(root.get("width")), abs=2)
        assert min(shown.convert("RGB").getpixel((0, 0))) >= 250  # white
        assert len(shown.convert("RGB").getcolors(4096)) > 10


# -- what nbval compares

SOURCE = """\
import matplotlib.pyplot as plt
import numpy as np
from course import style
style.use()
y = np.arange(400.0) % 17
y[200] += {more}
plt.plot(y, "o-", label="{label}", color="{color}")
plt.legend()
plt.show()
"""
PLAIN = {"more": 0, "label": "people", "color": "#0072b2"}


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({"more": 1e-7}, True),
        ({"more": 0.5}, False),
        ({"label": "person"}, False),
        ({"color": "#0072b3"}, False),
    ],
    ids=["a last digit", "one row of 400", "a word", "a colour"],
)
def test_what_is_drawn_is_compared_and_last_digits_are_not(tmp_path, change, passes):
    path = tmp_path / "chapter.ipynb"
    shutil.copy(BOOK / "conftest.py", tmp_path)
    cell = nbformat.v4.new_code_cell(SOURCE.format(**PLAIN))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    assert execute.execute(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = SOURCE.format(**PLAIN | change)
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:xdist"]
    command += ["-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == (0 if passes else 1), done.stdout
