"""Times drawn by inversion have the hazard that was asked for."""

import numpy as np
from cohorts._hazards import time_of_event
from scipy import stats

STARTS, RATES = [0.0, 2.0, 5.0], [0.3, 0.0, 0.1]


def survival(t):
    inside = [np.clip(t - 0, 0, 2), np.clip(t - 2, 0, 3), np.clip(t - 5, 0, None)]
    return np.exp(-sum(r * x for r, x in zip(RATES, inside, strict=True)))


def test_times_follow_the_piecewise_survival_curve():
    level = np.random.default_rng(1).exponential(size=20_000)
    times = time_of_event(level, STARTS, RATES)
    assert stats.kstest(1 - survival(times), "uniform").pvalue > 1e-4
    assert not ((times > 2) & (times < 5)).any()


def test_pieces_may_differ_between_people():
    level = np.array([1.0, 1.0, 1.0])
    starts = [0, np.array([1.0, 2.0, np.inf])]
    rates = [np.array([0.5, 0.5, 0.25]), np.array([0.5, 0.1, 9.0])]
    np.testing.assert_allclose(time_of_event(level, starts, rates), [2.0, 2.0, 4.0])


def test_a_hazard_that_ends_leaves_people_without_the_event():
    times = time_of_event(np.array([0.5, 1.5]), [0, 1], [1.0, 0.0])
    np.testing.assert_array_equal(times, [0.5, np.inf])
