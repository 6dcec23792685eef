"""nbgrader's own commands on a class with every kind of hand-in, graded both ways."""

import csv
import hashlib
import re

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT

FULL = {"left_after": 1, "left_after_hidden": 2, "highest": 1, "highest_hidden": 1}
NONE = dict.fromkeys(FULL, 0)

UNREADABLE = {
    "pdf": "not UTF-8",
    "nothing": "is empty",
    "cut_off": "not JSON",
    "utf16": "not UTF-8",
    "data": "not a notebook",
    "format5": "notebook format 5",
}
READABLE = {
    "right",
    "partly",
    "untouched",
    "warns",
    "deletes",
    "skips",
    "relabels",
    "copies",
    "future_schema",
    "misnamed",
}
#: Answered the free text.
WROTE = READABLE - {"partly", "untouched", "skips", "relabels"}


def points(scores):
    return {name: scores[name] for name in FULL}


@pytest.mark.parametrize(
    "student, expected",
    [
        ("right", FULL),
        ("partly", {**NONE, "left_after": 1, "highest": 1}),
        ("untouched", NONE),
        ("warns", FULL),  # a warning is not a failed test
        ("copies", FULL),
        ("future_schema", FULL),
        ("misnamed", FULL),
    ],
)
def test_each_hand_in_gets_its_points(graded_class, student, expected):
    assert points(graded_class.scores[student]) == expected


@pytest.mark.parametrize("student", ["skips", "relabels"])
def test_tags_and_relabelled_tests_win_nothing(graded_class, student):
    assert points(graded_class.scores[student]) == NONE


def test_deleted_cells_come_back(graded_class):
    # The setup cell and the tests count again; the deleted answer is a stub again.
    expected = {**NONE, "left_after": 1, "left_after_hidden": 2}
    assert points(graded_class.scores["deletes"]) == expected
    graded = graded_class.course.autograded("deletes")
    order = [
        one.metadata.nbgrader.grade_id
        for one in graded.cells
        if "nbgrader" in one.metadata
    ]
    source = nbformat.read(
        graded_class.course.folder / f"source/{MINI}/{MINI}.ipynb", as_version=4
    )
    assert order == [
        one.metadata.nbgrader.grade_id
        for one in source.cells
        if "nbgrader" in one.metadata
    ]
    assert "`setup`" in graded.cells[0].source  # the student is told


@pytest.mark.parametrize("student, reason", UNREADABLE.items())
def test_an_unreadable_file_costs_its_own_student_one_clear_line(
    graded_class, student, reason
):
    assert points(graded_class.scores[student]) == NONE
    closing = graded_class.printed.split("handed in")[1]
    lines = [line for line in closing.splitlines() if line.split()[:1] == [student]]
    assert len(lines) == 1
    assert reason in lines[0]
    feedback = graded_class.course.folder / f"feedback/{student}/{MINI}/{MINI}.html"
    assert reason in feedback.read_text()


def test_no_notebook_at_all_is_named_too(graded_class):
    assert re.search("word +handed in no notebook, but mini.docx", graded_class.printed)
    assert "word" not in graded_class.scores


def test_no_hand_in_stops_the_run_or_prints_a_traceback(graded_class):
    assert "Traceback" not in graded_class.printed
    assert set(graded_class.scores) == READABLE | set(UNREADABLE)


def test_closing_table_counts_everybody(graded_class):
    closing = graded_class.printed[graded_class.printed.rindex(f"{MINI}: ") :]
    counts = [
        int(n) for n in re.findall(r"^ *(\d+) (?:graded,|of|could)", closing, re.M)
    ]
    everybody = len(READABLE) + len(UNREADABLE) + 1
    assert f"{everybody} handed in" in closing
    assert counts == [len(READABLE), len(WROTE), len(UNREADABLE) + 1]


