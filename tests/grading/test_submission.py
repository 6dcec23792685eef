"""From the files that a student handed in to one plain object."""

import datetime
import json
import random
import tracemalloc

import nbformat
import pytest
from miniature import RIGHT, source_notebook
from nbgrader_apart import notebookfile, submission
from nbgrader_apart.notebookfile import CellHandedIn, Unreadable

NOTEBOOK = nbformat.writes(source_notebook()).encode()


@pytest.fixture
def hand_in(tmp_path):
    folder = tmp_path / "ada" / "mini"
    folder.mkdir(parents=True)
    return folder


def read(hand_in, **options):
    base = hand_in.parents[1]
    return submission.read(base, "ada", "mini", ["mini"], **options)


def refused(found):
    return {refusal.name: refusal.reason for refusal in found.refused}


def test_an_honest_hand_in(hand_in):
    (hand_in / "mini.ipynb").write_bytes(NOTEBOOK)
    (hand_in / "helper.py").write_bytes(b"x = 1")
    (hand_in / "timestamp.txt").write_text("2026-03-02 12:00:00.000000 UTC")
    found = read(hand_in)
    assert found.notebooks["mini"].problem is None
    assert len(found.notebooks["mini"].cells) == len(source_notebook().cells)
    assert found.files == {"helper.py": b"x = 1"}
    assert found.timestamp == datetime.datetime(2026, 3, 2, 12)
    assert found.refused == ()


def test_it_cannot_be_changed_after_it_was_read(hand_in):
    with pytest.raises(AttributeError):
        read(hand_in).student = "ben"


@pytest.mark.parametrize(
    "stamp",
    [
        b"yesterday",
        b"9" * 5_000,
        b"99999-01-01",
        b"2026-13-45 99:99",
        b"2026-03-02 12:00:00 ../../../etc/passwd",
        b"2026-03-02 12:00:00 /etc/localtime",
        b"\xff\xfe",
    ],
)
def test_an_odd_time_stamp_is_no_time_stamp(hand_in, stamp):
    (hand_in / "mini.ipynb").write_bytes(NOTEBOOK)
    (hand_in / "timestamp.txt").write_bytes(stamp)
    found = read(hand_in)
    assert found.notebooks["mini"].problem is None
    assert found.timestamp is None
    assert refused(found) == {"timestamp.txt": "holds no time that can be read"}


@pytest.mark.parametrize(
    "stamp, hour",
    [
        ("2026-03-02 12:00:00.000000 UTC", 12),
        ("2026-03-02 12:00:00", 12),
        ("2026-03-02T12:00:00+02:00", 10),
        ("2026-03-02 12:00:00.1 CET\n", 11),
        ("2026-03-02 12:00:00 +0100", 11),
    ],
)
def test_usual_time_stamps_are_read(stamp, hour):
    found = submission.parse_timestamp(stamp.encode())
    assert (found.day, found.hour) == (2, hour)


def test_a_missing_or_empty_time_stamp_is_nothing_to_complain_of(hand_in):
    assert read(hand_in).refused == ()
    (hand_in / "timestamp.txt").touch()
    assert read(hand_in).refused == ()


def test_a_notebook_under_another_name_takes_the_place_of_a_missing_one(hand_in):
    (hand_in / "mini (1).ipynb").write_bytes(NOTEBOOK)
    (hand_in / "scratch.ipynb").write_text('{"nbformat": 4, "cells": []}')
    found = read(hand_in)
    assert found.notebooks["mini"].file == "mini (1).ipynb"
    (hand_in / "mini.ipynb").write_bytes(NOTEBOOK)
    assert read(hand_in).notebooks["mini"].file == "mini.ipynb"


def test_a_link_to_the_solution_takes_no_place(hand_in):
    (hand_in / "solution.ipynb").write_bytes(NOTEBOOK)
    (hand_in / "solution.ipynb").rename(hand_in.parents[1] / "solution.ipynb")
    (hand_in / "mini (1).ipynb").symlink_to(hand_in.parents[1] / "solution.ipynb")
    found = read(hand_in)
    assert found.notebooks == {}
    assert refused(found) == {"mini (1).ipynb": "is a link"}
    (hand_in / "mini.ipynb").symlink_to(hand_in.parents[1] / "solution.ipynb")
    assert read(hand_in).notebooks["mini"].cells == ()
    assert "is a link: hand in the file" in read(hand_in).notebooks["mini"].problem


