"""A prediction covers what follows it, or is refused in one clear line."""

import pytest

CHOICE = """
:::{predict} pr-test-choice
Will $x$ find **19 h**, more, or less?

Think of it first.

- [ ] 19 h
- [x] more

> It finds 29 h.
:::
"""
LINE = """
:::{predict} pr-test-line
:unit: "%"
:from: 0
:to: 100

What share?

> It was **12** %, of which 3 % by chance.
:::
"""
CURVE = """
:::{predict} pr-test-curve
:unit: mg/L
:from: 0
:to: 100
:at: 0 7 14
:along: day

Draw it.

> **100**, **40** and **12.5** mg/L.
:::
"""
WORDS = """
:::{predict} pr-test-words
Why?

> Because.
:::
"""


def asking(settings="", rest="\n> Said **1**.", name="pr-test-bad"):
    """Return a prediction with these options and this end."""
    return f":::{{predict}} {name}\n{settings}\nHow much?\n{rest}\n:::\n"


REFUSED = {
    "no truth": (asking(rest=""), "quoted with >"),
    "bad name": (asking(name="Line"), "not allowed"),
    "one option": (asking(rest="\n- [x] a\n\n> b"), "one option"),
    "no right option": (asking(rest="\n- [ ] a\n- [ ] c\n\n> b"), "no right option"),
    "no box": (asking(rest="\n- a\n- [x] c\n\n> b"), "must begin with [ ]"),
    "list and unit": (asking(":unit: h\n", "\n- [x] a\n- [ ] c\n\n> b"), ":unit: too"),
    "half a scale": (asking(":from: 0\n"), "or neither"),
    "scale upside down": (asking(":from: 2\n:to: 1\n"), "not below"),
    "no number": (asking(":from: zero\n:to: 1\n"), "'zero'"),
    "curve without a scale": (asking(":at: 0 1\n:along: day\n"), "needs :along:"),
    "nothing in bold": (asking(":unit: h\n", "\n> Said 1."), "has 0"),
    "answer off the scale": (asking(":from: 2\n:to: 3\n"), "answer 1, which is not"),
    "words for a number": (
        asking(":from: 0\n:to: 3\n", "\n> **Some**."),
        "not a number",
    ),
    "no cover to go on": (asking(":later:\n:over: 1\n"), "has :over:, too"),
    "two in bold": (asking(":unit: h\n", "\n> **1** or **2**."), "has 2"),
}


def waits(page):
    """Return what each cover of a page waits for, and its text."""
    return [
        (cover["data-waits"].split(), cover.get_text(" ", strip=True))
        for cover in page.select(".predict-covered")
    ]


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_asked_is_refused_in_one_line(project, what):
    text, said = REFUSED[what]
    built = project({"a": text})
    assert said in built.warned("a")
    assert not built.page("a").select(".predict")


def test_a_name_is_used_once(project):
    built = project({"a": WORDS, "b": WORDS})
    assert "uses already" in built.warned("b")


def test_kinds_and_scales_are_told_to_the_script(project):
    built = project({"a": CHOICE + LINE + CURVE + WORDS})
    assert not built.warnings
    kinds = [box["data-kind"] for box in built.page("a").select(".predict")]
    assert kinds == ["choice", "line", "curve", "words"]
    line = built.page("a").select_one("#pr-test-line")
    assert (line["data-unit"], line["data-from"], line["data-to"]) == ("%", "0", "100")
    right = built.page("a").select(".predict-offer[data-right=true]")
    assert [one.get_text(strip=True) for one in right] == ["more"]
    assert "predict.js" in built.served("a")
    assert "predict.js" not in built.served("index")


def test_the_rest_of_the_section_is_covered(project):
    text = f"## One\n\nBefore.\n{CHOICE}\nAfter.\n\nMore.\n\n## Two\n\nThen.\n"
    page = project({"a": text}).page("a")
    assert waits(page) == [(["pr-test-choice"], "After. More.")]
    assert "Before." not in waits(page)[0][1]


def test_at_the_end_of_a_section_the_next_one_is_covered_but_for_its_title(project):
    text = (
        f"## One\n\nBefore.\n{CHOICE}\n(label)=\n## Two\n\nThen.\n\n## Three\n\nLast.\n"
    )
    page = project({"a": text}).page("a")
    assert waits(page) == [(["pr-test-choice"], "Then.")]
    assert [one.get_text()[:-1] for one in page.select("h2")] == ["One", "Two", "Three"]


def test_an_opener_covers_the_first_section(project):
    page = project({"a": f"Table.\n{CHOICE}\n## One\n\nThen.\n"}).page("a")
    assert waits(page) == [(["pr-test-choice"], "Then.")]


def test_takeaways_are_covered_until_all_predictions_are_made(project):
    text = f"## One\n{CHOICE}\nAfter.\n\n## Two\n{LINE}\nRest.\n\n"
    page = project({"a": f"{text}## Key takeaways\n\n- This.\n"}).page("a")
    assert waits(page)[-1] == (["pr-test-choice", "pr-test-line"], "This.")
    assert page.find_all("h2")[-1].find_parent(class_="predict-covered") is None


def test_what_is_settled_later_covers_nothing(project):
    later = WORDS.replace("words\n", "words\n:later:\n")
    text = f"## One\n{later}\nOpen.\n\n## Key takeaways\n\n- This.\n"
    assert waits(project({"a": text}).page("a")) == []


def test_a_cover_goes_on_over_as_many_sections_as_it_is_told(project):
    over = CHOICE.replace("choice\n", "choice\n:over: 2\n\n")
    text = (
        f"Table.\n{over}\nAfter.\n\n## One\n\nOne.\n\n"
        f"## Two\n\nTwo.\n{LINE}\nRest.\n\n## Three\n\nThree.\n"
    )
    first, *others = waits(project({"a": text}).page("a"))
    assert first == (["pr-test-choice"], "After.")
    assert [names for names, _ in others] == [
        ["pr-test-choice"],
        ["pr-test-choice"],
        ["pr-test-line"],
    ]
    assert others[0][1] == "One." and others[1][1].startswith("Two.")
    assert others[2][1] == "Rest."


def test_what_else_is_asked_has_a_field_of_its_own(project):
    asks = CHOICE.replace("Think of it first.", "Think of it first.\n\nAnd why?")
    page = project({"a": asks + WORDS.replace("Why?", "Why?\n\nWhy not?")}).page("a")
    assert [one.get_text() for one in page.select(".predict-also")] == ["And why?"]
    built = project({"a": asks}, builder="text")
    assert "And why?" in (built.folder / "a.txt").read_text()


def test_one_cover_waits_for_all_in_a_row(project):
    page = project({"a": f"## One\n{CHOICE}{LINE}\nAfter.\n\n{WORDS}\nLast.\n"}).page(
        "a"
    )
    outer, inner = waits(page)
    assert outer[0] == ["pr-test-choice", "pr-test-line"]
    assert inner == (["pr-test-words"], "Last.")
    assert outer[1].startswith("After.") and outer[1].endswith("Last.")


def test_elsewhere_the_question_is_printed_without_its_answer(project):
    built = project({"a": CHOICE + LINE + "After."}, builder="text")
    text = (built.folder / "a.txt").read_text()
    assert "Predict." in text and "* 19 h" in text and "* more" in text
    assert "After." in text
    assert "29 h" not in text and "12 %" not in text
