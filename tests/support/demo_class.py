"""A class that the demo has handed in and graded."""

import csv

import pytest
from term import demo

STUDENTS = 10


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of a graded demo course."""
    folder = tmp_path_factory.mktemp("class") / "demo"
    demo.run(folder, STUDENTS)
    return folder


@pytest.fixture(scope="module")
def scores(graded):
    with open(graded / "grades.csv") as file:
        rows = list(csv.DictReader(file))
    # The text that everybody wrote waits for a mark: these are the points so far.
    return {row["student_id"]: float(row["raw_score"] or 0) for row in rows}