def test_a_folder_named_like_the_notebook_is_an_unreadable_notebook(hand_in):
    (hand_in / "mini.ipynb").mkdir()
    (hand_in / "mini.ipynb" / "a.csv").touch()
    found = read(hand_in)
    assert found.notebooks["mini"].problem == "is a folder: hand in the file itself"
    assert found.files == {}


def test_the_instructors_files_come_first(hand_in):
    for name in ("data.csv", "own.csv", "sub", "big.csv/part.csv"):
        path = hand_in / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"student")
    found = read(hand_in, reserved=["data.csv", "sub/table.csv", "big.csv"])
    assert found.files == {"own.csv": b"student"}
    assert set(refused(found)) == {"sub", "big.csv/part.csv"}


@pytest.mark.parametrize("name", [submission.GRADED, "timestamp.txt", "refused.txt"])
def test_a_folder_under_a_name_of_the_gradings_is_left_out(hand_in, name):
    (hand_in / "mini.ipynb").write_bytes(NOTEBOOK)
    (hand_in / name).mkdir()
    (hand_in / name / "a.csv").touch()
    found = read(hand_in)
    assert found.notebooks["mini"].problem is None and found.files == {}
    assert list(refused(found)) == [f"{name}/a.csv"]


def test_what_was_refused_before_is_remembered(hand_in):
    (hand_in / "refused.txt").write_text(
        "data.csv\tis a link\nno tab here\n\x1b\t\x1b[2J"
    )
    found = read(hand_in)
    assert refused(found) == {"data.csv": "is a link", "\\x1b": "\\x1b[2J"}
    assert "refused.txt" not in found.files


def test_the_text_is_put_into_the_assignments_own_cells(hand_in):
    mine = source_notebook()
    for cell in mine.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = RIGHT.get(name, cell.source)
    del mine.cells[3]
    (hand_in / "mini.ipynb").write_bytes(nbformat.writes(mine).encode())
    released = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in source_notebook().cells
        if "nbgrader" in cell.metadata
    }
    restored = read(hand_in).restored("mini", released)
    assert restored.missing == ["left_after"]
    sources = [cell.source for cell in restored.cells]
    assert RIGHT["left_after_solution"] in sources
    assert released["left_after"].source in sources


# -- the file of a notebook


def notebook(**changes):
    return json.dumps({"nbformat": 4, "cells": [], **changes}).encode()


@pytest.mark.parametrize(
    "content, reason",
    [
        (notebook(cells=[{"source": ""}] * 2_001), "has 2001 cells"),
        (notebook(cells=[{"source": "x" * 5_000_001}]), "more than 5 MB of text"),
        (
            notebook(
                cells=[
                    {
                        "cell_type": "markdown",
                        "attachments": {"a": {"image/png": "A" * 25_000_001}},
                    }
                ]
            ),
            "MB of pasted pictures",
        ),
        (b'{"nbformat": 4, "cells": [' + b"[]," * 400_000, "too many parts"),
        (notebook(metadata=["ab"] * 1_100_000), "too many parts"),
        (b'"outputs":' + b"[" * 20_000_000, "too many parts"),
        (b'"outputs":[]' * 1_000_000, "too many parts"),
        (b'"widgets":{}' * 100_000, "too many parts"),
        (b'{"nbformat": ' + b"9" * 5_000 + b', "cells": []}', "names no nbformat"),
        (notebook(nbformat=True), "names no nbformat"),
    ],
    ids=[
        *("cells", "text", "pictures", "parts", "commas"),
        *("brackets", "outputs", "widgets", "format", "bool"),
    ],
)
def test_what_is_too_much_is_refused_with_a_reason(content, reason):
    with pytest.raises(Unreadable, match=reason):
        notebookfile.parse(content)


def old_notebook(*cells):
    return json.dumps({"nbformat": 3, "worksheets": [{"cells": [*cells]}]}).encode()


