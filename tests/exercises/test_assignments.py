"""Every assignment has the shape that students, graders and the autograder rely on."""

import ast
import re
import symtable

import nbformat
import pytest
import runner
from course import formulas
from nbgrader_apart import released
from nbgrader_apart.cells import grade_id, is_graded, is_locked, mark
from runner import is_test
from term import folders, release, vacuous

pytestmark = pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)

#: Least and most tasks, points, minutes, and tasks graded by hand. The capstone is a
#: report: several sittings, and as many points by hand as by tests.
SIZE = {"tasks": (8, 12), "points": (20, 30), "minutes": (60, 120), "by hand": (1, 2)}
#: In that of evidence, three reports to judge are a third sitting beside the functions.
SIZES = {
    "evidence": {
        "tasks": (12, 13),
        "points": (30, 38),
        "minutes": (100, 180),
        "by hand": (1, 2),
    },
    "capstone": {
        "tasks": (12, 16),
        "points": (40, 60),
        "minutes": (240, 480),
        "by hand": (4, 8),
    },
}

#: What a notebook's metadata say of the assignment.
TOLD = {"chapter", "data", "minutes", "personal"}


def within(assignment, what, number):
    """Return whether an assignment has as much of something as it should."""
    least, most = SIZES.get(assignment, SIZE)[what]
    return least <= number <= most


def points_in(text):
    """Return the points that a heading announces."""
    return sum(int(number) for number in re.findall(r"\((\d+) points?\b", text))


def sections(notebook):
    """Return the cells of each task, by heading ("Task 1 · ...")."""
    found = {}
    for cell in notebook.cells:
        heading = re.match(r"## (Task \d+ · .+)", cell.source)
        if cell.cell_type == "markdown" and heading:
            found[heading[1]] = []
        if found:
            list(found.values())[-1].append(cell)
    return found


def scopes(table):
    """Return a symbol table and all those inside it: functions, comprehensions."""
    return [
        table,
        *(inner for child in table.get_children() for inner in scopes(child)),
    ]


def binds(code):
    """Return the names that code leaves behind in a notebook."""
    return {
        symbol.get_name()
        for symbol in symtable.symtable(code, "cell", "exec").get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }


def reads(code):
    """Return the names that code, its functions included, takes from the notebook."""
    module = symtable.symtable(code, "cell", "exec")
    return {
        symbol.get_name()
        for scope in scopes(module)
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or scope is module)
    }


def test_notebook_is_valid_and_has_no_outputs(assignment):
    notebook = runner.source(assignment)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    told = set(notebook.metadata.course)
    assert {"chapter", "data", "minutes"} <= told <= TOLD
    assert (runner.ROOT / notebook.metadata.course.chapter).is_dir()
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get("execution_count")


def test_grade_ids_are_unique_and_say_what_they_test(assignment):
    notebook = runner.source(assignment)
    ids = [grade_id(cell) for cell in notebook.cells if mark(cell)]
    assert len(ids) == len(set(ids))
    for task in runner.tasks(notebook).values():
        assert task.tests == [f"{task.name}_visible", f"{task.name}_hidden"]


def test_cells_are_locked_and_graded_as_they_should_be(assignment):
    for cell in runner.source(assignment).cells:
        has = mark(cell)
        if not has:
            continue
        assert has["schema_version"] == 3 and has["task"] is False
        if is_test(cell):
            # A visible test may tell a student much and give no points for it.
            assert has["locked"]
            assert has["points"] >= (0 if grade_id(cell).endswith("_visible") else 1)
        elif has["solution"]:
            # Graded by hand if it is text, by the tests that follow if it is code.
            assert not has["locked"]
            assert has["grade"] is (cell.cell_type == "markdown")
            assert "### BEGIN SOLUTION" in cell.source
        else:
            assert has["locked"] and not has["grade"]


def test_size_and_points_add_up(assignment):
    notebook = runner.source(assignment)
    tasks = sections(notebook)
    total = 0
    for heading, cells in tasks.items():
        told = sum(points_in(cell.source.split("\n")[0]) for cell in cells)
        given = sum(mark(cell).get("points", 0) for cell in cells)
        assert told == given, heading
        total += given
    assert [int(heading.split()[1]) for heading in tasks] == [*range(1, len(tasks) + 1)]
    assert within(assignment, "tasks", len(tasks))
    assert within(assignment, "points", total)
    first = notebook.cells[0].source
    assert f"{len(tasks)} tasks, {total:g} points" in first
    assert notebook.metadata.course.chapter in first, "no link back to the chapter"
    shortest, longest = map(int, notebook.metadata.course.minutes.split(" to "))
    assert shortest < longest
    assert within(assignment, "minutes", shortest)
    assert within(assignment, "minutes", longest)
    assert f"between {shortest} and {longest}" in first


def test_visible_tests_alone_give_at_most_a_fifth(assignment):
    """Results that are typed in pass what is seen, and are to earn next to nothing."""
    points = {
        grade_id(cell): mark(cell)["points"]
        for cell in runner.source(assignment).cells
        if is_graded(cell)
    }
    visible = [given for name, given in points.items() if name.endswith("_visible")]
    assert sum(visible) <= sum(points.values()) / 5


