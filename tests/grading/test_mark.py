"""``term mark`` and ``term agree``: blind marking, and how far markers agree."""

import csv
import re

import nbformat
import numpy as np
import pytest
import runner
from miniature import MINI, RIGHT, Course, source_notebook
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from term import agree, mark, markinglog, rubric
from term.__main__ import main
from term.markinglog import Given

STUDENTS = {f"secret{n}": f"What student number {n} thinks." for n in range(4)}
RUBRIC = """### BEGIN SOLUTION
**A full answer** It is noise.

**Rubric in full**

Two elements.

1. *The size of noise.* With its unit.
2. *A way out*: measure twice.

- **4**: both.
- **2**: one.
- **0**: none.
### END SOLUTION"""


@pytest.fixture(scope="module")
def graded(handed_out, tmp_path_factory):
    """A course in which four free texts wait, with a rubric in its source."""
    import shutil

    folder = tmp_path_factory.mktemp("marking") / "course"
    course = Course(shutil.copytree(handed_out, folder))
    source = source_notebook()
    source.cells[-1].source = RUBRIC
    nbformat.write(source, folder / "source" / MINI / f"{MINI}.ipynb")
    for student, text in STUDENTS.items():
        course.hand_in(student, course.filled(RIGHT | {"judge": text + "\x1b[2J"}))
    course.hand_in("untouched", course.filled({}))
    course.grade()
    return folder


@pytest.fixture
def course(graded, tmp_path, monkeypatch):
    import shutil

    folder = shutil.copytree(graded, tmp_path / "course")
    monkeypatch.chdir(folder)
    return Course(folder)


def typed(monkeypatch, *lines):
    """Type these lines, then end the input."""
    waiting = list(lines)

    def ask(prompt):
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    monkeypatch.setattr(mark.Session.__init__, "__defaults__", (False, ask))
    return waiting


def run(*words):
    return main(["mark", MINI, *words])


def by_hand(course):
    with course.gradebook() as gradebook:
        found = {}
        for submission in gradebook.assignment_submissions(MINI):
            student = submission.student.id
            grade = gradebook.find_grade("judge", MINI, MINI, student)
            comment = gradebook.find_comment("judge", MINI, MINI, student)
            found[student] = (grade.manual_score, comment.manual_comment)
        return found


def test_marks_reach_the_gradebook_and_nobody_is_named(course, monkeypatch, capsys):
    answers = ["1 2", "4", "Good.", "2", "2,5", "Noise?", "0", "0", "1", "?", "1,2"]
    typed(monkeypatch, *answers, "9", "4", "")
    assert run("--marker", "eve") == 0
    said = capsys.readouterr().out
    assert "4 marked; 0 left for eve in judge" in said
    shown = said.partition("4 marked")[0]
    assert "secret" not in shown and "\x1b" not in shown
    # Model answer and rubric stand above each answer.
    parts = re.findall(r"=+ (MODEL|RUBRIC|ANSWER)", shown)
    assert parts == ["MODEL", "RUBRIC", "ANSWER"] * 4
    assert shown.count("It is noise.") == shown.count("measure twice") == 4
    given = markinglog.load(course.folder, MINI)
    assert [one.points for one in given] == [4, 2.5, 0, 4]
    assert [one.elements for one in given] == ["1 2", "2", "", "1 2"]
    # The comment that is reused is the first one, for both were used once.
    assert [one.comment for one in given] == ["Good.", "Noise?", "Good.", ""]
    recorded = by_hand(course)
    for one in given:
        assert recorded[one.student] == (one.points, one.comment or None)
    assert recorded["untouched"][0] is None


