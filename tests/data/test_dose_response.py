"""`dose_response`: curves fitted one by one give back potency, slope and donors."""

import cohorts
import numpy as np
import pandas as pd
import pytest
from recovery import assert_recovered
from scipy import optimize, stats

TRUE = cohorts.truth("dose_response")
SEEDS = range(4)
DONORS = 24


def fit_curve(concentration, signal):
    """Return ln IC50, Hill slope and bottom of one curve, in log signal."""

    def residual(theta):
        log_ic50, hill, bottom = theta
        curve = bottom + (100 - bottom) / (
            1 + (concentration / np.exp(log_ic50)) ** hill
        )
        return np.log(curve) - np.log(signal)

    start = [np.log(concentration[np.argmin(abs(signal - 52))]), 1.0, 5.0]
    bounds = ([-3, 0.3, 0.01], [13, 3, 60])
    fit = optimize.least_squares(residual, start, bounds=bounds)
    return *fit.x, np.sqrt(2 * fit.cost / (signal.size - 3))


@pytest.fixture(scope="module")
def fitted():
    """One column a curve: ln IC50, slope, bottom and reading error."""
    fits = []
    for seed in SEEDS:
        frame = cohorts.make_dose_response(DONORS, random_state=seed)
        # The doses do not reach the lower plateau of the weak inhibitor.
        frame = frame[frame["inhibitor"] != "K5"]
        curves = frame.groupby(["inhibitor", "stimulus", "donor"], sort=False)
        fits.append(
            pd.DataFrame(
                {
                    key: fit_curve(
                        curve["concentration_nm"].to_numpy(),
                        curve["signal_percent"].to_numpy(),
                    )
                    for key, curve in curves
                },
                index=["log_ic50", "hill", "bottom", "sd"],
            )
        )
    return fits


def by_curve(frame, name):
    """Return one fitted parameter, a row a curve and a column a donor."""
    return frame.loc[name].unstack()


# K2 to K4 lose part of a plateau for their weakest stimuli; these are fully seen.
SEEN = [
    (inhibitor, stimulus)
    for inhibitor, row in TRUE["ic50_nm"].items()
    for stimulus, ic50 in row.items()
    if 10 <= ic50 <= 200
]


@pytest.mark.parametrize(("inhibitor", "stimulus"), SEEN)
def test_ic50_of_the_median_donor(fitted, inhibitor, stimulus):
    rows = [by_curve(frame, "log_ic50").loc[(inhibitor, stimulus)] for frame in fitted]
    estimates = [row.mean() for row in rows]
    errors = [row.std() / np.sqrt(DONORS) for row in rows]
    assert_recovered(estimates, errors, np.log(TRUE["ic50_nm"][inhibitor][stimulus]))


@pytest.mark.parametrize("inhibitor", ["K1", "K2", "K3", "K4"])
def test_hill_slope(fitted, inhibitor):
    stimuli = [stimulus for name, stimulus in SEEN if name == inhibitor]
    rows = [by_curve(frame, "hill").loc[inhibitor].loc[stimuli] for frame in fitted]
    donors = [row.mean() for row in rows]
    estimates = [d.mean() for d in donors]
    errors = [d.std() / np.sqrt(DONORS) for d in donors]
    assert_recovered(estimates, errors, TRUE["hill"][inhibitor])


def test_donors_differ_and_a_sensitive_donor_is_sensitive_to_all(fitted):
    """The covariance of two curves of a donor is the variance between donors."""
    estimates, errors = [], []
    for frame in fitted:
        logs = by_curve(frame, "log_ic50").loc[SEEN].to_numpy()
        covariance = np.cov(logs)
        pairs = covariance[np.triu_indices_from(covariance, 1)]
        estimates.append(pairs.mean())
        errors.append(pairs.mean() * np.sqrt(2 / (DONORS - 1)) * 1.15)
    assert_recovered(estimates, errors, TRUE["donor_sd"] ** 2)


def test_readings_scatter_by_the_assay_cv(fitted):
    for frame in fitted:
        sd = by_curve(frame, "sd").to_numpy().ravel()
        pooled = np.sqrt(np.mean(sd**2))
        freedom = 6 * sd.size
        low, high = np.sqrt(stats.chi2.ppf([1e-5, 1 - 1e-5], freedom) / freedom)
        assert low < pooled / TRUE["assay_cv"] < high


def test_background_makes_a_two_parameter_curve_too_shallow(fitted):
    """Ignoring the plateau flattens the slope: the naive fit misses it by over 5 %."""
    frame = cohorts.make_dose_response(DONORS, random_state=0)
    curves = frame.query("inhibitor == 'K2' and stimulus == 'IL-6/pSTAT3'")
    slopes = []
    for _, curve in curves.groupby("donor"):
        x, y = np.log(curve["concentration_nm"]), curve["signal_percent"]
        keep = (y > 1) & (y < 99)
        logit = np.log(y[keep] / (100 - y[keep]))
        slopes.append(-np.polyfit(x[keep], logit, 1)[0])
    assert np.mean(slopes) < 0.95 * TRUE["hill"]["K2"]
