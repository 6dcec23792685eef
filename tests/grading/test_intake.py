"""What is read from a hand-in, file by file, without a run of nbgrader."""

import json

import miniature
import nbformat
import pytest
from nbgrader_apart import feedback, notebookfile, submission
from nbgrader_apart.notebookfile import CellHandedIn

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {
            "cell_type": "code",
            "source": ["x = 1\n", "y = 2"],
            "metadata": {"nbgrader": {"grade_id": "a"}, "tags": ["skip-execution"]},
            "outputs": [{"output_type": "nonsense"}],
        }
    ],
}


def parse(content):
    """Read the cells of a file with this content: bytes, or what is written as JSON."""
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    return notebookfile.parse(content)


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x89PNG\r\n", "not UTF-8 text (byte 1)"),
        (b'{"cells": [', "not JSON, line 1"),
        (b"[" * 200_000, "nested too deeply"),
        (b"3", "names no nbformat"),
        ({"cells": []}, "names no nbformat"),
        ({"nbformat": "4", "cells": []}, "names no nbformat"),
        ({"nbformat": 4}, "no list of cells"),
        ({"nbformat": 4, "cells": {}}, "no list of cells"),
        ({"nbformat": 5, "cells": []}, "notebook format 5"),
        ({"nbformat": 3, "worksheets": 7}, "old notebook format 3"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_notebook_is_refused_with_its_reason(content, reason):
    with pytest.raises(notebookfile.Unreadable) as refused:
        parse(content)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_only_kind_text_and_grade_id_are_taken():
    assert parse(NOTEBOOK) == (CellHandedIn("code", "x = 1\ny = 2", "a"),)


def test_what_can_be_read_is_read():
    text = json.dumps(NOTEBOOK)
    assert len(parse(b"\xef\xbb\xbf" + text.encode())) == 1

    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "input": "x = 1",
                        "language": "python",
                        "metadata": {"nbgrader": {"grade_id": "a"}},
                        "outputs": [],
                    }
                ],
            }
        ],
    }
    (cell,) = parse(old)
    assert (cell.source, cell.grade_id) == ("x = 1", "a")

    odd = {
        "nbformat": 4,
        "cells": [
            "no cell",
            {"cell_type": "chart", "source": None},
            {"cell_type": "code", "source": "'\ud83d'", "metadata": {"nbgrader": "?"}},
        ],
    }
    raw, code = parse(odd)
    assert (raw.cell_type, raw.source) == ("raw", "")
    code.source.encode()  # can be written to a file


def test_nothing_is_taken_that_no_file_can_hold():
    half = "\ud83d"
    cell = {
        "cell_type": "markdown",
        "source": half,
        "metadata": {"nbgrader": {"grade_id": half}},
        "attachments": {f"{half}.png": {f"image/{half}": half}},
    }
    (found,) = parse({"nbformat": 4, "cells": [cell]})
    assert found.attachments == {"?.png": {"image/?": "?"}}
    assert (found.source, found.grade_id) == ("?", "?")


def test_pictures_pasted_into_an_answer_are_kept():
    picture = {"plot.png": {"image/png": "iVBORw0KGgo="}}
    junk = {"a.png": 5, "b.png": {"image/png": 7}, "c.png": {"a": {"b": "c"}}}
    content = {
        "nbformat": 4,
        "cells": [
            {
                "cell_type": "markdown",
                "source": "![](attachment:plot.png)",
                "attachments": picture | junk,
                "metadata": {"nbgrader": {"grade_id": "text"}},
            }
        ],
    }
    released = {"text": nbformat.v4.new_markdown_cell("Write here.")}
    released["text"].metadata.nbgrader = {"grade_id": "text", "locked": False}
    released["text"].metadata = nbformat.from_dict(released["text"].metadata)
    restored = submission.restore(parse(content), released)
    assert restored.cells[0].attachments == picture
    assert restored.missing == []


def released(*grade_ids, locked=()):
    cells = {}
    for name in grade_ids:
        cells[name] = nbformat.v4.new_code_cell(f"released {name}")
        cells[name].metadata = nbformat.from_dict(
            {"nbgrader": {"grade_id": name, "locked": name in locked}}
        )
    return cells


def student(*cells):
    return [CellHandedIn("code", source, grade_id) for source, grade_id in cells]


def told(restored):
    return [
        (cell.source, cell.metadata.get("nbgrader", {}).get("grade_id"))
        for cell in restored.cells
    ]


def test_missing_cells_go_behind_their_predecessors():
    restored = submission.restore(
        student(("mine", None), ("b here", "b"), ("helper", None), ("d here", "d")),
        released("a", "b", "c", "d", "e"),
    )
    assert restored.missing == ["a", "c", "e"]
    assert told(restored) == [
        ("released a", "a"),
        ("mine", None),
        ("b here", "b"),
        ("released c", "c"),
        ("helper", None),
        ("d here", "d"),
        ("released e", "e"),
    ]


def test_of_copies_the_last_counts_and_locked_text_is_restored():
    restored = submission.restore(
        student(("first", "a"), ("second", "a"), ("cheat", "test"), ("new", "unknown")),
        released("a", "test", locked=("test",)),
    )
    assert restored.missing == []
    assert told(restored) == [
        ("first", None),
        ("second", "a"),
        ("released test", "test"),
        ("new", None),
    ]


def test_an_empty_notebook_becomes_the_assignment_as_handed_out():
    restored = submission.restore([], released("a", "b"))
    assert restored.missing == ["a", "b"]
    assert told(restored) == [("released a", "a"), ("released b", "b")]


def test_hidden_tests_leave_no_trace_in_feedback():
    source = "### BEGIN HIDDEN TESTS\nassert f(7) == 49\n### END HIDDEN TESTS"
    cell = miniature.cell("code", source, "f_hidden", 2)
    cell.outputs = [
        nbformat.v4.new_output("stream", text="f was called with 7"),
        nbformat.v4.new_output(
            "error",
            ename="AssertionError",
            evalue="the sign is reversed",
            traceback=["----> 1 assert f(7) == 49"],
        ),
    ]
    cell, _ = feedback.HideHiddenTests().preprocess_cell(cell, {}, 0)
    assert "7" not in json.dumps([cell.source, cell.outputs])
    assert "the sign is reversed" in cell.outputs[0].traceback[0]