def test_one_may_stop_and_go_on_and_nothing_is_marked_twice(
    course, monkeypatch, capsys
):
    typed(monkeypatch, "1", "2", "", "s", "1", "q")
    assert run("--marker", "eve") == 0
    assert "1 marked; 3 left" in capsys.readouterr().out
    typed(monkeypatch, *["1 2", "4", ""] * 3)
    assert run("--marker", "eve") == 0
    assert "3 marked; 0 left" in capsys.readouterr().out
    assert sorted(one.points for one in markinglog.load(course.folder, MINI)) == [
        *(2, 4, 4, 4)
    ]
    waiting = typed(monkeypatch, "1", "0", "never")
    assert run("--marker", "adam") == 0
    assert len(waiting) == 3  # nothing waits: nobody is asked


def test_a_second_marker_changes_no_mark(course, monkeypatch, capsys):
    typed(monkeypatch, *["1 2", "4", ""] * 4)
    run("--marker", "eve")
    before = by_hand(course)
    typed(monkeypatch, *["1", "2", "less"] * 3)
    assert run("--marker", "adam", "--second", "--count", "3") == 0
    assert by_hand(course) == before
    capsys.readouterr()
    assert main(["agree", MINI]) == 0
    said = capsys.readouterr().out
    assert "eve and adam: 3 by both" in said
    assert "same points 0%, within one 0%" in said
    assert said.count("to settle: secret") == 3


def test_orders_differ_by_marker_and_hold(course, monkeypatch):
    by = rubric.of_assignment(course.folder, MINI)["judge"]
    orders = {
        marker: [
            one.student for one in mark.Session(course.folder, MINI, by, marker).pile()
        ]
        for marker in ("eve", "adam", "li", "bo", "cy", "di")
    }
    again = mark.Session(course.folder, MINI, by, "eve").pile()
    assert [one.student for one in again] == orders["eve"]
    assert all(sorted(order) == sorted(STUDENTS) for order in orders.values())
    assert len(set(map(tuple, orders.values()))) > 2


def test_what_formgrader_has_marked_is_left_alone(course, monkeypatch, capsys):
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade("judge", MINI, MINI, "secret1")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    typed(monkeypatch, *["1 2", "4", ""] * 4)
    run("--marker", "eve")
    assert "3 marked" in capsys.readouterr().out
    assert by_hand(course)["secret1"][0] == 3


@pytest.mark.parametrize(
    "words, why",
    [
        (["--marker", "eve", "--task", "das28"], "judge"),
        (["--marker", "a,b\n"], "--marker"),
        (["--marker", "eve", "--count", "0"], "--count"),
    ],
)
def test_what_is_not_to_be_marked(course, capsys, words, why):
    assert run(*words) == 1
    assert why in capsys.readouterr().err


def test_a_log_that_is_broken_is_named(course, capsys):
    path = markinglog.path_of(course.folder, MINI)
    path.parent.mkdir()
    for text in ("nonsense\n1\n", ",".join(markinglog.COLUMNS) + "\nx,y\n"):
        path.write_text(text)
        assert main(["agree", MINI]) == 1
        assert f"{MINI}.csv" in capsys.readouterr().err
    path.unlink()
    assert main(["agree", MINI]) == 1
    assert "nobody has marked" in capsys.readouterr().err


# -- rubrics


def test_every_rubric_of_the_course_can_be_marked_by():
    count = 0
    for assignment in runner.ASSIGNMENTS:
        for task, by in rubric.of_assignment(runner.COURSE, assignment).items():
            count += 1
            where = assignment, task
            assert len(by.model.split()) > 30, where
            assert max(by.levels) == by.points and min(by.levels) == 0, where
            assert len(by.levels) == by.points + 1, where
            # The table of the capstone is marked by its faults: levels alone.
            assert len(by.elements) >= 3 or task == "summary", where
            assert "SOLUTION" not in by.model + by.text
    assert count == 13


def test_elements_and_levels():
    by = rubric.parse("judge", 4, RUBRIC)
    assert by.elements == ("The size of noise", "A way out")
    assert by.levels == {4: "both.", 2: "one.", 0: "none."}
    by = rubric.parse("judge", 4, "Only an answer.")
    assert (by.model, by.text, by.elements, by.levels) == (
        "Only an answer.",
        "",
        (),
        {},
    )


# -- agreement


