"""Another truth can be planted in every cohort, within the declared ranges only."""

import math
from collections.abc import Mapping

import cohorts
import numpy as np
import pytest
from cohorts._files import check
from cohorts._truth import SHARE, Planted, true_values

#: Enough people that rare values show, few enough to be quick.
SIZES = {"flow_panel": 1500, "spontaneous_reports": 20_000, "expression": 600}
SIZE = 300


def leaves(planted):
    """Yield (path of groups, value, range) of each number of a planted value."""

    def walk(value, between, path):
        if not isinstance(value, Mapping):
            yield path, value, between
            return
        for key, one in value.items():
            of = between[key] if isinstance(between, Mapping) else between
            yield from walk(one, of, (*path, key))

    yield from walk(planted.value, planted.between, ())


def override(name, path, value):
    """Return ``{name: {group: {...: value}}}``."""
    for key in reversed(path):
        value = {key: value}
    return {name: value}


EVERY_LEAF = [
    pytest.param(cohort, name, path, value, between, id=f"{cohort}.{name}{list(path)}")
    for cohort in cohorts.names()
    for name, planted in cohorts.get(cohort).truth.items()
    if planted.between is not None
    for path, value, between in leaves(planted)
]


def drawn(cohort, changed=None, seed=5):
    size = SIZES.get(cohort.name, SIZE)
    made = cohort.make(**{cohort.size: size}, truth=changed, random_state=seed)
    return cohort.frames(made)


@pytest.fixture(scope="module")
def shipped_world():
    return {name: drawn(cohorts.get(name)) for name in cohorts.names()}


def ends(value, between):
    """Return the smallest and the largest value that may be planted.

    An interval is stretched to each end, and cut to its middle third.
    """
    low, high = (
        type(value)(end) if isinstance(value, (int, float)) else end for end in between
    )
    if isinstance(value, tuple):
        third = type(value[0])((value[-1] - value[0]) / 3)
        middle = (value[0] + third, *value[1:-1], value[-1] - third)
        return [(low, *value[1:]), (*value[:-1], high), tuple(sorted(middle))]
    return [low, high]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("cohort", "name", "path", "value", "between"), EVERY_LEAF)
def test_both_ends_of_a_range_fit_the_schema_and_matter(
    cohort, name, path, value, between, shipped_world
):
    """What is declared is used: at least one end gives other data than before."""
    cohort = cohorts.get(cohort)
    moved = []
    for end in ends(value, between):
        changed = override(name, path, end)
        if name == "correlation":
            # One extreme correlation goes with the others only if they are small.
            changed[name] = dict.fromkeys(cohort.truth[name].value, 0.0) | changed[name]
        made = drawn(cohort, changed)
        for table, frame in made.items():
            check(frame, cohort.tables[table], f"{cohort.name}.{table}")
        before = shipped_world[cohort.name]
        moved.append(any(not made[t].equals(before[t]) for t in made))
    assert any(moved), f"{cohort.name}.{name}{path} changes nothing"


@pytest.mark.parametrize(("cohort", "name", "path", "value", "between"), EVERY_LEAF)
def test_outside_of_its_range_a_value_is_refused(cohort, name, path, value, between):
    low, high = between
    make = cohorts.get(cohort).make
    for wrong in (low - 1, high + 1, math.nan, math.inf, "much", None, True):
        if isinstance(value, tuple):
            wrong = (wrong, *value[1:])
        with pytest.raises(ValueError, match=name) as caught:
            make(truth=override(name, path, wrong), random_state=0)
        assert "is not allowed" in str(caught.value)


@pytest.mark.parametrize("cohort", cohorts.names())
def test_the_shipped_value_lies_in_its_range_and_planting_it_changes_nothing(
    cohort, shipped_world
):
    cohort = cohorts.get(cohort)
    changed = {n: p.value for n, p in cohort.truth.items() if p.between is not None}
    made = drawn(cohort, changed)
    assert all(made[t].equals(shipped_world[cohort.name][t]) for t in made)


