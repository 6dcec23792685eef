"""What comes out of each formula is what another route gives."""

import math

import numpy as np
import pytest
from course import formulas
from course.worked import WORKED
from scipy import integrate, optimize, stats
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.rates import confint_poisson

from worked_numbers import result, table


def simulated_fall():
    """Fall of those at 60 or more of 10⁶ pairs of readings (mean 50, SD 10, r 0.6)."""
    shape = [[100, 60], [60, 100]]
    rng = np.random.default_rng(5)
    first, second = rng.multivariate_normal([50, 50], shape, size=1_000_000).T
    return (first - second)[first >= 60].mean()


def simulated_filter():
    """Mean of the significant ones of 10⁶ estimates (truth 0.1, standard error 0.1)."""
    found = np.random.default_rng(6).normal(0.1, 0.1, size=1_000_000)
    return found[found > 0.196].mean()


def bound_pairs():
    """Pairs at which association and dissociation are equal."""
    return optimize.brentq(lambda pairs: (1 - pairs) ** 2 - 0.1 * pairs, 0, 1)


RATIO = Table2x2(np.array([[14, 49], [30, 35]]))
WELCH = stats.ttest_ind_from_stats(12, 4, 16, 9, 6, 36, equal_var=False).statistic
REPORTS = Table2x2(np.array([[20, 180], [300, 29_500]]))
LIMITS = confint_poisson(4, 1, method="exact-c")
#: Per formula, the numbers by another route, and how closely they agree.
ELSEWHERE = {
    "Accumulation, one compartment": ([sum(0.25**k for k in range(60))], 1e-6),
    "Occupancy, no depletion": ([90], 1e-9),
    "Pairs with depletion": ([bound_pairs()], 1e-6),
    "Hill curve": ([32.5], 1e-9),
    "Upper limit of ESR": ([30], 1e-9),
    "Decay to a level": ([0.325], 1e-9),
    "Reference change value": ([100 * 2.7718 * math.sqrt(0.004)], 1e-3),
    "Absolute count": ([720], 1e-9),
    # The t statistic of Welch is the difference over its standard error.
    "Limits of a difference of means": (
        [3, *(3 + 1.96 * np.array([-3, 3]) / WELCH)],
        1e-9,
    ),
    "Reading above a target": (
        [100 * integrate.quad(stats.norm(2.4, 0.4).pdf, 2.6, 9)[0]],
        1e-6,
    ),
    "DAS28-ESR": ([1.68 + 0.56 + 0.7 * 3.33220451 + 0.7], 1e-6),
    "DAS28-CRP": ([1.68 + 0.56 + 0.36 * 2.56494936 + 0.7 + 0.96], 1e-6),
    "CDAI": ([22], 1e-9),
    "SDAI": ([23.2], 1e-9),
    "Limits of a risk ratio": ([RATIO.riskratio, *RATIO.riskratio_confint()], 1e-3),
    "Number needed to treat": ([100 / 24], 1e-9),
    "Rate, exact limits": ([4, *LIMITS], 1e-6),
    "No event seen": ([0.5], 1e-9),
    "Number needed to harm": ([50], 1e-9),
    "Positive tests that are right": ([100 * 160 / (160 + 294)], 1e-9),
    "Number needed to screen": ([892.857], 1e-5),
    "Proportional reporting ratio": ([0.1 / (300 / 29_800)], 1e-9),
    "Limits of a reporting odds ratio": (
        [REPORTS.oddsratio, *REPORTS.oddsratio_confint()],
        1e-3,
    ),
    "Information component": ([math.log(20.5 / (200 * 320 / 30_000 + 0.5), 2)], 1e-9),
    "Regression to the mean of those at $c$ or more": ([simulated_fall()], 0.01),
    "Standardised difference": ([3 / math.sqrt(26)], 1e-9),
    "Most that an unrecorded cause can bias": ([1.5], 1e-9),
    "E-value": ([1.5 + math.sqrt(0.75)], 1e-9),
    "Inconsistency": ([60], 1e-9),
    "Mean of what a filter prints": ([simulated_filter()], 0.005),
}


@pytest.mark.parametrize("one", WORKED, ids=lambda one: one.formula)
def test_the_numbers_are_those_of_another_route(one):
    if one.formula == "Events for a trial":
        # Schoenfeld: with as many events, the test has the power that was asked for.
        drift = abs(math.log(0.7)) * math.sqrt(one.result()[0] / 4)
        assert stats.norm.sf(1.959964 - drift) == pytest.approx(0.8, abs=1e-6)
    elif one.formula == "Reference change value, log-normal":
        # 1,000,000 pairs of readings that differ by chance alone.
        rng = np.random.default_rng(4)
        spread = math.sqrt(math.log(1 + 0.42**2) + math.log(1 + 0.05**2))
        changes = np.exp(rng.normal(0, spread, (2, 1_000_000))).T
        seen = 100 * (changes[:, 1] / changes[:, 0] - 1)
        expected = np.quantile(seen, [0.025, 0.975])
        assert one.result() == pytest.approx(expected, rel=0.01)
    else:
        expected, close = ELSEWHERE[one.formula]
        assert one.result() == pytest.approx(expected, rel=close)


def test_every_line_of_the_table_leads_to_its_formula():
    lines = table()[2:]
    assert len(lines) == len(WORKED)
    anchors = set(formulas.anchors().values())
    assert all(line.split("(#")[1].split(")")[0] in anchors for line in lines)


def test_limits_stand_in_brackets_and_a_minus_is_a_minus():
    by_name = {one.formula: one for one in WORKED}
    assert result(by_name["Limits of a risk ratio"]).startswith(
        "0.48 (95\u00a0% limits"
    )
    assert result(by_name["Reference change value, log-normal"]).startswith("−")
