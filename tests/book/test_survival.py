"""Kaplan-Meier and Aalen-Johansen against statsmodels, closed forms, the bootstrap."""

import doctest

import cohorts
import numpy as np
import pytest
from course import survival
from course.survival import aalen_johansen, kaplan_meier, value_at
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight
from tolerances import ROUNDING, SOLVED


def drawn(seed, n=200, censoring=0.3, causes=2):
    """Return times with many ties, and causes 1, 2, ...; 0 is censored."""
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return time, np.where(rng.random(n) < censoring, 0, 1 + rng.integers(0, causes, n))


@pytest.mark.parametrize("seed", range(4))
def test_kaplan_meier_is_that_of_statsmodels(seed):
    time, cause = drawn(seed)
    ours = kaplan_meier(time, cause > 0)
    theirs = SurvfuncRight(time, cause > 0)
    events = ours[ours["events"] > 0]
    np.testing.assert_array_equal(events["time"], theirs.surv_times)
    np.testing.assert_allclose(events["survival"], theirs.surv_prob)
    np.testing.assert_array_equal(events["at_risk"], theirs.n_risk)
    left = theirs.surv_prob > 0
    np.testing.assert_allclose(
        events["standard_error"][left], theirs.surv_prob_se[left]
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("causes", [1, 2, 3])
def test_aalen_johansen_is_that_of_statsmodels(seed, causes):
    time, cause = drawn(seed, causes=causes)
    time[np.argmax(time)] += 1
    cause[np.argmax(time)] = 0  # statsmodels divides by zero if the last one dies
    ours = aalen_johansen(time, cause)
    theirs = CumIncidenceRight(time, cause)
    at = np.searchsorted(ours["time"], theirs.times)
    for k in range(causes):
        np.testing.assert_allclose(ours[str(k + 1)].iloc[at], theirs.cinc[k])
        np.testing.assert_allclose(
            ours[f"{k + 1}_se"].iloc[at], theirs.cinc_se[k], atol=ROUNDING
        )


def test_kaplan_meier_of_a_textbook():
    """Remission in weeks on 6-mercaptopurine (Freireich 1963), worked by hand."""
    seen = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    ended = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = kaplan_meier(seen + ended, [1] * len(seen) + [0] * len(ended))
    by_hand = {6: 18 / 21, 7: 16 / 17, 10: 14 / 15, 13: 11 / 12, 16: 10 / 11}
    by_hand |= {22: 6 / 7, 23: 5 / 6}
    product = 1.0
    for week, factor in by_hand.items():
        product *= factor
        assert value_at(found, "survival", week) == pytest.approx(product)
    assert value_at(found, "survival", 5.9) == 1.0
    assert value_at(found, "survival", 100) == pytest.approx(product)


def test_shares_add_up_and_one_cause_is_kaplan_meier():
    time, cause = drawn(7)
    found = aalen_johansen(time, cause)
    np.testing.assert_allclose(found[["event_free", "1", "2"]].sum(axis=1), 1.0)
    alone = aalen_johansen(time, cause > 0, censored=False)
    together = kaplan_meier(time, cause > 0)
    np.testing.assert_allclose(alone["True"], 1 - together["survival"])
    inside = together["survival"] > 0
    np.testing.assert_allclose(
        alone["True_se"][inside], together["standard_error"][inside], rtol=ROUNDING
    )


def test_without_censoring_it_is_counting():
    time, cause = drawn(3, censoring=0.0)
    found = aalen_johansen(time, cause)
    for t in (2.0, 9.0, 40.0):
        share = np.mean((time <= t) & (cause == 2))
        assert value_at(found, "2", t) == pytest.approx(share)
        error = np.sqrt(share * (1 - share) / time.size)
        assert value_at(found, "2_se", t) == pytest.approx(error, rel=SOLVED)


def test_standard_errors_are_those_of_the_bootstrap():
    time, cause = drawn(5, n=300)
    rng = np.random.default_rng(1)
    again = [rng.integers(0, time.size, time.size) for _ in range(400)]
    spread = np.std(
        [value_at(aalen_johansen(time[i], cause[i]), "1", 8) for i in again]
    )
    se = value_at(aalen_johansen(time, cause), "1_se", 8)
    assert se == pytest.approx(spread, rel=0.15)  # SD of an SD of 400 is 3.5 %


def test_words_for_causes_and_a_real_trial():
    patients = cohorts.load("checkpoint_cohort").patients
    found = aalen_johansen(
        patients["follow_up_days"], patients["status"], censored="alive"
    )
    deaths = kaplan_meier(patients["follow_up_days"], patients["status"] == "dead")
    np.testing.assert_allclose(found["dead"], 1 - deaths["survival"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: kaplan_meier([1, 2], [1]), "same length"),
        (lambda: kaplan_meier([], []), "at least 1"),
        (lambda: kaplan_meier([1, -2], [1, 0]), "got -2.0 in row 1"),
        (lambda: kaplan_meier([1, np.nan], [1, 0]), "not missing"),
        (lambda: kaplan_meier([1, 2], [1, 2]), "True or False; got"),
        (lambda: aalen_johansen([1, 2], ["a", None], "b"), "missing in row 1"),
        (lambda: aalen_johansen([1, 2], [0, 0]), "no event"),
        (lambda: value_at(kaplan_meier([1], [1]), "survival", -1), "got -1.0"),
    ],
)
def test_what_is_wrong_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_the_examples_of_the_docstrings():
    failed, tried = doctest.testmod(survival, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried >= 3
    assert failed == 0
