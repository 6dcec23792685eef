"""``term alike``: copies with other names are found, independent right answers are not.

The class is the synthetic one, in which everybody has a hand of their own
(`handwriting`). Real hands differ in more ways, and real friends write more alike: what
this shows is that renaming, comments and a task or two of one's own hide no copy, and
that being right makes no pair.
"""

import random

import answers
import handwriting
import learners
import nbformat
import pytest
import runner
from answers import Alternative
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from miniature import demo
from term import alike, winnow
from term.__main__ import main
from term.alike import Text
from term.winnow import Word

ASSIGNMENT = "metrics"
COPIES = 6


@pytest.fixture(scope="module")
def solved():
    return {
        task: without_marks(one) for task, one in learners.solutions(ASSIGNMENT).items()
    }


@pytest.fixture(scope="module")
def shared_by_all():
    return alike.given_runs(runner.COURSE, ASSIGNMENT)


def without_marks(source):
    lines = source.splitlines()
    return "\n".join(line for line in lines if " SOLUTION" not in line)


def written(class_, solved, in_own_hand=True, term=""):
    """Return by student what stands in each solution cell."""
    texts = {}
    for one in class_:
        hand = handwriting.person(one.student + term)
        texts[one.student] = {
            task: handwriting.own(source, hand)
            if in_own_hand and one.answers[task] is not learners.UNDONE
            else source
            for task, source in one.written(solved).items()
        }
    return texts


def copied(texts, solved, draw):
    """Let some copy others, with other names and up to two tasks of their own."""
    planted = set()
    for number, victim in enumerate(draw.sample(sorted(texts), COPIES)):
        cells = {
            task: handwriting.renamed(source, draw)
            for task, source in texts[victim].items()
        }
        for task in draw.sample(sorted(cells), number % 3):
            cells[task] = handwriting.own(solved[task], draw)
        texts[f"x{number}"] = cells
        planted.add((victim, f"x{number}"))
    return planted


def as_texts(texts, earlier=False):
    return [
        Text(
            student,
            tuple(alike.part(task, True, source) for task, source in cells.items()),
            earlier,
        )
        for student, cells in texts.items()
    ]


def names(pairs):
    return [(pair.one.name, pair.other.name) for pair in pairs]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_copy_is_found_and_nobody_else_is_listed(solved, shared_by_all, seed):
    texts = written(learners.hand_ins(ASSIGNMENT, 30, seed), solved)
    planted = copied(texts, solved, random.Random(seed))
    pairs = alike.alike(as_texts(texts), shared_by_all)
    assert set(names(pairs)) == planted


@pytest.mark.parametrize("in_own_hand", [True, False])
def test_two_who_are_right_are_no_pair(monkeypatch, solved, shared_by_all, in_own_hand):
    """Not even with the very words of the solution or the bank."""
    class_ = learners.hand_ins(ASSIGNMENT, 60)
    right = {
        one.student
        for one in class_
        if sum(
            isinstance(answer, Alternative) and answer is not learners.UNDONE
            for answer in one.answers.values()
        )
        >= len(solved) - 1
    }
    assert len(right) >= 3
    texts = written(class_, solved, in_own_hand)
    planted = copied(texts, solved, random.Random(4))
    listed = names(alike.alike(as_texts(texts), shared_by_all))
    assert not [pair for pair in listed if set(pair) <= right]
    # Without the limits that keep the list short, copies stand before them. (A copy of
    # the solution's very words cannot be told from being right.)
    monkeypatch.setattr(alike, "FEWEST_BITS", 0)
    monkeypatch.setattr(alike, "LEAST_SHARE", 0)
    order = names(alike.alike(as_texts(texts), shared_by_all))
    of_right = [order.index(pair) for pair in order if set(pair) <= right]
    of_copies = [order.index(pair) for pair in order if pair in planted]
    assert len(of_copies) >= (COPIES if in_own_hand else COPIES - 1)
    assert not of_right or max(of_copies) < min(of_right)


def test_a_copy_from_an_earlier_term(solved, shared_by_all):
    texts = written(learners.hand_ins(ASSIGNMENT, 20, 1), solved)
    before = written(learners.hand_ins(ASSIGNMENT, 20, 2), solved, term="2026")
    before = {f"{name} (2026)": cells for name, cells in before.items()}
    draw = random.Random(1)
    texts["late"] = {
        task: handwriting.renamed(source, draw)
        for task, source in before["s004 (2026)"].items()
    }
    old = as_texts(before, earlier=True)
    twins = as_texts({"twin (2026)": before["s005 (2026)"]}, earlier=True)
    pairs = alike.alike([*as_texts(texts), *old, *twins], shared_by_all)
    assert names(pairs) == [("late", "s004 (2026)")]


def test_a_copied_judgement_shows_however_much_else_is_ones_own(solved, shared_by_all):
    draw = random.Random(2)
    vocabulary = [f"word{number}" for number in range(300)]
    texts = as_texts(written(learners.hand_ins(ASSIGNMENT, 20, 1), solved))
    words = [draw.choices(vocabulary, k=80) for _ in texts]
    words[3] = words[7]
    texts = [
        Text(one.name, (*one.parts, alike.part("judge", False, " ".join(own))))
        for one, own in zip(texts, words, strict=True)
    ]
    assert names(alike.alike(texts, shared_by_all)) == [("s004", "s008")]


