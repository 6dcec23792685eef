"""Code that teaches is shown; from the first statement that draws on, it folds."""

import nbformat
import pytest
from small_books import build

from fold_code import drawing_starts

TEACHES = "share = before / after\nprint(share)"
DRAWS = "fig, ax = plt.subplots()\nax.plot(share)\nplt.show()"


@pytest.mark.parametrize(
    "source, start",
    [
        (TEACHES, None),
        (DRAWS, 0),
        (f"{TEACHES}\n{DRAWS}", 2),
        (f"{TEACHES}\n\n# The figure\n{DRAWS}", 3),
        ("import matplotlib.pyplot as plt\n" + TEACHES, None),
        ("def curve(ax, x):\n    ax.plot(x)", 0),
        ("for name in names:\n    axes[0].plot(name)", 0),
        ("text = 'plt.show()'", None),
        ("axis = 'ax'", None),
        ("%matplotlib inline\nplt.show()", None),
    ],
)
def test_where_a_cell_begins_to_draw(source, start):
    assert drawing_starts(source) == start


@pytest.fixture
def cells(tmp_path):
    """Build one notebook; return its page's folds: (summary, open, code)."""

    def folds(*cells):
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell("# One"),
                *(
                    nbformat.v4.new_code_cell(source, metadata={"tags": tags})
                    for source, tags in cells
                ),
            ]
        )
        (tmp_path / "one.ipynb").write_text(nbformat.writes(notebook))
        built = build(
            tmp_path,
            {"two": "# Two"},
            nb_execution_mode="off",
            html_static_path=[],
        )
        page = built.page("one")
        return [
            (
                part.summary.get_text(),
                part.has_attr("open"),
                part.select_one("pre").get_text().strip(),
            )
            for part in page.select("details.code-part")
        ]

    return folds


def test_a_cell_is_parted_where_it_begins_to_draw(cells):
    assert cells((f"{TEACHES}\n{DRAWS}", [])) == [
        ("Code", True, TEACHES),
        ("Code of the figure", False, DRAWS),
    ]


def test_a_hidden_cell_folds_whole_and_once(cells):
    assert cells(("import numpy as np", ["hide-cell"]), (TEACHES, ["hide-input"])) == [
        ("More code", False, "import numpy as np"),
        ("More code", False, TEACHES),
    ]


def test_a_removed_cell_stays_removed(cells):
    assert cells((DRAWS, ["remove-cell"]), (TEACHES, [])) == [("Code", True, TEACHES)]