def test_closing_table_gives_the_mean_share_of_each_task(graded_class):
    closing = graded_class.printed[graded_class.printed.rindex("mean share") :]
    for task, tests in {
        "left_after": ["left_after", "left_after_hidden"],
        "highest": ["highest", "highest_hidden"],
    }.items():
        full = sum(FULL[name] for name in tests)
        shares = [
            sum(graded_class.scores[student][name] for name in tests) / full
            for student in READABLE
        ]
        mean = sum(shares) / len(shares)
        assert re.search(rf"{task} +{full} +{mean:.0%}", closing)


def test_free_text_waits_for_a_grader_only_where_there_is_one(graded_class):
    with graded_class.course.gradebook() as gradebook:
        waiting = {
            one.student.id
            for one in gradebook.assignment_submissions(MINI)
            if one.needs_manual_grade
        }
    assert waiting == WROTE


def test_feedback_exists_and_shows_no_hidden_test(graded_class):
    folder = graded_class.course.folder / "feedback"
    for student in READABLE:
        page = (folder / student / MINI / f"{MINI}.html").read_text()
        assert "left_after(38" not in page and "HIDDEN" not in page, student
    # The message of a failed hidden test is for the student.
    assert "secret message" in (folder / "partly" / MINI / f"{MINI}.html").read_text()


def test_export_holds_the_totals(graded_class):
    with open(graded_class.course.folder / "grades.csv") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(graded_class.scores)
    for student, scores in graded_class.scores.items():
        row = rows[student]
        assert float(row["raw_score"] or 0) == sum(scores.values())
        if student in WROTE:
            expected = ("not yet marked by hand", "")
        elif student in READABLE:  # a text that was not written has 0 points
            expected = ("marked", str(float(row["raw_score"])))
        else:
            expected = ("not readable", "")
        assert (row["status"], row["score"]) == expected, student
        assert float(rows[student]["max_score"]) == 9


def test_what_students_handed_in_is_untouched(graded_class):
    folder = graded_class.course.folder
    inbound = folder / "exchange/immune-modulators/inbound"
    for sent in inbound.glob("*/mini*"):
        student = sent.parent.name.split("+")[0]
        kept = folder / "submitted" / student / MINI / sent.name
        digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (sent, kept)]
        assert digests[0] == digests[1], student


def test_grades_survive_regrading_and_bad_resubmissions(new_course):
    """One course through a term: manual grade, re-run, resubmissions."""
    course = new_course
    course.hand_in("ada", course.filled(RIGHT))
    course.hand_in("ben", course.filled(PARTLY))
    course.grade()
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("judge", MINI, MINI, "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment("judge", MINI, MINI, "ada").manual_comment = "Good."
        gradebook.db.commit()

    course.grade("--force")
    assert course.scores()["ada"] == {**FULL, "judge": 3}

    # A readable resubmission counts, for its own student.
    course.hand_in("ben", course.filled(RIGHT))
    course.grade()
    assert points(course.scores()["ben"]) == FULL
    assert course.scores()["ada"] == {**FULL, "judge": 3}

    # An unreadable one changes no mark, and says so.
    course.hand_in("ada", b"oops")
    printed = course.grade()
    assert course.scores()["ada"] == {**FULL, "judge": 3}
    assert "ada: the marks on record stay" in printed
    assert "not JSON" in printed
    with course.gradebook() as gradebook:
        comment = gradebook.find_comment("judge", MINI, MINI, "ada")
        assert comment.manual_comment == "Good."

    # Grading again what is graded already does nothing.
    before = course.scores()
    course.grade()
    assert course.scores() == before


def test_a_class_of_unreadable_files_only(new_course):
    new_course.hand_in("ada", b"")
    printed = new_course.grade()
    assert "0 graded" in printed and "mini.ipynb is empty" in printed


def test_unknown_assignment_is_one_line(new_course):
    printed = new_course.run("autograde", "nonsense", status=1)
    assert "Traceback" not in printed
    assert "nonsense" in printed
