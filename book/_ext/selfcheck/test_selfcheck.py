"""A question becomes an accessible group of answers, or one clear line of refusal."""

import itertools
from collections import Counter

import pytest
from small_books import build

from selfcheck import shown_order

CHOICE = """
:::{selfcheck} sc-test-choice
CRP *rises*: what of $x^2$?

It was drawn twice.

- [ ] Treat **now**.
  Two readings differ by $y_1$ in health.
- [x] Wait.
  The change is small.

  A second paragraph.
:::
"""
NUMBER = """
:::{selfcheck} sc-test-number
:answer: 12.5
:tolerance: 0.5
:unit: mg/L

What is left of 100 mg/L?

- 33.3: You divided by three.
- else: Halve three times.
- right: 100, 50, 25, 12.5.
:::
"""
SEVERAL = """
:::{selfcheck} sc-test-several
:several:

Which count joints?

- [x] DAS28
  It does.
- [x] CDAI
  It does.
- [ ] CRP
  It is a protein.
:::
"""


def question(options, settings="", name="sc-test-bad", text="How much?"):
    """Return a self-check with these options."""
    return f":::{{selfcheck}} {name}\n{settings}\n{text}\n\n{options}\n:::\n"


def pointing(option, reason="why"):
    """Return a self-check whose second option, or its reason, is this."""
    return question(f"- [x] a\n  why\n- [ ] {option}\n  {reason}")


