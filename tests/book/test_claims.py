"""Each sentence that compares or counts is judged, and the reader of them can fail."""

import doctest

import claims
import nbformat
import pytest

PAGES = claims.pages()


@pytest.mark.parametrize("name", PAGES)
def test_every_sentence_is_judged(name):
    path = claims.REGISTER / f"{name}.toml"
    register = claims.judged(path) if path.is_file() else {}
    found = list(claims.faults(claims.read(PAGES[name]), register, claims.tests()))
    where = path.relative_to(claims.ROOT)
    assert not found, "\n".join([f"{where}, {found[0]}", *found[1:]])


def test_there_are_pages_and_no_register_without_one():
    assert len(PAGES) >= 20
    assert {path.stem for path in claims.REGISTER.glob("*.toml")} == set(PAGES)


def test_what_is_left_out_is_there_and_says_nothing_of_who_is_drawn():
    book = claims.ROOT / "book"
    left_out = {
        pattern
        for path in book.rglob("*.md")
        for pattern in claims.exempt(path.relative_to(book))
    }
    assert left_out == set(claims.WITHOUT_DRAWS)
    assert "exercise-context" not in PAGES  # else its answers want a register
    for pattern in ("evidence/06-*", "evidence/07-*"):
        (path,) = book.glob(pattern)
        assert "{truth}" not in path.read_text() and "{cohort}" not in path.read_text()


def test_every_page_of_answers_has_the_register_of_its_assignment_beside_it():
    answers = {name.partition("-")[2] for name in PAGES if name.startswith("answers-")}
    exercises = {name.partition("-")[2] for name in PAGES if name[:4] == "exer"}
    assert answers == exercises


def test_the_examples():
    results = doctest.testmod(claims)
    assert results.attempted and not results.failed


# -- the reader can fail

ANSWERS = """# Metrics

All of it stands here.

## Task 1 · Half of it?

> how many are left?

:::{dropdown} Answer
CRP fell in `98 %`, further than before.
:::

## Task 2

Two texts, marked by the rubric.

**Text A**

> It fell in most.

:::{dropdown} Marks: 3 of 3
Both are there.
:::
"""


@pytest.fixture
def page(tmp_path):
    """Return a function that writes a page of answers, and reads it."""

    def read(text):
        path = tmp_path / "answers" / "metrics.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return claims.read(path)

    return read


def test_of_answers_neither_questions_nor_judged_texts_are_listed(page):
    assert claims.listed(page(ANSWERS)) == {
        "All of it stands here.": "cell Metrics",
        "CRP fell in `98 %`, further than before.": "cell Task-1-Half-of-it",
        "Two texts, marked by the rubric.": "cell Task-2",
    }


def test_a_word_that_is_changed_in_answers_is_named(page):
    register = dict.fromkeys(claims.listed(page(ANSWERS)), "task: says what is asked")
    changed = page(ANSWERS.replace("further than", "less far than"))
    assert list(claims.faults(page(ANSWERS), register, TESTS)) == []
    new, old = claims.faults(changed, register, TESTS)
    assert new.startswith("new or changed, and not judged: CRP fell in `98 %`, less")
    assert old.startswith("judged, but no longer there: CRP fell in `98 %`, further")
    guarded = {**register, "Two texts, marked by the rubric.": "assert: two"}
    (found,) = claims.faults(page(ANSWERS), guarded, TESTS)
    assert found.startswith("no cell asserts 'two'")


def notebook():
    """Return a page with one sentence of each sort."""
    text = "CRP fell further.\n\nIt is here.\n\n- [ ] all of them\n\nDid both fall?\n"
    figure = {"figure": {"caption": "A line."}, "image": {"alt": "It rises."}}
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(text),
            nbformat.v4.new_code_cell(
                'assert 1 < 2, "text: further"\nassert a > b, c',
                metadata={"mystnb": figure},
            ),
        ]
    )


GOOD = {
    "CRP fell further.": "assert: text: further",
    "A line.": "task: says what is drawn",
    "It rises.": "test: test_x.py::test_rises",
}
TESTS = {"test_x.py::test_rises"}


def test_what_is_judged_passes():
    assert list(claims.faults(notebook(), GOOD, TESTS)) == []
    by_condition = {**GOOD, "CRP fell further.": "assert: a > b"}
    assert list(claims.faults(notebook(), by_condition, TESTS)) == []


def test_a_line_that_is_wrapped_otherwise_is_the_same_sentence():
    other = notebook()
    other.cells[0].source = other.cells[0].source.replace(
        "fell further", "fell\nfurther"
    )
    assert list(claims.faults(other, GOOD, TESTS)) == []


def test_a_word_that_is_changed_is_named_with_its_place():
    other = notebook()
    other.cells[0].source = other.cells[0].source.replace("further", "less far")
    new, old = claims.faults(other, GOOD, TESTS)
    assert new.startswith("new or changed, and not judged: CRP fell less far. (cell ")
    assert 'sentences = ["CRP fell less far."]' in new
    assert old == "judged, but no longer there: CRP fell further."


@pytest.mark.parametrize(
    "because, fault",
    [
        ("assert: text: nearer", "no cell asserts 'text: nearer'"),
        ("test: test_x.py::test_falls", "there is no test test_x.py::test_falls"),
        ("surely", "'surely' says none of"),
        ("design:", "'design:' says none of"),
    ],
)
def test_what_guards_nothing(because, fault):
    (found,) = claims.faults(notebook(), {**GOOD, "CRP fell further.": because}, TESTS)
    assert found.startswith(fault)
    assert found.endswith("CRP fell further.")


@pytest.mark.parametrize(
    "text, fault",
    [
        ("[[judged]]\nsentences = []", "no [[judged]]"),
        ("judged = 3", "no [[judged]]"),
        ("[[judged", "no [[judged]]"),
        ('[[judged]]\nbecause = "x"\nsentences = ["a", "a"]', "judges twice: a"),
    ],
)
def test_a_register_that_is_none(tmp_path, text, fault):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(claims.Malformed) as caught:
        claims.judged(tmp_path / "x.toml")
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "sentence",
    [
        "Half of them had it.",
        "The median is larger than before.",
        "None of the twelve was ill.",
        "It is 19 h.",
        "CRP rises first.",
        "On {glue:text}`arm` most respond {cite:p}`Some2020`.",
    ],
)
def test_what_compares_or_counts(sentence):
    assert claims.compares(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is {glue:text}`half` %.",
        "The drug blocks `x[1]` in $2\\pi$ ways.",
        "See [the notebook](02-more.ipynb).",
        "Which of the two is larger?",
        "It falls by half in 19 h {cite:p}`Vigushin1993crp`.",
    ],
)
def test_what_does_not(sentence):
    assert not claims.compares(sentence)


def test_what_a_function_is_to_do_is_left_to_its_hidden_tests():
    text = "CRP fell in both.\n\n**Write** `falls(crp)`.\n\n- `crp`: two or more\n"
    assert list(claims.sentences(text)) == ["CRP fell in both."]
    assert len(list(claims.sentences("**Write 120–200 words** on both.\n"))) == 1
