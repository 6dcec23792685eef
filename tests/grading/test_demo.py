"""The synthetic class that an instructor lets hand in before a real one does."""

import pytest
from demo_class import STUDENTS, graded, scores
from term import demo
from term.command import CommandError

__all__ = ["graded", "scores"]


def test_the_demo_leaves_grades_feedback_and_a_chart(graded, scores):
    assert len(scores) == STUDENTS  # the broken one too
    assert scores["s01"] == 27  # all but the free text, which a person grades
    assert scores["s08"] == 0  # handed in as it was handed out
    assert scores["s09"] == 0  # cut off
    partly = [scores[f"s{number:02d}"] for number in range(2, 8)]
    assert 0 < min(partly) < max(partly) <= 27
    pages = {path.parts[-3] for path in graded.glob("feedback/*/metrics/metrics.html")}
    assert pages == set(scores)
    chart = (graded / "scores.png").read_bytes()
    assert chart.startswith(b"\x89PNG") and len(chart) > 10_000


def test_the_demo_refuses_a_folder_that_it_did_not_make(tmp_path):
    (tmp_path / "gradebook.db").write_text("real grades")
    with pytest.raises(CommandError, match="was not made by"):
        demo.run(tmp_path)
    assert (tmp_path / "gradebook.db").read_text() == "real grades"


def test_the_demo_class_is_the_same_each_time(graded):
    first, second = (dict(demo.hand_ins(graded, STUDENTS)) for _ in range(2))
    assert first == second
