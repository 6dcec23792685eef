"""Rules for late hand-ins: in words, and at their limits."""

import datetime
from types import SimpleNamespace

import pytest
from nbgrader_apart import late

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    "rule, days, lost",
    [
        ("none", 3, 0),
        ("1 point a day", 0, 0),
        ("1 point a day", 0.01, 1),  # a day that has begun
        ("1 point a day", 1, 1),
        ("1 point a day", 1.01, 2),
        ("2.5 points per day", 2, 5),
        ("2 points an hour", 1 / 24, 2),
        ("10% a day", 2, 3.2),  # of the 16 points got
        ("10 % of the maximum a day", 2, 4),  # of the 20 to get
        ("10% a day, at most 50%", 9, 8),
        ("10% of the maximum a day, at most 50%", 9, 10),
        ("1 point a day, at most 3 points", 9, 3),
        ("10% a day", 11, 16),  # never more than there is
        ("5 points a week", 8, 10),
        ("10% a day, nothing after 7 days", 7, 11.2),
        ("10% a day, nothing after 7 days", 7.01, 16),
        ("nothing after 0 days", 0.01, 16),
        ("nothing after 0 days, 15 minutes of grace", 0.01, 0),
        ("1 point a day, 1 day of grace", 1, 0),
        ("1 point a day, 1 day of grace", 1.5, 2),
        ("  10%   A Day ", 1, 1.6),
    ],
)
def test_a_rule_takes_what_it_says(rule, days, lost):
    assert late.read(rule).penalty(16, 20, days * DAY) == pytest.approx(lost)


def test_what_has_no_points_loses_none():
    assert late.read("3 points a day").penalty(0, 20, DAY) == 0


def test_notebooks_of_one_assignment_share_what_it_loses():
    rule = late.read("2 points a day")
    assert sum(rule.penalty(8, 10, DAY, part) for part in (0.25, 0.75)) == 2


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "half a day",
        "none, 1 point a day",
        "10% a day, 1 point a day",
        "at most 3 points",
    ]
    + [
        "-1 point a day",
        "1 point of the maximum a day",
        "1 point a year",
        "1e3% a day",
    ],
)
def test_what_is_no_rule_says_what_is(rule):
    with pytest.raises(ValueError):
        late.read(rule)


def test_the_longer_of_two_extensions_counts():
    policy = late.Policy(late.Rule(), {"ada": 2 * DAY})
    due = datetime.datetime(2027, 3, 1, 12)
    granted = SimpleNamespace(extension=3 * DAY)
    assert policy.due(None, "ada", due) == due + 2 * DAY
    assert policy.due(granted, "ada", due) == due + 3 * DAY
    assert policy.due(granted, "ben", due) == due + 3 * DAY
    assert policy.due(None, "ada", None) is None