NUMERIC = ":answer: 10\n:tolerance: 1\n"
REFUSED = {
    "no-reason": (question("- [ ] a\n- [x] b\n  why"), "gives no reason for", "'a'"),
    "no-right": (question("- [ ] a\n  why\n- [ ] b\n  why"), "no right option"),
    "two-right": (
        question("- [x] a\n  why\n- [x] b\n  why"),
        "2 right options",
        ":several:",
    ),
    "one-option": (question("- [x] a\n  why"), "one option"),
    "no-box": (question("- a\n  why\n- [x] b\n  why"), "must begin with [ ]"),
    "empty-option": (question("- [ ]\n  why\n- [x] b\n  why"), "sc-test-bad"),
    "all-of-the-above": (pointing("All of the above"), "'of the above'", "at random"),
    "both-of-these": (pointing("Both of these"), "'Both of these'", "at random"),
    "another-option": (pointing("As the second option, only more so"), "at random"),
    "lettered-option": (pointing("Answer B and more"), "'Answer B'", "at random"),
    "ordinal": (pointing("The first, since it is larger"), "'The first'", "at random"),
    "ordinal-alone": (
        pointing("Neither: see below", "The option above says it"),
        "above",
    ),
    "no-list": (question("only text"), "list of options"),
    "bad-name": (question("- [x] a\n  b", name="Rcv_1"), "not allowed", "sc-"),
    "no-tolerance": (
        question("- else: why", ":answer: 10\n"),
        "no :tolerance:",
    ),
    "tolerance-only": (
        question("- [x] a\n  b\n- [ ] c\n  d", ":tolerance: 1\n"),
        "no :answer:",
    ),
    "negative-tolerance": (
        question("- else: why", ":answer: 10\n:tolerance: -1\n"),
        "0 or more",
    ),
    "answer-is-text": (
        question("- else: why", ":answer: ten\n:tolerance: 1\n"),
        "'ten', which is not a number",
    ),
    "answer-is-infinite": (
        question("- else: why", ":answer: inf\n:tolerance: 1\n"),
        "not a number",
    ),
    "no-else": (question("- 20: why", NUMERIC), "no `else:`"),
    "wrong-is-right": (
        question("- 10.5: why\n- else: why", NUMERIC),
        "10.5 as wrong",
        "within the tolerance",
    ),
    "number-without-reason": (
        question("- 20:\n- else: why", NUMERIC),
        "sc-test-bad",
    ),
    "listed-twice": (
        question("- 20: why\n- 20: why\n- else: why", NUMERIC),
        "twice",
    ),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """Build every wrong question once, each on a page and under a name of its own."""
    pages = {
        case: text.replace("sc-test-bad", f"sc-test-{case}")
        for case, (text, *_) in REFUSED.items()
    }
    return build(tmp_path_factory.mktemp("refused"), pages)


@pytest.mark.parametrize("case", REFUSED)
def test_a_question_with_a_fault_is_refused(refused, case):
    said = refused.warned(case)
    assert "ERROR" in said
    for words in REFUSED[case][1:]:
        assert words.replace("sc-test-bad", f"sc-test-{case}") in said
    assert not refused.page(case).select("fieldset")


def test_a_name_is_given_once_in_the_whole_book(project):
    built = project({"first": CHOICE, "second": CHOICE})
    assert "'first' uses already" in built.warned("second")
    assert built.page("first").select("fieldset")
    assert not built.page("second").select("fieldset")


def test_choice_is_a_labelled_group_of_radio_buttons(project):
    built = project({"a": CHOICE, "b": "No question here."})
    assert not built.warnings
    page = built.page("a")
    box = page.select_one("#sc-test-choice")
    legend = box.select_one("fieldset > legend")
    assert "CRP rises: what of" in legend.text
    assert legend.select_one("em") and legend.select_one(".math")
    assert "It was drawn twice." in box.text
    options = box.select(".selfcheck-option")
    written = {"Treat now.": "false", "Wait.": "true"}
    for option in options:
        assert option.select_one("label > input[type=radio]")["name"] == box["id"]
        label = option.select_one("label").text.strip()
        assert option["data-right"] == written.pop(label)
    assert not written


ORDERED = "".join(
    f"- [{'x' if i == 0 else ' '}] word {i}\n  reason {i}\n" for i in range(5)
)


@pytest.mark.parametrize("builder", ["html", "text"])
def test_options_are_shown_in_the_order_drawn_from_the_name(project, builder):
    names = [f"sc-test-{number}" for number in range(4)]
    pages = {name: question(ORDERED, name=name) for name in names}
    built = project(pages, builder=builder)
    for name in names:
        if builder == "html":
            labels = built.page(name).select(".selfcheck-option label")
            shown = [one.text.strip() for one in labels]
            boxes = built.page(name).select(".selfcheck-option input")
            numbers = [one["value"] for one in boxes]
            assert numbers == ["1", "2", "3", "4", "5"]
        else:
            text = (built.folder / f"{name}.txt").read_text()
            shown = [line[2:8] for line in text.splitlines() if line.startswith("* ")]
        assert shown == [f"word {place}" for place in shown_order(name, 5)]


def test_the_order_is_kept_and_favours_no_place():
    names = [f"sc-many-{number}" for number in range(2400)]
    drawn = [tuple(shown_order(name, 4)) for name in names]
    assert drawn == [tuple(shown_order(name, 4)) for name in names]
    count = Counter(drawn)
    assert set(count) == set(itertools.permutations(range(4)))
    # 100 of each are expected; 4.5 standard deviations on either side.
    assert min(count.values()) > 55 and max(count.values()) < 145


def test_every_reason_can_be_read_without_a_script(project):
    page = project({"a": CHOICE + NUMBER}).page("a")
    reasons = [
        one.text for one in page.select("#sc-test-choice details .selfcheck-reason")
    ]
    verdicts = [one.text for one in page.select("#sc-test-choice details strong")]
    told = dict(zip(verdicts, reasons, strict=True))
    assert "Two readings differ by" in told["Wrong."]
    assert "A second paragraph." in told["Right."]
    folded = page.select_one("#sc-test-number details").text.replace("\xa0", " ")
    for words in ("12.5 mg/L", "± 0.5", "33.3 mg/L", "You divided by three.", "Halve"):
        assert words in folded
    # Buttons that nothing listens to stay away until the script shows them.
    assert all(one.has_attr("hidden") for one in page.select(".selfcheck-button"))


def test_the_verdict_is_announced(project):
    page = project({"a": CHOICE + NUMBER}).page("a")
    for box in page.select(".selfcheck"):
        region = box.select_one("[aria-live=polite]")
        assert region["role"] == "status" and not region.has_attr("hidden")


def test_number_has_a_label_with_its_unit(project):
    page = project({"a": NUMBER}).page("a")
    box = page.select_one("#sc-test-number")
    field = box.select_one("input[type=number]")
    assert "mg/L" in box.select_one(f"label[for={field['id']}]").text
    assert (box["data-answer"], box["data-tolerance"]) == ("12.5", "0.5")
    worths = [one["data-worth"] for one in box.select(".selfcheck-option")]
    assert worths == ["33.3", "else", "right"]


def test_several_right_options_are_ticked(project):
    page = project({"a": SEVERAL}).page("a")
    assert len(page.select("#sc-test-several input[type=checkbox]")) == 3
    assert len(page.select("[data-right=true]")) == 2


def test_script_and_style_come_only_where_there_is_a_question(project):
    built = project({"a": CHOICE, "b": "No question here."})
    assert {"selfcheck.js", "selfcheck.css"} <= built.served("a")
    assert not {"selfcheck.js", "selfcheck.css"} & built.served("b")


def test_other_builders_print_a_list(project):
    built = project({"a": CHOICE + NUMBER}, builder="text")
    assert not built.warnings
    printed = (built.folder / "a.txt").read_text()
    for words in (
        "CRP *rises*",
        "* Wait. *Right.*",
        "* Treat **now**. *Wrong.*",
        "The change is small.",
        "12.5 mg/L (± 0.5)",
        "33.3 mg/L:",
        "You divided by three.",
    ):
        assert words in printed


def test_the_heading_above_a_self_check_can_be_linked(project):
    page = f"# Page\n\n{CHOICE}\n## Below\n\nWords.\n\n### Deep\n\n{NUMBER}\n"
    built = project({"page": page})
    assert built.warnings == ""
    for name, title in (("sc-test-choice", "Page"), ("sc-test-number", "Deep")):
        anchor = built.page("page").find(id=f"above-{name}")
        assert anchor.find_parent("section").find(["h1", "h2", "h3"]).text[:4] == title
        question = built.page("page").find(id=name)
        assert anchor.find_all_next(id=name) == [question]