# -- winnowing

LETTERS = st.lists(st.sampled_from("abc"), max_size=40)
SHARED = st.lists(
    st.sampled_from("abcdefgh"), min_size=winnow.RUN + winnow.WINDOW - 1, max_size=40
)


def as_words(letters):
    return [Word(letter, number) for number, letter in enumerate(letters)]


@given(SHARED, st.tuples(LETTERS, LETTERS, LETTERS, LETTERS))
def test_a_shared_passage_leaves_a_shared_fingerprint(shared, around):
    before, after, ahead, behind = around
    one = winnow.fingerprints([as_words([*before, *shared, *after])])
    other = winnow.fingerprints([as_words([*ahead, *shared, *behind])])
    assert one.keys() & other.keys()


@given(LETTERS, LETTERS)
def test_a_fingerprint_is_a_run_of_the_text(one, other):
    found = winnow.fingerprints([as_words(one), as_words(other)])
    assert found.keys() <= winnow.all_runs([as_words(one), as_words(other)])


CODE = """
def half(values, rate=0.5):
    \"\"\"Say what.\"\"\"
    # think
    kept = [one for one in values if one > 1.5]
    return np.sum(kept) * rate, f"{kept} of"
"""
OTHER = """
def zzz(q, w = 0.5):
  e = [
    t for t in q if t > 1.5]   # other
  return np.sum(e) * w, f"{e} von"
"""


def texts_of(source):
    return [word.text for word in winnow.words_of_code(source)]


def test_what_is_easily_changed_does_not_count():
    assert texts_of(CODE) == texts_of(OTHER)
    assert texts_of(CODE.replace("1.5", "2.5")) != texts_of(CODE)
    assert texts_of(CODE.replace("sum", "max")) != texts_of(CODE)
    assert texts_of(CODE.replace(">", ">=")) != texts_of(CODE)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\0",
        "def (:",
        "'''open",
        "%ls\n!rm",
        "((((" * 5000,
        "é = '\ud800'",
        "x" * 9**6,
    ],
)
def test_broken_code_has_words_too(source):
    winnow.fingerprints([winnow.words_of_code(source), winnow.words_of_prose(source)])


def test_lines_are_those_of_the_source():
    words = winnow.words_of_code("a = 1\n\n\n'''x\ny'''\nb")
    assert [(word.text, word.line) for word in words][-1] == ("name", 5)


# -- the command


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose released notebook has one cell to fill; its folder is current."""
    folder = tmp_path / "course"
    demo.new_course(folder, {ASSIGNMENT: runner.COURSE / "source" / ASSIGNMENT})
    monkeypatch.chdir(folder)
    return folder


def hand_in(folder, student, sources):
    notebook = runner.source(ASSIGNMENT)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = sources.get(name, cell.source)
    path = folder / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


PROSE = (
    "The marker moved because the drug blocks what makes it, says my grandmother, and "
    "so I would rather ask whether anybody climbs stairs again than look at it once "
    "more; four weeks, two arms, <script>alert(1)</script> and a count of joints."
)


def test_the_page_shows_passages_side_by_side(course, solved, tmp_path, capsys):
    one = {"judge": PROSE}
    hand_in(course / "submitted", "anna", one)
    hand_in(course / "submitted", "bo", one | {"das28": "<b>broken ("})
    hand_in(course / "submitted", "cy", {"judge": "Short."})
    (course / "submitted/di" / ASSIGNMENT).mkdir(parents=True)
    hand_in(tmp_path / "2026/submitted", "eve", {"judge": f"Well. {PROSE}"})
    assert main(["alike", ASSIGNMENT, "--earlier", str(tmp_path / "2026")]) == 0
    said = capsys.readouterr().out
    assert "4 hand-ins compared, 3 pairs" in said
    assert "not compared: di: handed in no notebook" in said
    text = (course / "alike" / f"{ASSIGNMENT}.html").read_text("utf-8")
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all(["script", "b", "link"])
    titles = [one.get_text() for one in page.find_all("h2")]
    assert sorted(titles) == ["anna · bo", "anna · eve (2026)", "bo · eve (2026)"]
    sides = page.find("div", class_="sides").find_all("pre")
    assert len(sides) == 2
    assert all("grandmother" in side.find("mark").get_text() for side in sides)


def test_nobody_one_and_what_is_no_assignment(course, tmp_path, capsys):
    assert main(["alike", ASSIGNMENT]) == 0
    assert "0 hand-ins compared, 0 pairs" in capsys.readouterr().out
    hand_in(course / "submitted", "anna", {"judge": PROSE})
    assert main(["alike", ASSIGNMENT]) == 0
    assert "1 hand-in compared, 0 pairs" in capsys.readouterr().out
    assert main(["alike", "nothing"]) == 1
    assert "no assignment" in capsys.readouterr().err
    assert main(["alike", ASSIGNMENT, "--earlier", str(tmp_path)]) == 1
    assert "holds no hand-in" in capsys.readouterr().err
    assert main(["alike", ASSIGNMENT, "--most", "0"]) == 1


def test_every_right_answer_of_the_bank_is_given(shared_by_all):
    for some in answers.load(ASSIGNMENT).ALTERNATIVE.values():
        for one in some:
            assert winnow.all_runs([winnow.words_of_code(one.code)]) <= shared_by_all
