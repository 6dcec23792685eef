"""Every objective is tested by something, and whatever tests says what."""

import re
from collections import Counter

import answers
import pytest
import runner
from answers import Wrong
from course import objectives
from nbgrader_apart.cells import grade_id, mark

DECLARED = {one.name for one in objectives.objectives()}
CHECKS = {check.name: check for check in objectives.selfchecks()}
each_assignment = pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)


def twice(names):
    return [name for name, times in Counter(names).items() if times > 1]


def test_a_name_is_used_once():
    assert twice(one.name for one in objectives.objectives()) == []
    assert twice(check.name for check in objectives.selfchecks()) == []


def test_every_objective_is_tested():
    by_checks = {name for check in CHECKS.values() for name in check.objectives}
    by_tasks = {
        name
        for assignment in runner.ASSIGNMENTS
        for named in answers.tested(assignment).values()
        for name in named
    }
    assert DECLARED - by_checks - by_tasks == set(), "nothing tests them"


def test_every_self_check_tests_an_objective():
    tests = {name: check.objectives for name, check in CHECKS.items()}
    assert [name for name, named in tests.items() if not named] == []
    unknown = {n: set(named) - DECLARED for n, named in tests.items()}
    assert {name: those for name, those in unknown.items() if those} == {}


@each_assignment
def test_every_task_tests_an_objective(assignment):
    notebook = runner.source(assignment)
    asked = {grade_id(c) for c in notebook.cells if mark(c) and mark(c)["solution"]}
    tested = answers.tested(assignment)
    assert set(tested) == asked
    assert [task for task, named in tested.items() if not named] == []
    assert {name for named in tested.values() for name in named} <= DECLARED


def numbers(text):
    """Return the tasks that a list of them names: "1–3 and 6"."""
    found = re.findall(r"(\d+)(?:–(\d+))?", text)
    return {
        n for first, last in found for n in range(int(first), int(last or first) + 1)
    }


def listed(text):
    """Return the tasks that a text names: "tasks 1–3 and 6: ...; task 10: ..."."""
    lists = re.findall(r"[Tt]asks? ((?:\d+(?:–\d+)?(?:, | and )?)+)", text)
    return numbers(" ".join(lists))


def prepared_by(assignment):
    """Return by page which tasks its header, and which its last section, names."""
    found = {}
    for page in objectives.pages():
        text = objectives.markdown(page)
        header = re.search(rf"\*\*Exercises\*\* {{assignment}}`{assignment}`(.*)", text)
        section = re.search(r"^## Exercise\n(.*?)(?=^## |\Z)", text, re.M | re.S)
        if header and section:
            found[page] = listed(header[1]), listed(section[1])
    return found


# The capstone has one page, which prepares for all of it.
@pytest.mark.parametrize(
    "assignment", [name for name in runner.ASSIGNMENTS if name != "capstone"]
)
def test_who_prepares_for_which_task_is_said_alike(assignment):
    """By the page's header, its last section, the assignment, and the objectives."""
    first = runner.source(assignment).cells[0].source
    said = {
        name: numbers(tasks.split(";")[0])
        for name, tasks in re.findall(r"\*([^*]+)\* \(tasks? ([^)]*)\)", first)
    }
    page_of = {one.name: one.page for one in objectives.objectives()}
    tested = {}
    for task, title in answers.titles(assignment).items():
        if number := re.match(r"Task (\d+)", title):
            for name in answers.tested(assignment)[task]:
                tested.setdefault(page_of[name], set()).add(int(number[1]))
    prepared = prepared_by(assignment)
    for page, (header, section) in prepared.items():
        named = page.split("/")[1].split("-", 1)[1].replace("-", " ")
        names = {
            name
            for name in said
            if name.lower().replace("-", " ") in (named, objectives.title(page).lower())
        }
        assert len(names) == 1, f"{page}: not named once in the assignment"
        assert header == said[names.pop()], page
        assert header == section, page
        assert header <= tested[page], f"{page}: no objective of it is tested there"
    all_tasks = int(re.search(r"^(\d+) tasks, ", first, re.MULTILINE)[1])
    assert set().union(*said.values()) == set(range(1, all_tasks + 1))


@each_assignment
def test_every_wrong_answer_says_what_to_read_again(assignment):
    """The objectives of a task have a section; where not, the answer names one."""
    nowhere = [
        (found.task, found.name)
        for found in answers.misconceptions(assignment)
        if not found.read
    ]
    assert nowhere == []


def test_every_page_with_self_checks_is_read_as_sphinx_reads_it():
    """Each line that opens a self-check in a source is found, with its options."""
    lines = [
        line
        for page in objectives.pages()
        for line in objectives.markdown(page).splitlines()
        if line.startswith(":::{selfcheck} ")
    ]
    assert len(lines) == len(CHECKS) > 100


# -- the reader, on a small book


def small(tmp_path, **pages):
    (tmp_path / "metrics").mkdir()
    for name, text in pages.items():
        (tmp_path / "metrics" / f"{name}.md").write_text(text)
    return tmp_path


def test_the_reader_finds_clauses_sections_and_options(tmp_path):
    book = small(
        tmp_path,
        a="# A?\n\n- **You will be able to** [fit *it*]{#ob-metrics-fit}; [say]"
        "{#ob-metrics-say}\n\n## One\n\n```\n:::{selfcheck} sc-shown\n## Two\n```\n\n"
        ":::{selfcheck} sc-metrics-a\n:several:\n:objective: ob-metrics-fit ob-x\n\nQ?",
        b="## Three\n::::{selfcheck} sc-metrics-b\nQ?\n\n- [ ] :objective: ob-no\n",
    )
    assert [(one.name, one.words, one.page) for one in objectives.objectives(book)] == [
        ("ob-metrics-fit", "fit *it*", "metrics/a"),
        ("ob-metrics-say", "say", "metrics/a"),
    ]
    assert objectives.selfchecks(book) == (
        objectives.SelfCheck(
            "sc-metrics-a", "metrics/a", "One", ("ob-metrics-fit", "ob-x")
        ),
        objectives.SelfCheck("sc-metrics-b", "metrics/b", "Three", ()),
    )


def test_a_section_to_read_again_is_named_or_follows_from_the_task(monkeypatch):
    bank = answers.load("metrics")
    swap = {"a": "b"}
    given = {
        "das28_fall": [
            Wrong("n", "w", swap),
            Wrong("n", "w", swap, read="sc-metrics-rcv"),
        ]
    }
    monkeypatch.setattr(bank, "WRONG", given)
    derived, named = answers.misconceptions("metrics")
    assert "sc-metrics-das28" in {check.name for check in derived.read}
    assert len({check.section for check in derived.read}) == len(derived.read)
    assert [check.name for check in named.read] == ["sc-metrics-rcv"]
    given["das28_fall"][1] = Wrong("n", "w", swap, read="sc-metrics-none")
    with pytest.raises(ValueError, match="das28_fall, 'n': read='sc-metrics-none'"):
        answers.misconceptions("metrics")
