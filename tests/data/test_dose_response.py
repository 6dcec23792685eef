"""`dose_response`: curves fitted one by one give back potency, slope and donors."""

import numpy as np
import pandas as pd
import pytest
from recovery import assert_recovered, only_shipped, worlds
from scipy import optimize, stats

STIMULI = ("IL-6/pSTAT3", "IL-2/pSTAT5", "IFN-α/pSTAT1", "GM-CSF/pSTAT5")
#: Every curve is seen from its upper to its lower plateau.
ANOTHER = {
    "ic50_nm": {
        "K1": dict(zip(STIMULI, (15.0, 120.0, 60.0, 25.0), strict=True)),
        "K2": dict(zip(STIMULI, (80.0, 30.0, 150.0, 100.0), strict=True)),
        "K3": dict(zip(STIMULI, (25.0, 90.0, 40.0, 180.0), strict=True)),
        "K4": dict(zip(STIMULI, (60.0, 20.0, 110.0, 150.0), strict=True)),
        "K5": dict(zip(STIMULI, (100.0, 50.0, 160.0, 35.0), strict=True)),
    },
    "hill": {"K1": 1.4, "K2": 1.1, "K3": 1.2, "K4": 1.3, "K5": 1.5},
    "bottom_percent": 12.0,
    "donor_sd": 0.15,
    "curve_sd": 0.25,
    "assay_cv": 0.03,
}
world = worlds("dose_response", ANOTHER)
SEEDS = range(4)
DONORS = 24


def fit_curve(concentration, signal):
    """Return ln IC50, Hill slope, bottom, reading error and the error of ln IC50."""

    def residual(theta):
        log_ic50, hill, bottom = theta
        curve = bottom + (100 - bottom) / (
            1 + (concentration / np.exp(log_ic50)) ** hill
        )
        return np.log(curve) - np.log(signal)

    start = [np.log(concentration[np.argmin(abs(signal - 52))]), 1.0, 5.0]
    bounds = ([-3, 0.3, 0.01], [13, 3, 60])
    fit = optimize.least_squares(residual, start, bounds=bounds)
    sd = np.sqrt(2 * fit.cost / (signal.size - 3))
    return *fit.x, sd, sd * np.sqrt(np.linalg.inv(fit.jac.T @ fit.jac)[0, 0])


@pytest.fixture(scope="module")
def seen(world):
    """The curves whose two plateaus lie within the doses."""
    return [
        (inhibitor, stimulus)
        for inhibitor, row in world.true["ic50_nm"].items()
        for stimulus, ic50 in row.items()
        if 10 <= ic50 <= 200
    ]


@pytest.fixture(scope="module")
def fitted(world, seen):
    """One column a curve: ln IC50, slope, bottom and reading error."""
    fits = []
    for seed in SEEDS:
        frame = world.make(DONORS, random_state=seed)
        curves = frame.groupby(["inhibitor", "stimulus", "donor"], sort=False)
        fits.append(
            pd.DataFrame(
                {
                    key: fit_curve(
                        curve["concentration_nm"].to_numpy(),
                        curve["signal_percent"].to_numpy(),
                    )
                    for key, curve in curves
                    if key[:2] in seen
                },
                index=["log_ic50", "hill", "bottom", "sd", "error"],
            )
        )
    return fits


def by_curve(frame, name):
    """Return one fitted parameter, a row a curve and a column a donor."""
    return frame.loc[name].unstack()


def test_ic50_of_the_median_donor(world, fitted, seen):
    for curve in seen:
        rows = [by_curve(frame, "log_ic50").loc[curve] for frame in fitted]
        estimates = [row.mean() for row in rows]
        errors = [row.std() / np.sqrt(DONORS) for row in rows]
        inhibitor, stimulus = curve
        truth = world.true["ic50_nm"][inhibitor][stimulus]
        assert_recovered(estimates, errors, np.log(truth))


def test_hill_slope_and_background(world, fitted, seen):
    for inhibitor in {name for name, _ in seen}:
        stimuli = [stimulus for name, stimulus in seen if name == inhibitor]
        rows = [by_curve(frame, "hill").loc[inhibitor].loc[stimuli] for frame in fitted]
        donors = [row.mean() for row in rows]
        estimates = [d.mean() for d in donors]
        errors = [d.std() / np.sqrt(DONORS) for d in donors]
        assert_recovered(estimates, errors, world.true["hill"][inhibitor])
    # The background is best known where half the doses lie beyond the IC50.
    potent = [(k, s) for k, s in seen if world.true["ic50_nm"][k][s] <= 40]
    rows = [by_curve(frame, "bottom").loc[potent].mean() for frame in fitted]
    errors = [row.std() / np.sqrt(DONORS) for row in rows]
    truth = world.true["bottom_percent"]
    assert_recovered([row.mean() for row in rows], errors, truth)


def test_donors_differ_and_a_sensitive_donor_is_sensitive_to_all(world, fitted, seen):
    """The covariance of two curves of a donor is the variance between donors."""
    shared, errors, own, own_errors = [], [], [], []
    for frame in fitted:
        logs = by_curve(frame, "log_ic50").loc[seen].to_numpy()
        covariance = np.cov(logs)
        pairs = covariance[np.triu_indices_from(covariance, 1)]
        shared.append(pairs.mean())
        whole = np.diag(covariance).mean()
        errors.append(whole * np.sqrt(2 / (DONORS - 1)) * 1.15)
        # What a curve has of its own, less the error of its fit.
        noise = (by_curve(frame, "error").loc[seen].to_numpy() ** 2).mean()
        own.append(whole - pairs.mean() - noise)
        freedom = (DONORS - 1) * (len(seen) - 1)
        own_errors.append((whole - pairs.mean()) * np.sqrt(2 / freedom) * 1.15)
    assert_recovered(shared, errors, world.true["donor_sd"] ** 2)
    assert_recovered(own, own_errors, world.true["curve_sd"] ** 2)


def test_readings_scatter_by_the_assay_cv(world, fitted):
    for frame in fitted:
        sd = by_curve(frame, "sd").to_numpy().ravel()
        pooled = np.sqrt(np.mean(sd**2))
        freedom = 6 * sd.size
        low, high = np.sqrt(stats.chi2.ppf([1e-5, 1 - 1e-5], freedom) / freedom)
        assert low < pooled / world.true["assay_cv"] < high


@only_shipped
def test_background_makes_a_two_parameter_curve_too_shallow(world, fitted):
    """Ignoring the plateau flattens the slope: the naive fit misses it by over 5 %."""
    frame = world.make(DONORS, random_state=0)
    curves = frame.query("inhibitor == 'K2' and stimulus == 'IL-6/pSTAT3'")
    slopes = []
    for _, curve in curves.groupby("donor"):
        x, y = np.log(curve["concentration_nm"]), curve["signal_percent"]
        keep = (y > 1) & (y < 99)
        logit = np.log(y[keep] / (100 - y[keep]))
        slopes.append(-np.polyfit(x[keep], logit, 1)[0])
    assert np.mean(slopes) < 0.95 * world.true["hill"]["K2"]