def test_the_upper_half_sends_to_the_page_formulas_and_repeats_none(assignment):
    notebook = runner.source(assignment)
    assert "`book/reference/formulas.md`" in notebook.cells[0].source
    tasks = list(sections(notebook).values())
    upper = [
        cell
        for cells in tasks[len(tasks) // 2 :]
        for cell in cells
        if cell.cell_type == "markdown"
    ]
    assert formulas.named(nbformat.v4.new_notebook(cells=upper))
    page = (formulas.BOOK / f"{formulas.PAGE}.md").read_text(encoding="utf-8")
    taught = {re.sub(r"\s|\\,|\\;", "", one) for one in re.findall(r"\$(.+?)\$", page)}
    told = re.sub(r"\s|\\,|\\;", "", "".join(cell.source for cell in upper))
    assert [one for one in taught if len(one) > 12 and one in told] == []


def test_some_tasks_are_graded_by_hand_with_a_rubric(assignment):
    cells = runner.source(assignment).cells
    by_hand = [
        index
        for index, cell in enumerate(cells)
        if cell.cell_type == "markdown" and is_graded(cell)
    ]
    assert within(assignment, "by hand", len(by_hand))
    for index in by_hand:
        brief, full = cells[index - 1], cells[index]
        assert is_locked(brief), "the student's rubric stands locked before it"
        # How long it may be, and what an overrun costs: a quarter over costs nothing.
        if told := re.search(r"\*\*Write (\d+)–(\d+) words\*\*", brief.source):
            most = 5 * round(int(told[2]) / 4)
            for text in (brief.source.lower(), full.source.lower()):
                assert f"up to {most} words cost nothing" in text
                assert "beyond them is not marked" in text
        else:
            assert "words are not counted" in brief.source.lower()
            assert "words are not counted" in full.source.lower()
        levels = [str(level) for level in range(int(mark(full)["points"]) + 1)]
        assert all(f"| {level} |" in brief.source for level in levels)
        assert all(f"- **{level}**" in full.source for level in levels)


def test_a_text_has_its_own_row_on_the_page_of_feedback(assignment):
    """What a person marks waits, and is not to make points of tests wait with it."""
    titles = released.titles(folders.notebook_path(runner.COURSE, "source", assignment))
    by_hand, by_test = set(), set()
    for cell in runner.source(assignment).cells:
        if is_graded(cell):
            rows = by_test if cell.cell_type == "code" else by_hand
            rows.add(titles[grade_id(cell)])
    assert by_hand and "" not in by_hand | by_test
    assert by_hand.isdisjoint(by_test)


def test_student_needs_only_the_listed_packages(assignment):
    allowed = {
        "numpy",
        "pandas",
        "scipy",
        "matplotlib",
        "sklearn",
        "warnings",
        "pathlib",
    }
    for cell in runner.source(assignment).cells:
        if cell.cell_type != "code":
            continue
        shown = cell.source.split("### BEGIN HIDDEN TESTS")[0]
        for node in ast.walk(ast.parse(shown)):
            if isinstance(node, ast.Import):
                modules = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module]
            else:
                continue
            assert {module.split(".")[0] for module in modules} <= allowed


def test_every_assertion_says_what_kind_of_thing_is_wrong(assignment):
    for cell in runner.source(assignment).cells:
        if not is_test(cell):
            continue
        tree = ast.parse(cell.source)
        checks = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        assert checks
        # nbgrader takes a value at the end of a test cell for partial credit.
        assert not isinstance(tree.body[-1], ast.Expr) or "close" in ast.unparse(
            tree.body[-1]
        )
        for check in checks:
            assert check.msg is not None, ast.unparse(check)


def test_visible_messages_do_not_give_the_answer(assignment):
    """No number that is asked for, and no line of the solution, is in a message."""
    notebook = runner.source(assignment)
    solutions = {
        line.strip()
        for task in runner.tasks(notebook).values()
        for line in release.secrets(task.solution)[0]
        if len(line.strip()) > 7
    }
    for cell in notebook.cells:
        if not is_test(cell) or not grade_id(cell).endswith("_visible"):
            continue
        for check in ast.walk(ast.parse(cell.source)):
            if not isinstance(check, ast.Assert):
                continue
            message = "".join(
                part.value
                for part in ast.walk(check.msg)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            wanted = set()
            for node in ast.walk(check.test):
                # a - 30, a == "good": what the result is compared with
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
                    wanted.add(ast.unparse(node.right))
                elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
                    wanted.add(ast.unparse(node.comparators[0]).strip("'\""))
            said = set(re.findall(r"[\w.]*\w", message))
            assert not said & wanted, (message, said & wanted)
            assert not any(line in message for line in solutions), message


def test_hidden_tests_draw_what_nobody_has_seen(assignment):
    for cell in runner.source(assignment).cells:
        if is_test(cell) and grade_id(cell).endswith("_hidden"):
            inside, _ = release.secrets(cell.source)
            code = "\n".join(inside)
            drawn = re.search(r"default_rng\(\)|make_\w+\(", code)
            fixed = "random_state" in code
            handed_out = "key_of_" in code  # what is judged is what was handed out
            if mark(cell)["points"] and "worked" not in code and not handed_out:
                assert drawn and not fixed, grade_id(cell)


def test_no_test_is_passed_by_an_answer_that_is_none(assignment, data_folder):
    notebook = runner.source(assignment)
    assert list(vacuous.problems(notebook, data_folder(assignment))) == []
