"""Broken and rearranged notebooks: no crash, no undeserved point.

``make fuzz`` tries 2,000 of them (``FUZZ=2000``); ``make test`` a few.
"""

import json
import os

import nbformat
import pytest
import workers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from miniature import PARTLY, RIGHT, source_notebook
from nbgrader_apart import notebookfile, plan, submission
from nbgrader_apart.cells import grade_id
from nbgrader_apart.options import Role

pytestmark = pytest.mark.autograder

CASES = int(os.environ.get("FUZZ", 40))
FULL = {"left_after", "left_after_hidden", "highest", "highest_hidden"}
SOURCE = source_notebook()
RELEASED = {
    one.metadata.nbgrader.grade_id: one
    for one in SOURCE.cells
    if "nbgrader" in one.metadata
}


STUB = "raise NotImplementedError"
STUBS = dict.fromkeys(("left_after_solution", "highest_solution"), STUB)
for name in STUBS:
    RELEASED[name] = nbformat.from_dict(RELEASED[name] | {"source": STUB})
#: What a student wrote, and which tests that can pass at most.
ANSWERS = {
    "nothing": (STUBS, set()),
    "partly": (PARTLY, {"left_after", "highest"}),
    "right": (RIGHT, FULL),
}


@pytest.fixture(scope="module")
def worker():
    made = workers.Worker(
        plan.Plan(["import math"], dict.fromkeys(Role, ["math"])),
        0,
        workers.options(**workers.SHORT),
    )
    yield made
    made.close()


def handed_in(answers):
    """Return a hand-in as JSON."""
    notebook = nbformat.from_dict(SOURCE)
    for one in notebook.cells:
        name = grade_id(one)
        one.source = answers.get(name, one.source)
    return json.loads(nbformat.writes(notebook))


def change(draw, cells):
    """Do one thing to a list of cells that a student, an editor or a cheat may do."""
    if not cells:
        return
    place, other = (draw(st.integers(0, len(cells) - 1)) for _ in range(2))
    one = cells[place]
    kind = draw(st.sampled_from([*TO_THE_LIST, *TO_ONE_CELL]))
    if kind in TO_THE_LIST:
        TO_THE_LIST[kind](draw, cells, place, other)
    elif isinstance(one, dict):
        TO_ONE_CELL[kind](draw, one)


def drop(draw, cells, place, other):
    del cells[place]


def copy(draw, cells, place, other):
    cells.insert(other, json.loads(json.dumps(cells[place])))


def move(draw, cells, place, other):
    cells.insert(other, cells.pop(place))


def junk(draw, cells, place, other):
    cells[place] = draw(st.sampled_from([None, 3, "x", [], {}, {"cell_type": 7}]))


def retag(draw, one):
    tags = st.sampled_from([["skip-execution"], ["raises-exception"], "x", [0]])
    if isinstance(one.setdefault("metadata", {}), dict):
        one["metadata"]["tags"] = draw(tags)


def other_kind(draw, one):
    one["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw", "x", None]))


def corrupt(draw, one):
    texts = ["", "pass", "def (", "%%bash\ntrue", "\0", "\ud800"]
    text = draw(st.sampled_from(texts))
    one["source"] = draw(st.sampled_from([text, [text], None, 5]))


def attach(draw, one):
    odd = [5, {"a.png": 5}, {"a.png": {"image/png": 7}}, {"a.png": {}}]
    one |= {"cell_type": "markdown", "attachments": draw(st.sampled_from(odd))}


def points(draw, one):
    note = one.get("metadata", {}).get("nbgrader")
    if isinstance(note, dict):
        note |= {"points": 99, "grade": False, "locked": False, "solution": True}


def relabel(draw, one):
    note = one.get("metadata", {}).get("nbgrader")
    if isinstance(note, dict):
        note["grade_id"] = draw(st.sampled_from([*RELEASED, "", "new", 5, None]))


def grab(draw, one):
    one["metadata"] = draw(st.sampled_from([{}, {"nbgrader": {}}, {"nbgrader": 1}]))


TO_THE_LIST = {one.__name__: one for one in (drop, copy, move, junk)}
TO_ONE_CELL = {
    one.__name__: one
    for one in (retag, other_kind, corrupt, attach, points, relabel, grab)
}


@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(st.data())
def test_a_changed_notebook_wins_no_point_and_stops_nothing(worker, data):
    who = data.draw(st.sampled_from(sorted(ANSWERS)))
    answers, deserved = ANSWERS[who]
    content = handed_in(answers)
    for _ in range(data.draw(st.integers(1, 5))):
        change(data.draw, content["cells"])
    text = json.dumps(content)
    if data.draw(st.integers(0, 9)) == 0:
        text = text[: data.draw(st.integers(0, len(text)))]
    try:
        cells = notebookfile.parse(text.encode())
    except notebookfile.Unreadable as error:
        assert "\n" not in str(error)
        cells = ()
    restored = submission.restore(cells, RELEASED).cells
    for number, one in enumerate(restored):
        one.id = f"cell-{number}"
    nbformat.validate(nbformat.v4.new_notebook(cells=restored), relax_add_props=True)
    named = [grade_id(one) for one in restored if one.cell_type == "code"]
    outputs = worker.run(plan.code_cells(restored), {})
    passed = {
        name
        for name, shown in zip(named, outputs, strict=True)
        if name in FULL and not any(o["output_type"] == "error" for o in shown)
    }
    assert named.count("left_after_hidden") == 1  # every test is there, once
    assert passed <= deserved
