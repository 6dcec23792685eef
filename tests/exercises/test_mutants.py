"""What `make mutants` does, and that what it wrote still holds."""

import sys

import mutation
import mutator
import nbformat
import pytest
import runner
from mutation import Result, Score, Verdict

each_assignment = pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
in_a_fork = pytest.mark.skipif(
    sys.platform != "linux", reason="a mutant runs in a fork, with Linux's limits"
)


# -- what is committed


@each_assignment
def test_what_was_judged_is_a_mutant_of_a_solution(assignment):
    assert mutation.without_mutant(assignment) == []


@each_assignment
def test_every_mutant_is_caught_or_judged(assignment):
    """By what `make mutants` wrote, which is that of the tasks as they are."""
    results = mutation.results(assignment)
    written = {task: result.fingerprint for task, result in results.items()}
    now = mutation.fingerprints(assignment)
    changed = sorted(task for task in now if written.get(task) != now[task])
    assert changed == [], f"changed: make mutants ASSIGNMENT={assignment}"
    assert set(written) == set(now)
    score = Score.of(results, mutation.judged(assignment))
    assert score.unjudged == score.stale == ()
    assert score.share == 1


@in_a_fork
@pytest.mark.parametrize(
    ("assignment", "task"),
    [("metrics", "worst_grade"), ("evidence", "ratio_of_ratios")],
)
def test_what_was_written_of_a_task_is_found_again(assignment, task, data_folder):
    """`make test` runs the mutants of two quick tasks, `make mutants` those of all."""
    mutants = mutation.of_assignment(runner.source(assignment))[task]
    folder = data_folder(assignment)
    ((_, left),) = mutation.survivors(assignment, folder, {task: mutants})
    alive = {mutation.key(task, mutant) for mutant in left}
    assert alive <= set(mutation.judged(assignment))


# -- the changes


def changes(code):
    return {
        (mutant.before, mutant.after)
        for mutant in mutator.mutants(f"def f(a, b, c):\n    {code}\n")
    }


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("return a + b", "return a - b; return None"),
        ("return a <= b", "return a < b; return a > b; return None"),
        ("a = b and c or a", "a = b or c or a; a = b and c and a; pass"),
        ("return not a", "return a; return None"),
        ("return 3", "return 4; return 2; return None"),
        ("return 0.5", "return 0.55; return 0.454545; return None"),
        ("return 1e-9", "return 1e-06; return 1e-12; return None"),
        ('return "x"', "return 'xx'; return None"),
        ("a -= b", "a += b; pass"),
        ("return min(a, b)", "return max(a, b); return min(b, a); return None"),
        ("return a.f(b, k=c)", "return a.f(b); return None"),
        ("return a.f(k=c, m=b)", "return a.f(m=b); return a.f(k=c); return None"),
        ("return a.f(k=c)", "return a.f(); return None"),
        ("a = b[c:]", "a = b[c + 1:]; a = b[c - 1:]; a = b[c:-1]; pass"),
        ("return a[:2]", "return a[1:2]; return a[:3]; return a[:1]; return None"),
        ("return a if b else c", "return a if not (b) else c; return None"),
        ("if a: b = c", "if not (a): b = c; if a: pass; pass"),
        ("for a in b: break", "for a in b: continue; for a in b: pass; pass"),
        ("return [a for a in b if c]", "return [a for a in b if not (c)]; return None"),
        ('raise ValueError(f"{a} + 1" + "b")', "pass"),
        ('"""Say 1 + 1."""', ""),
        ("import a as b", ""),
        ("b: list[1] = a", "pass"),
    ],
)  # fmt: skip
def test_the_changes_of_a_line(code, lines):
    assert changes(code) == {(code, line) for line in lines.split("; ") if line}


def test_lines_that_read_alike_are_counted_and_no_mutant_comes_twice():
    source = "def f(a):\n    a = a + 1  # µ\n    a = a + 1  # µ\n    return a\n"
    made = mutator.mutants(source)
    minus = [one for one in made if one.after == "a = a - 1 # µ"]
    assert [one.number for one in minus] == [1, 2]
    assert minus[0].source == source.replace("+", "-", 1)
    assert len({one.source for one in made}) == len(made)
    assert source not in {one.source for one in made}


def test_every_mutant_of_every_solution_is_python_and_differs():
    for assignment in runner.ASSIGNMENTS:
        notebook = runner.source(assignment)
        for task, made in mutation.of_assignment(notebook).items():
            assert len(made) >= 5, task
            keys = [mutation.key(task, one) for one in made]
            assert len(set(keys)) == len(keys)


# -- running them, on an assignment of one task


HIDDEN = """\
rng = np.random.default_rng()
for n in rng.integers(1, 9, 5):
    assert count(int(n)) == n, "not counted"
"""
COUNT = """\
def count(n):
    total = 0
    while total < n:
        total += 1
    return total
"""


