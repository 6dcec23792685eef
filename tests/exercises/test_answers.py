"""Right answers score, wrong ones do not, and only where they are wrong."""

import answers
import pytest
import runner

PAIRS = [
    pytest.param(assignment, task, answer, id=f"{assignment}-{task}-{answer.name}")
    for assignment in runner.ASSIGNMENTS
    for task, answer in runner.bank(assignment)
]
WRONG = [pair for pair in PAIRS if isinstance(pair.values[2], answers.Wrong)]
OTHER = [pair for pair in PAIRS if isinstance(pair.values[2], answers.Alternative)]


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_solution_scores_in_full_on_every_draw(assignment, data_folder):
    notebook = runner.source(assignment)
    for _ in range(3):
        graded = runner.run(notebook, data_folder(assignment))
        assert graded.errors == {}
        assert graded.points == runner.full_points(notebook)


@pytest.mark.parametrize(("assignment", "task", "answer"), WRONG)
def test_wrong_answer_loses_its_task_and_no_other(
    assignment, task, answer, data_folder
):
    notebook = runner.source(assignment)
    its = runner.tasks(notebook)[task]
    graded = runner.run(
        notebook, data_folder(assignment), {task: answer.source(its.solution)}
    )
    full = runner.full_points(notebook)
    lost = {name for name in full if graded.points[name] < full[name]}
    visible, hidden = its.tests
    assert lost == ({visible, hidden} if answer.seen else {hidden})
    assert graded.errors[hidden].startswith("AssertionError: "), (
        "a wrong answer fails with a message, not with a crash of the test"
    )


@pytest.mark.parametrize(("assignment", "task", "answer"), OTHER)
def test_alternative_answer_scores_in_full(assignment, task, answer, data_folder):
    notebook = runner.source(assignment)
    its = runner.tasks(notebook)[task]
    graded = runner.run(
        notebook, data_folder(assignment), {task: answer.source(its.solution)}
    )
    assert graded.errors == {}
    assert graded.points == runner.full_points(notebook)


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_bank_covers_every_task(assignment):
    module = answers.load(assignment)
    names = set(runner.tasks(runner.source(assignment)))
    assert set(module.WRONG) == set(module.ALTERNATIVE) == names
    assert min(len(given) for given in module.WRONG.values()) >= 3
    assert min(len(given) for given in module.ALTERNATIVE.values()) >= 1
    for given in (*module.WRONG.values(), *module.ALTERNATIVE.values()):
        assert len({answer.name for answer in given}) == len(given)


def test_wrong_answer_that_does_not_fit_the_solution_says_so():
    wrong = answers.Wrong("n", "w", {"a + b": "a - b"})
    with pytest.raises(ValueError, match=r"'a \+ b' 0 times"):
        wrong.source("return b + a")
