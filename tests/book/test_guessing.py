"""No self-check of the book can be answered from the look of its options.

Over the book, each rule of guessing.py is right at most five points more often than
an option taken at random, and so is, within ten, a guesser that learns from all pages
but the one it answers: from the shape of the options, or from their words. What fails
is an option to rewrite, not a rule to delete: the right one shorter and plainer, or a
wrong one with the reason that somebody would give.
"""

import numpy as np
import pytest
from guessing import (
    RULES,
    TICKING,
    Check,
    all_ticked,
    chance,
    checks,
    checks_in,
    features,
    score,
)
from selfcheck import shown_order
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

#: By how much a rule may beat chance, as a share of all questions.
MARGIN = 0.05
#: A learner's share of right answers varies by four points from draw to draw: more.
MARGIN_LEARNED = 0.10

ALL = checks()
ONE = [check for check in ALL if not check.several]
SEVERAL = [check for check in ALL if check.several]


def mean(values):
    """Return the mean as a plain number."""
    return float(np.mean(list(values)))


def by_shape():
    """Return a guesser that sees the `features` of an option."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))


def by_words():
    """Return a guesser that sees the words of an option, alone and in pairs."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(C=1, max_iter=1000))


#: How each guesser is made, and what it sees of the options of a question.
GUESSERS = {
    "shape": (by_shape, features),
    "words": (by_words, lambda check: list(check.options)),
}


def learned(questions, kind):
    """Return how often a logistic regression finds the right option.

    It answers each page after learning from all others.
    """
    make, look = GUESSERS[kind]
    right = 0
    seen = {one.name: look(one) for one in questions}
    for page in {one.page for one in questions}:
        known = [one for one in questions if one.page != page]
        guesser = make()
        guesser.fit(
            [option for one in known for option in seen[one.name]],
            np.concatenate([one.right for one in known]),
        )
        for one in questions:
            if one.page == page:
                liking = guesser.decision_function(seen[one.name])
                right += one.right[int(np.argmax(liking))]
    return right / len(questions)


def test_all_questions_of_the_book_are_read():
    assert len(ONE) > 90 and len(SEVERAL) >= 4
    assert all(sum(one.right) == 1 and len(one.options) > 2 for one in ONE)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_scores_as_chance_does(name):
    by_chance = mean(map(chance, ONE))
    assert mean(score(RULES[name], one) for one in ONE) <= by_chance + MARGIN


@pytest.mark.parametrize("name", TICKING)
def test_no_rule_ticks_what_is_right(name):
    assert sum(all_ticked(TICKING[name], one) for one in SEVERAL) <= 1


@pytest.mark.parametrize("kind", GUESSERS)
def test_a_learned_guesser_scores_as_chance_does(kind):
    assert learned(ONE, kind) <= mean(map(chance, ONE)) + MARGIN_LEARNED


def test_options_are_shown_in_an_order_that_hangs_on_the_name_alone():
    source = (
        ":::{{selfcheck}} {name}\n:objective: ob-a\n\nWhich?\n\n"
        "- [x] one\n  why\n- [ ] two\n  why\n- [ ] three\n  why\n:::\n"
    )
    for name in ("sc-a", "sc-b", "sc-c"):
        (read,) = checks_in(source.format(name=name))
        written = ["one", "two", "three"]
        assert list(read.options) == [written[i] for i in shown_order(name, 3)]
        assert read.right == tuple(one == "one" for one in read.options)
        assert read.question == "Which?"


# -- rules and learner find what is there to be found


def made_up(right, wrong, count=60):
    """Return questions whose right option looks like this, and the others like that."""
    questions = []
    for number in range(count):
        place = number % 4
        options = [wrong.format(number=number, i=i) for i in range(4)]
        options[place] = right.format(number=number, i=place)
        questions.append(
            Check(
                f"sc-made-up-{number}",
                f"page {number % 6}",
                "Which is it?",
                tuple(options),
                tuple(i == place for i in range(4)),
                several=False,
            )
        )
    return questions


TELLING = {
    "most characters": ("Word {i}, and a few more.", "Word {i}."),
    "fewest words": ("Word{i}.", "Word {i} and more."),
    "with a hedge": ("It may be {i}.", "It is {i}."),
    "without an absolute word": ("Some of {i}.", "All of {i}."),
    "the only one with a number": ("It is 12.", "It is not."),
    "with an opening of its own": ("That is {i}.", "It is {i}."),
}


@pytest.mark.parametrize("name", TELLING)
def test_a_rule_finds_what_gives_the_answer_away(name):
    questions = made_up(*TELLING[name])
    assert mean(score(RULES[name], one) for one in questions) == 1
    assert learned(questions, "shape") > 0.9


def test_a_guesser_learns_a_word_that_gives_the_answer_away():
    questions = made_up("It is often {i}.", "It is rare {i}.")
    assert learned(questions, "words") > 0.9


def test_nothing_is_found_where_nothing_is():
    questions = made_up("It is {i}.", "It is {i}.")
    for name in ("most characters", "with a hedge", "the first"):
        assert mean(score(RULES[name], one) for one in questions) == 0.25
