"""Right answers score, wrong ones do not, and only where they are wrong."""

import os
import random

import answers
import nbformat
import numpy as np
import pandas as pd
import pytest
import runner

#: How often `make draws` runs each test.
DRAWS = int(os.environ.get("DRAWS", "100"))

PAIRS = [
    pytest.param(assignment, task, answer, id=f"{assignment}-{task}-{answer.name}")
    for assignment in runner.ASSIGNMENTS
    for task, answer in runner.bank(assignment)
]
WRONG = [pair for pair in PAIRS if isinstance(pair.values[2], answers.Wrong)]
OTHER = [pair for pair in PAIRS if isinstance(pair.values[2], answers.Alternative)]
SOLUTIONS = [
    pytest.param(assignment, task, answers.Alternative("the solution", its.solution))
    for assignment in runner.ASSIGNMENTS
    for task, its in runner.tasks(runner.source(assignment)).items()
]


def grade(assignment, task, answer, data_folder, draws=1):
    """Grade a submission with one answer from the bank; return it and its task."""
    notebook = runner.source(assignment)
    its = runner.tasks(notebook)[task]
    written = answer.source(its.solution)
    only = runner.touched(notebook, task, written)
    often = {its.tests[-1]: draws}
    graded = runner.run(notebook, data_folder(assignment), {task: written}, only, often)
    return graded, its


@pytest.fixture
def same_draws(request):
    """The hidden tests of this test draw the same data every time that it runs."""
    with runner.drawn_from(request.node.name):
        yield


@pytest.mark.parametrize("term", range(3))
@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_solution_scores_in_full(assignment, term, data_folder, same_draws):
    notebook = runner.source(assignment)
    graded = runner.run(notebook, data_folder(assignment))
    assert graded.errors == {}
    assert graded.points == runner.full_points(notebook)


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_solution_scores_in_full_with_the_data_of_another_term(
    assignment, another_term, same_draws
):
    notebook = runner.source(assignment)
    graded = runner.run(notebook, another_term)
    assert graded.errors == {}
    assert graded.points == runner.full_points(notebook)


@pytest.mark.parametrize(("assignment", "task", "answer"), WRONG)
def test_wrong_answer_loses_its_task_and_no_other(
    assignment, task, answer, data_folder, same_draws
):
    loses_its_task_and_no_other(assignment, task, answer, data_folder)


def loses_its_task_and_no_other(assignment, task, answer, data_folder):
    graded, its = grade(assignment, task, answer, data_folder)
    visible, hidden = its.tests
    failed = set(graded.points) & set(graded.errors)
    assert failed == ({visible, hidden} if answer.seen else {hidden})
    assert graded.errors[hidden].startswith("AssertionError: "), (
        "a wrong answer fails with a message, not with a crash of the test"
    )


def reads_the_cohort(pair):
    """Say whether a test of a task reads a table of the term's cohorts.

    The hidden tests draw cohorts of their own, and the visible ones mostly type a few
    numbers: no other test can go out otherwise with another term's data.
    """
    assignment, task, _ = pair.values
    return task in runner.tasks_on_the_cohort(runner.source(assignment))


ON_THE_COHORT = [pair for pair in WRONG if reads_the_cohort(pair)]


def test_some_tests_read_the_cohort():
    assert {pair.values[1] for pair in ON_THE_COHORT} >= {"draw_crp", "draw_curves"}


@pytest.mark.parametrize(("assignment", "task", "answer"), ON_THE_COHORT)
def test_wrong_answer_loses_its_task_with_the_data_of_another_term(
    assignment, task, answer, another_term, same_draws
):
    loses_its_task_and_no_other(assignment, task, answer, lambda name: another_term)


@pytest.mark.parametrize(("assignment", "task", "answer"), OTHER)
def test_alternative_answer_scores_in_full(
    assignment, task, answer, data_folder, same_draws
):
    graded, its = grade(assignment, task, answer, data_folder)
    full = runner.full_points(runner.source(assignment))
    assert graded.errors == {}
    assert set(its.tests) <= set(graded.points)
    assert graded.points == {name: full[name] for name in graded.points}


