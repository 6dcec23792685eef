"""A gradebook in PostgreSQL, on a server that the test starts and stops."""

import shutil
from pathlib import Path

import pytest
from miniature import MINI, PARTLY, RIGHT, demo

pytestmark = pytest.mark.autograder


def test_a_class_is_graded_into_postgresql(handed_out, tmp_path, postgres, monkeypatch):
    from miniature import Course
    from nbgrader.api import Gradebook

    folder = Path(shutil.copytree(handed_out, tmp_path / "course"))
    settings = folder / "nbgrader_config.py"
    lines = settings.read_text().splitlines()
    kept = [line for line in lines if "db_url" not in line]  # the environment decides
    settings.write_text("\n".join(kept))
    (folder / "gradebook.db").unlink()
    monkeypatch.setenv("GRADEBOOK_URL", postgres)
    course = Course(folder)
    course.run("generate_assignment", MINI, "--force")
    course.hand_in("ada", course.filled(RIGHT))
    course.hand_in("ben", course.filled(PARTLY))
    course.grade()
    course.grade("--force")
    assert not (folder / "gradebook.db").exists()
    with Gradebook(postgres, course_id=demo.COURSE_ID) as gradebook:
        scores = {
            one.student.id: one.score for one in gradebook.assignment_submissions(MINI)
        }
    assert scores == {"ada": 5, "ben": 2}