def test_an_old_notebook_costs_no_more_than_a_new_one():
    """What is not used of it is not converted; a heading's number is one."""
    code = {"cell_type": "code", "input": "x = 1", "outputs": [{}] * 50_000}
    mark = {"nbgrader": {"grade_id": "a"}}
    heading = {"cell_type": "heading", "level": 10**12, "source": "Title"}
    content = old_notebook(code, heading | {"metadata": mark})
    assert notebookfile.parse(content) == (
        CellHandedIn("code", "x = 1"),
        CellHandedIn("markdown", "# Title", "a"),
    )
    with pytest.raises(Unreadable, match="has 2001 cells"):
        notebookfile.parse(old_notebook(*[code | {"outputs": []}] * 2_001))
    second = old_notebook(heading | {"level": 2, "metadata": {}})
    assert notebookfile.parse(second) == (CellHandedIn("markdown", "## Title"),)


def test_long_numbers_elsewhere_harm_nobody():
    cells = b'[{"source": "x", "execution_count": ' + b"7" * 5_000 + b"}]"
    content = b'{"nbformat": 4, "nbformat_minor": 1e999, "cells": ' + cells + b"}"
    assert notebookfile.parse(content) == (CellHandedIn("raw", "x"),)


def test_a_large_honest_notebook_is_read():
    """A hundred large figures as data, four hundred cells, and the state of widgets."""
    figure = {"data": {"application/json": {"y": [0.123456789] * 30_000}}}
    cells = [
        {"cell_type": "code", "outputs": [figure] * (n < 100), "source": f"plot({n})"}
        for n in range(400)
    ]
    metadata = {"widgets": {"state": {f"{n}": {"layout": []} for n in range(200_000)}}}
    content = notebook(cells=cells, metadata=metadata)
    assert len(content) > 40_000_000
    found = notebookfile.parse(content)
    assert [cell.source for cell in found] == [f"plot({n})" for n in range(400)]


def test_outputs_take_no_memory():
    output = {"data": {"application/json": ["ab"] * 200_000}}
    content = notebook(cells=[{"outputs": [output], "source": "x"}])
    tracemalloc.start()
    try:
        assert notebookfile.parse(content) == (CellHandedIn("raw", "x"),)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(content)


PIECES = ["outputs", "widgets", '"outputs": [', "\\", '\\"', *"{[]}", "é", "\U0001f600"]


def drawn(draw, depth=0):
    """Return any JSON, full of what could be taken for something else."""
    kind = draw.random()
    if depth > 4 or kind < 0.4:
        return draw.choice([None, True, 1.5, "".join(draw.choices(PIECES, k=3))])
    values = [drawn(draw, depth + 1) for _ in range(draw.randint(0, 4))]
    if kind < 0.7:
        return values
    return {"".join(draw.choices(PIECES, k=draw.randint(0, 2))): v for v in values}


def without(value):
    if isinstance(value, list):
        return [without(one) for one in value]
    if not isinstance(value, dict):
        return value
    cut = {
        name
        for name in ("outputs", "widgets")
        if isinstance(value.get(name), (list, dict))
    }
    return {k: None if k in cut else without(v) for k, v in value.items()}


def test_nothing_but_outputs_and_widgets_is_cut():
    draw = random.Random(1)
    met = 0
    for _ in range(3_000):
        value = drawn(draw)
        text = json.dumps(
            value,
            ensure_ascii=draw.random() < 0.5,
            indent=draw.choice([None, 1]),
            separators=draw.choice([None, (",", ":"), (" , ", " : ")]),
        )
        got = json.loads(notebookfile._without_outputs(text.encode()))
        assert got == without(value)
        met += got != value
    assert met > 100


@pytest.mark.parametrize(
    "content",
    [b'\\"' * 2_000_000, b'"' * 2_000_000, b'"outputs":[' * 300_000]
    + [(b'"outputs"' + b" " * 2_000) * 1_000, b'{"cells":[{"outputs":["\\'],
    ids=["escapes", "quotes", "outputs", "spaces", "cut off"],
)
def test_no_file_is_looked_through_for_ever(content):
    with pytest.raises(Unreadable):
        notebookfile.parse(content + b" " * notebookfile.LARGE)