@pytest.mark.parametrize("cohort", cohorts.names())
def test_what_follows_from_other_values_cannot_be_planted(cohort):
    cohort = cohorts.get(cohort)
    for name, planted in cohort.truth.items():
        if planted.between is None:
            with pytest.raises(ValueError, match=f"{name}.*cannot be changed"):
                cohort.make(truth={name: planted.value}, random_state=0)


DECLARED = {
    "half_life_h": Planted(19.0, "Half-life", (1, 200), unit="h"),
    "risk": Planted({"placebo": 0.3, "drug": {"low": 0.2, "high": 0.1}}, "Risk", SHARE),
    "visits": Planted(8, "Visits", (2, 24)),
    "window": Planted((4.0, 8.0), "Window", (1, 30), unit="ng/mL"),
    "blood": Planted(
        {"mean": 0.4, "days": 60.0}, "Blood", {"mean": (0.2, 0.5), "days": (1, 100)}
    ),
    "found": Planted(0.25, "A consequence of the risk"),
}


def test_nothing_changed_is_what_is_declared():
    values = true_values(DECLARED)
    assert values == {name: planted.value for name, planted in DECLARED.items()}


def test_a_mapping_changes_the_groups_that_it_names():
    changed = {"risk": {"drug": {"high": 0.0}}, "blood": {"days": 5}}
    values = true_values(DECLARED, changed)
    assert values["risk"] == {"placebo": 0.3, "drug": {"low": 0.2, "high": 0.0}}
    assert values["blood"] == {"mean": 0.4, "days": 5.0}
    assert DECLARED["risk"].value["drug"]["high"] == 0.1
    # What follows from others does not hold any more.
    assert "found" not in values


@pytest.mark.parametrize("given", [38, 38.0, np.float32(38), (38, "h")])
def test_a_number_may_bring_its_unit(given):
    assert true_values(DECLARED, {"half_life_h": given})["half_life_h"] == 38.0


def test_whole_numbers_stay_whole():
    values = true_values(DECLARED, {"visits": 4.0})
    assert values["visits"] == 4 and isinstance(values["visits"], int)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"half_life": 38}, "no 'half_life'; there are half_life_h, risk"),
        ({"risk": {"verum": 0.1}}, "truth['risk'] has no 'verum'; there are placebo"),
        ({"risk": 0.1}, "truth['risk']=0.1 is not allowed: give a mapping from one"),
        ({"risk": {"drug": {"low": 2}}}, "truth['risk']['drug']['low']=2 is not allow"),
        ({"half_life_h": 0.5}, "give a number from 1 to 200 (in h)"),
        ({"half_life_h": (2, "d")}, "the unit 'd' is not allowed; give 'h'"),
        ({"half_life_h": {"a": 2}}, "give a number from 1 to 200 (in h)"),
        ({"visits": 2.5}, "give a whole number from 2 to 24"),
        ({"window": 5}, "give 2 numbers, the smallest first"),
        ({"window": (4, 5, 6)}, "give 2 numbers, the smallest first"),
        ({"window": (8, 4)}, "give the smallest first"),
        ({"window": (0, 4)}, "give a number from 1 to 30 (in ng/mL)"),
        ({"blood": {"days": 0.4}}, "truth['blood']['days']=0.4 is not allowed"),
        ({"found": 0.3}, "truth['found'] cannot be changed: it follows from other"),
        ("half_life_h", "truth='half_life_h' is not allowed: give a mapping"),
    ],
)
def test_a_wrong_truth_is_named(changed, says):
    with pytest.raises(ValueError) as caught:
        true_values(DECLARED, changed)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_close_name_is_offered_where_there_are_many():
    with pytest.raises(ValueError, match="did you mean crp_half_life_h"):
        cohorts.make_acute_phase(truth={"crp_halflife_h": 30})


def test_correlations_that_cannot_go_together_are_refused():
    with pytest.raises(ValueError, match=r"truth\['correlation'\].*not allowed"):
        cohorts.make_crp_timecourse(
            truth={"correlation": {"cl_l_d, v1_l": 0.9, "cl_l_d, v2_l": -0.9}}
        )


def test_truth_says_what_the_maker_plants():
    values = cohorts.truth("clinic_diary", {"effect": -10})
    assert values["effect"] == -10.0
    assert values["threshold"] == cohorts.truth("clinic_diary")["threshold"]
