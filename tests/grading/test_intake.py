"""What is read from a hand-in, file by file, without a run of nbgrader."""

import json

import nbformat
import pytest
from nbgrader_apart import intake

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


def written(tmp_path, content):
    path = tmp_path / "work.ipynb"
    path.write_bytes(
        content if isinstance(content, bytes) else json.dumps(content).encode()
    )
    return path


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
def test_what_is_no_notebook_is_refused_with_its_reason(tmp_path, content, reason):
    with pytest.raises(intake.Unreadable) as refused:
        intake.read_cells(written(tmp_path, content))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_links_folders_and_large_files_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path, NOTEBOOK)
    (tmp_path / "link.ipynb").symlink_to(path)
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("link.ipynb", "folder.ipynb", "missing.ipynb"):
        with pytest.raises(intake.Unreadable, match="hand in the file itself"):
            intake.read_cells(tmp_path / name)
    monkeypatch.setattr(intake, "MAX_MEGABYTES", 0.0001)
    with pytest.raises(intake.Unreadable, match="larger than"):
        intake.read_cells(path)


def test_only_kind_text_and_grade_id_are_taken(tmp_path):
    (cell,) = intake.read_cells(written(tmp_path, NOTEBOOK))
    assert cell.source == "x = 1\ny = 2"
    assert cell.metadata == {"grade_id": "a"}
    assert cell.outputs == []


def test_what_can_be_read_is_read(tmp_path):
    text = json.dumps(NOTEBOOK)
    assert (
        len(intake.read_cells(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))) == 1
    )

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
    (cell,) = intake.read_cells(written(tmp_path, old))
    assert (cell.source, cell.metadata.grade_id) == ("x = 1", "a")

    odd = {
        "nbformat": 4,
        "cells": [
            "no cell",
            {"cell_type": "chart", "source": None},
            {"cell_type": "code", "source": "'\ud83d'", "metadata": {"nbgrader": "?"}},
        ],
    }
    raw, code = intake.read_cells(written(tmp_path, odd))
    assert (raw.cell_type, raw.source) == ("raw", "")
    code.source.encode()  # can be written to a file


def test_pictures_pasted_into_an_answer_are_kept(tmp_path):
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
    cells, missing = intake.restore(
        intake.read_cells(written(tmp_path, content)), released
    )
    assert cells[0].attachments == picture
    assert missing == []


def released(*grade_ids, locked=()):
    cells = {}
    for name in grade_ids:
        cells[name] = nbformat.v4.new_code_cell(f"released {name}")
        cells[name].metadata = nbformat.from_dict(
            {"nbgrader": {"grade_id": name, "locked": name in locked}}
        )
    return cells


def student(*cells):
    made = []
    for source, grade_id in cells:
        made.append(nbformat.v4.new_code_cell(source))
        if grade_id:
            made[-1].metadata.grade_id = grade_id
    return made


def told(cells):
    return [
        (cell.source, cell.metadata.get("nbgrader", {}).get("grade_id"))
        for cell in cells
    ]


def test_missing_cells_go_behind_their_predecessors():
    cells, missing = intake.restore(
        student(("mine", None), ("b here", "b"), ("helper", None), ("d here", "d")),
        released("a", "b", "c", "d", "e"),
    )
    assert missing == ["a", "c", "e"]
    assert told(cells) == [
        ("released a", "a"),
        ("mine", None),
        ("b here", "b"),
        ("released c", "c"),
        ("helper", None),
        ("d here", "d"),
        ("released e", "e"),
    ]


def test_of_copies_the_last_counts_and_locked_text_is_restored():
    cells, missing = intake.restore(
        student(("first", "a"), ("second", "a"), ("cheat", "test"), ("new", "unknown")),
        released("a", "test", locked=("test",)),
    )
    assert missing == []
    assert told(cells) == [
        ("first", None),
        ("second", "a"),
        ("released test", "test"),
        ("new", None),
    ]


def test_an_empty_notebook_becomes_the_assignment_as_handed_out():
    cells, missing = intake.restore([], released("a", "b"))
    assert missing == ["a", "b"]
    assert told(cells) == [("released a", "a"), ("released b", "b")]


def test_hidden_tests_leave_no_trace_in_feedback():
    (cell,) = student(
        ("### BEGIN HIDDEN TESTS\nassert f(7) == 49\n### END HIDDEN TESTS", None)
    )
    cell.outputs = [
        nbformat.v4.new_output("stream", text="f was called with 7"),
        nbformat.v4.new_output(
            "error",
            ename="AssertionError",
            evalue="the sign is reversed",
            traceback=["----> 1 assert f(7) == 49"],
        ),
    ]
    cell, _ = intake.HideHiddenTests().preprocess_cell(cell, {}, 0)
    assert "7" not in json.dumps([cell.source, cell.outputs])
    assert "the sign is reversed" in cell.outputs[0].traceback[0]