def test_kappa_is_that_of_another_implementation():
    rng = np.random.default_rng(4)
    for size in (8, 40, 200):
        one = rng.integers(0, 5, size)
        other = np.clip(one + rng.integers(-1, 2, size), 0, 4)
        labels = np.arange(min(one.min(), other.min()), max(one.max(), other.max()) + 1)
        for weights in (None, "quadratic"):
            expected = cohen_kappa_score(one, other, labels=labels, weights=weights)
            found = agree.kappa(one, other, weighted=bool(weights))
            assert found.value == pytest.approx(expected)
            assert found.low < found.value < found.high


def test_kappa_of_no_difference_and_of_a_gap():
    assert agree.kappa([2, 2, 2], [2, 2, 2]) is None
    assert agree.kappa([0, 1, 2], [0, 1, 2]).value == 1
    # A level that nobody gave still lies between two others.
    found = agree.kappa([0, 3, 4, 0], [0, 4, 3, 0], weighted=True)
    expected = cohen_kappa_score(
        [0, 3, 4, 0], [0, 4, 3, 0], labels=range(5), weights="quadratic"
    )
    assert found.value == pytest.approx(expected)
    halves = agree.kappa([0.5, 1, 2], [0.5, 1.5, 2], weighted=True)
    expected = cohen_kappa_score(
        [1, 2, 4], [1, 3, 4], labels=range(1, 5), weights="quadratic"
    )
    assert halves.value == pytest.approx(expected)


def given(marker, place, points, elements="1"):
    student = f"s{place:02d}"
    return Given("2027", marker, "judge", student, place, points, elements, "")


def test_a_drift_is_told_and_none_is_not():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.3, 40)
    tired = [given("eve", n, 3 - 0.04 * n + noise[n]) for n in range(40)]
    steady = [given("adam", n, 2 + noise[n]) for n in range(40)]
    lines = list(agree.report("judge", [*tired, *steady], None))
    line = next(one for one in lines if one.startswith("  eve along"))
    slope = np.polyfit(np.arange(40), [one.points for one in tired], 1)[0]
    assert f"{10 * slope:+.2f} points in ten answers" in line
    assert "look at the first and the last again" in line
    line = next(one for one in lines if one.startswith("  adam along"))
    assert "look at" not in line
    assert not any("along" in one for one in agree.report("judge", tired[:5], None))


def test_a_steady_marker_is_seldom_told_to_drift():
    rng = np.random.default_rng(2)
    told = 0
    for _ in range(400):
        log = [given("eve", n, float(rng.integers(0, 5))) for n in range(20)]
        told += any("look at" in one for one in agree.report("judge", log, None))
    assert stats.binomtest(told, 400, 0.05).pvalue > 0.001


def test_elements_have_a_kappa_each():
    rng = np.random.default_rng(3)
    sets = [["", "1", "2", "1 2"][at] for at in rng.integers(0, 4, 30)]
    other = [one if n % 5 else "1" for n, one in enumerate(sets)]
    log = [given("eve", n, len(one.split()), one) for n, one in enumerate(sets)]
    log += [given("adam", n, len(one.split()), one) for n, one in enumerate(other)]
    lines = list(agree.report("judge", log, rubric.parse("judge", 4, RUBRIC)))
    for number, words in ((1, "The size of noise"), (2, "A way out")):
        line = next(one for one in lines if f"{number} {words}" in one)
        expected = cohen_kappa_score(
            *([str(number) in one for one in some] for some in (sets, other))
        )
        assert f"{expected:.2f} (" in line


def test_a_name_stays_a_name_in_the_log(tmp_path):
    odd = Given("2027", 'e,v"e', "judge", "=1+1", 1, 2.0, "1", "two\nlines; =cmd")
    markinglog.append(tmp_path, MINI, odd)
    assert markinglog.load(tmp_path, MINI) == [odd]
    with markinglog.path_of(tmp_path, MINI).open(newline="") as file:
        assert len(list(csv.reader(file))) == 2