# What a class meets: every grading draws anew, and the draw must not decide.


@pytest.mark.draws
@pytest.mark.parametrize(("assignment", "task", "answer"), WRONG)
def test_no_draw_saves_a_wrong_answer(assignment, task, answer, data_folder):
    graded, its = grade(assignment, task, answer, data_folder, DRAWS)
    assert graded.passed[its.tests[-1]] == 0, f"in {DRAWS} draws"


@pytest.mark.draws
@pytest.mark.parametrize(("assignment", "task", "answer"), [*OTHER, *SOLUTIONS])
def test_no_draw_fails_a_right_answer(assignment, task, answer, data_folder):
    graded, its = grade(assignment, task, answer, data_folder, DRAWS)
    assert graded.passed[its.tests[-1]] == DRAWS


def test_draws_are_the_same_for_the_same_seed_only():
    def draw(seed):
        with runner.drawn_from(seed):
            drawn = [np.random.default_rng(given).random() for given in (None, 1)]
            return [*drawn, pd.Series(range(100)).sample(5).to_list(), random.random()]

    one, again, other = draw("a"), draw("a"), draw("b")
    assert one == again
    assert [x == y for x, y in zip(one, other, strict=True)] == [0, 1, 0, 0]
    assert np.random.default_rng().random() != np.random.default_rng().random()


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_bank_covers_every_task(assignment):
    module = answers.load(assignment)
    names = set(runner.tasks(runner.source(assignment)))
    assert set(module.WRONG) == set(module.ALTERNATIVE) == names
    assert min(len(given) for given in module.WRONG.values()) >= 3
    assert min(len(given) for given in module.ALTERNATIVE.values()) >= 1
    for given in (*module.WRONG.values(), *module.ALTERNATIVE.values()):
        assert len({answer.name for answer in given}) == len(given)


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_visible_tests_leave_the_thinking_of_two_late_tasks_to_the_student(assignment):
    """Whoever only mends what they name still makes half of the known mistakes."""
    wrong = answers.load(assignment).WRONG
    names = list(runner.tasks(runner.source(assignment)))
    late = [
        name
        for name in names[len(names) // 2 :]
        if np.mean([answer.seen for answer in wrong[name]]) <= 0.5
    ]
    assert len(late) >= 2, late


def test_wrong_answer_that_does_not_fit_the_solution_says_so():
    wrong = answers.Wrong("n", "w", {"a + b": "a - b"})
    with pytest.raises(ValueError, match=r"'a \+ b' 0 times"):
        wrong.source("return b + a")


def test_an_answer_runs_with_the_tasks_that_it_can_touch():
    def cell(source, name, **nbgrader):
        code = nbformat.v4.new_code_cell(source)
        code.metadata["nbgrader"] = {"grade_id": name, **nbgrader}
        return code

    notebook = nbformat.v4.new_notebook()
    for name, source in {
        "a": "def a():\n    return 1",
        "b": "def b():\n    x = a()\n    return x",
        "c": "def c():\n    return 2",
        "d": "x = [b(), c()]",
        "e": "def e():\n    return 3",
    }.items():
        test = f"assert {name}"
        notebook.cells += [
            cell(source, name, solution=True, grade=False),
            cell(test, f"{name}_visible", solution=False, grade=True, points=1),
        ]
    touched = {
        name: "".join(sorted(runner.touched(notebook, name, source)))
        for name, source in runner.tasks(notebook).items()
        for source in [source.solution]
    }
    assert touched == {"a": "abcd", "b": "abcd", "c": "abcd", "d": "abcd", "e": "e"}
    assert runner.touched(notebook, "e", "def a():\n    return 4") == set("abcde")


def test_an_answer_that_never_ends_is_stopped(monkeypatch, tmp_path):
    monkeypatch.setattr(runner, "PATIENCE", 1)
    notebook = nbformat.v4.new_notebook()
    notebook.cells.append(nbformat.v4.new_code_cell("while True:\n    pass", id="loop"))
    graded = runner.run(notebook, tmp_path)
    assert "ran for more than 1 s" in graded.errors["loop"]