@pytest.fixture
def small(monkeypatch):
    """Return a function that makes a notebook the source of every assignment."""

    def cell(source, name, **nbgrader):
        code = nbformat.v4.new_code_cell(source)
        code.metadata["nbgrader"] = {"grade_id": name, "locked": True, **nbgrader}
        return code

    def make(hidden=HIDDEN, solution=COUNT):
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [
            cell("import numpy as np", "setup", solution=False, grade=False),
            nbformat.v4.new_code_cell("raise SystemExit('# Look')"),
            cell(solution, "count", solution=True, grade=False),
            cell("", "count_visible", solution=False, grade=True, points=0),
            cell(hidden, "count_hidden", solution=False, grade=True, points=1),
        ]
        monkeypatch.setattr(runner, "source", lambda assignment: notebook)
        return mutation.of_assignment(notebook)

    return make


def left(mutants, folder):
    return {
        one.after
        for _, survivors in mutation.survivors("small", folder, mutants)
        for one in survivors
    }


@in_a_fork
def test_mutants_are_caught_also_those_that_never_end(small, tmp_path, monkeypatch):
    monkeypatch.setattr(mutation, "LEAST", 1)
    monkeypatch.setattr(mutation, "TIMES", 0)
    mutants = small()
    assert {"total -= 1", "return None"} <= {one.after for one in mutants["count"]}
    # Who begins below counts up to n all the same; no test asks for the count of 0.
    assert left(mutants, tmp_path) == {"total = -1", "total = 1"}


@in_a_fork
def test_a_test_that_looks_away_lets_mutants_live(small, tmp_path, monkeypatch):
    monkeypatch.setattr(mutation, "LEAST", 1)
    monkeypatch.setattr(mutation, "TIMES", 0)
    weak = HIDDEN.replace("== n", ">= n")
    alive = left(small(weak), tmp_path)
    assert "while total <= n:" in alive
    assert "return None" not in alive


@in_a_fork
def test_a_mutant_that_some_draws_do_not_catch_meets_more(small, tmp_path):
    rarely = (
        "if np.random.default_rng().random() < 0.5:\n    assert count(3) == 3, 'no'"
    )
    mutants = {"count": [m for m in small(rarely)["count"] if m.after == "return None"]}
    assert left(mutants, tmp_path) == set()


@in_a_fork
def test_a_solution_that_fails_its_own_test_is_no_measure(small, tmp_path):
    mutants = small(solution=COUNT.replace("total = 0", "total = 10"))
    with pytest.raises(ValueError, match="the solution of count does not pass"):
        left(mutants, tmp_path)


# -- what a person says of survivors


ENTRY = """\
[[mutant]]
task = "count"
before = "total += 1"
after = "total -= 1"
verdict = "equivalent"
why = "so it is said"
"""


def test_an_entry_without_a_mutant_is_found(small, tmp_path):
    small()
    (tmp_path / "small.toml").write_text(ENTRY)
    assert mutation.without_mutant("small", tmp_path) == []
    (tmp_path / "small.toml").write_text(ENTRY.replace("-=", "*="))
    assert mutation.without_mutant("small", tmp_path) == [
        ("count", "total += 1", "total *= 1", 1)
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        ENTRY + ENTRY,
        ENTRY.replace("equivalent", "fine"),
        ENTRY.replace("so it is said", " "),
        ENTRY.replace("why", "because"),
        ENTRY.replace('before = "total += 1"', ""),
    ],
)
def test_a_verdict_that_is_none_is_refused(wrong, tmp_path):
    (tmp_path / "small.toml").write_text(wrong)
    with pytest.raises(ValueError, match=r"small\.toml"):
        mutation.judged("small", tmp_path)


def test_an_entry_that_is_printed_can_be_read_back(small, tmp_path):
    names = {
        mutation.key("count", mutant)
        for mutant in small(solution=COUNT + '\n\nCOUNTS = "µ\\"\\\\"\n')["count"]
    }
    text = "\n".join(map(mutation.as_toml, sorted(names)))
    text = text.replace('verdict = ""', 'verdict = "equivalent"')
    (tmp_path / "small.toml").write_text(text.replace('why = ""', 'why = "x"'))
    assert set(mutation.judged("small", tmp_path)) == names


def test_survivors_are_held_against_what_is_said_of_them():
    names = [("count", "a", letter, 1) for letter in "bcdef"]
    result = Result("x", 10, tuple(names[:4]))
    said = {
        names[0]: Verdict("equivalent", "."),
        names[1]: Verdict("outside the domain", "."),
        names[4]: Verdict("equivalent", "."),
    }
    score = Score.of({"count": result}, said)
    assert (score.mutants, score.caught) == (10, 6)
    assert (score.equivalent, score.outside) == (1, 1)
    assert score.unjudged == tuple(names[2:4])
    assert score.stale == (names[4],)
    assert score.share == 6 / 8


def test_results_are_read_as_they_were_written(tmp_path):
    assert mutation.results("small", tmp_path) == {}
    results = {"count": Result("x", 3, (("count", "µ += 1", "µ -= 1", 2),))}
    mutation.write("small", results, tmp_path)
    assert mutation.results("small", tmp_path) == results


def test_the_fingerprint_changes_with_a_test_and_not_with_prose(small):
    small()
    first = mutation.fingerprints("small")
    runner.source("small").cells.append(nbformat.v4.new_markdown_cell("Prose."))
    assert mutation.fingerprints("small") == first
    runner.source("small").cells[-2].source += "\nassert count(0) == 0, 'none'"
    assert mutation.fingerprints("small") != first
