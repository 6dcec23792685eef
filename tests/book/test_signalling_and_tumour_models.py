"""Mechanism 3 and 4: what the notebooks print, computed again by other routes.

The numbers are read from the outputs that are committed with the notebooks;
nothing here runs or imports a notebook's code.
"""

import functools

import cohorts
import numpy as np
import pytest
from notebooks import numbers
from scipy import integrate, optimize, stats
from statsmodels.stats.multitest import multipletests
from tolerances import ROUNDING, as_printed

signalling = functools.partial(numbers, "mechanism/03-signalling-and-gene-expression")
tumour = functools.partial(numbers, "mechanism/04-releasing-the-brakes")


# The Hill curve ------------------------------------------------------------


def inhibited(concentration, ic50, slope):
    return 1 / (1 + (ic50 / concentration) ** slope)


def concentration_for(effect, ic50, slope):
    """Return the concentration that inhibits this fraction, by root finding."""
    return np.exp(
        optimize.brentq(
            lambda ln: inhibited(np.exp(ln), ic50, slope) - effect, -60, 60, xtol=1e-12
        )
    )


@pytest.mark.parametrize(("slope", "width"), [(1, 81), (2, 9), (0.5, 6561)])
def test_width_of_a_hill_curve(slope, width):
    high, low = (concentration_for(effect, 20, slope) for effect in (0.9, 0.1))
    assert high / low == pytest.approx(width) == pytest.approx(81 ** (1 / slope))


def test_three_times_the_ic50():
    assert inhibited(30, 10, 1) == pytest.approx(0.75)
    assert inhibited(30, 10, 2) == pytest.approx(0.90)


def test_the_answer_of_the_self_check_on_ec90():
    assert concentration_for(0.9, 20, 2) == pytest.approx(60)


def curve_of_the_first_section():
    dose = cohorts.load("dose_response")
    one = dose.query(
        "donor == 'D01' and inhibitor == 'K2' and stimulus == 'IL-6/pSTAT3'"
    )
    return one["concentration_nm"].to_numpy(), one["signal_percent"].to_numpy()


def test_fitted_curve_with_and_without_a_bottom():
    """The same optimum by a simplex search, which needs no derivatives."""
    c, signal = curve_of_the_first_section()

    def misfit(theta, bottom):
        curve = bottom + (100 - bottom) * (1 - inhibited(c, np.exp(theta[0]), theta[1]))
        return np.sum(np.log(curve / signal) ** 2)

    options = {"xatol": 1e-6, "fatol": 1e-12, "maxiter": 4000}
    free = optimize.minimize(
        lambda theta: misfit(theta[:2], abs(theta[2])),
        [3, 1, 3],
        method="Nelder-Mead",
        options=options,
    )
    cut = optimize.minimize(
        lambda theta: misfit(theta, 0.0), [3, 1], method="Nelder-Mead", options=options
    )
    said = signalling()
    assert said["sg_ic50"] == round(np.exp(free.x[0]))
    assert said["sg_slope"] == round(free.x[1], 2)
    assert said["sg_ic50_cut"] == round(np.exp(cut.x[0]))
    assert said["sg_slope_cut"] == round(cut.x[1], 2)
    assert said["sg_width_cut"] == pytest.approx(81 ** (1 / cut.x[1]), rel=1e-3)
    # The full fit lies near what was planted, the cut one does not.
    truth = cohorts.truth("dose_response")
    assert abs(free.x[1] - truth["hill"]["K2"]) < 0.15 < truth["hill"]["K2"] - cut.x[1]


def test_selectivity_of_k2_holds_the_planted_ratio():
    planted = cohorts.truth("dose_response")["ic50_nm"]["K2"]
    ratio = planted["GM-CSF/pSTAT5"] / planted["IL-6/pSTAT3"]
    said = signalling()
    # A 95 % interval misses the planted ratio in one term of twenty, by little.
    assert 0.8 * said["sg_ratio_low"] < ratio < 1.25 * said["sg_ratio_high"]


# A day of baricitinib --------------------------------------------------------


def unbound_day(half_life_h):
    """Return hours and unbound nM on the tenth day, from gut and blood amounts."""
    absorption, elimination = 3.5, np.log(2) / half_life_h
    gut = blood = 0.0  # nmol
    for _ in range(10):
        gut += 0.79 * 4e6 / 371.42
        day = integrate.solve_ivp(
            lambda t, y: [-absorption * y[0], absorption * y[0] - elimination * y[1]],
            (0, 24),
            [gut, blood],
            t_eval=np.linspace(0, 24, 4801),
            rtol=1e-9,
            atol=1e-9,
        )
        gut, blood = day.y[:, -1]
    return day.t, 0.5 * day.y[1] / 76


def test_day_of_baricitinib():
    hours, cu = unbound_day(6.5)
    said = signalling()
    assert abs(hours[cu.argmax()] - 1) < 0.1  # peak at about one hour
    assert said["sg_hours_enzyme"] == round(24 * np.mean(cu > 5.9))
    for ic50, name in ((5.9, "enzyme"), (50, "cell")):
        average = integrate.trapezoid(inhibited(cu, ic50, 1), hours) / 24
        assert said[f"sg_avg_{name}"] == round(100 * average)
    assert said["sg_end_enzyme"] == round(100 * inhibited(cu[-1], 5.9, 1))


@pytest.mark.parametrize(
    ("half_life", "name"), [(5.7, "low"), (6.5, ""), (7.3, "high")]
)
def test_ic50_that_the_label_asks_for(half_life, name):
    trough = unbound_day(half_life)[1][-1]
    ic50 = optimize.brentq(lambda x: inhibited(trough, x, 1) - 0.1, 1, 1000)
    assert signalling()["_".join(["sg_need", name]).rstrip("_")] == round(ic50)


def test_selectivity_is_used_up_by_dose():
    said = signalling()
    assert said["sg_gm_50"] < said["sg_gm_80"] < said["sg_gm_90"]
    hours, cu = unbound_day(6.5)
    shape = cu / cu.max()
    k2 = {s: np.exp(v) for s, v in fitted_means("K2").items()}

    def average(peak, stimulus):
        curve = inhibited(peak * shape, k2[stimulus], 1)
        return integrate.trapezoid(curve, hours) / 24

    peak = optimize.brentq(lambda x: average(x, "IL-6/pSTAT3") - 0.9, 1, 1e5)
    assert said["sg_gm_90"] == pytest.approx(
        100 * average(peak, "GM-CSF/pSTAT5"), abs=1
    )


def fitted_means(inhibitor):
    """Return mean ln IC50 over donors, by stimulus, from `curve_fit`."""
    dose = cohorts.load("dose_response").query("inhibitor == @inhibitor")
    estimates = {}
    for (stimulus, _), curve in dose.groupby(["stimulus", "donor"]):
        x, y = np.log(curve["concentration_nm"]), np.log(curve["signal_percent"])

        def log_signal(x, ln_ic50, slope, bottom):
            return np.log(bottom + (100 - bottom) / (1 + np.exp(slope * (x - ln_ic50))))

        limits = [-2, 0.3, 0.01], [12, 4, 60]
        best = optimize.curve_fit(log_signal, x, y, [5, 1, 5], bounds=limits)[0]
        estimates.setdefault(stimulus, []).append(best[0])
    return {stimulus: np.mean(values) for stimulus, values in estimates.items()}


# Two thousand genes ----------------------------------------------------------


def test_benjamini_hochberg_against_statsmodels():
    made = cohorts.load("expression")
    wide = made.readings.pivot(index="gene", columns="sample", values="log2_expression")
    group = made.samples.set_index("sample")["group"].loc[wide.columns] == "inhibitor"
    moved = made.genes.set_index("gene")["log2_fold_change"].loc[wide.index] != 0
    p = stats.ttest_ind(wide.loc[:, group], wide.loc[:, ~group], axis=1).pvalue
    called = {
        "p": p < 0.05,
        "q": multipletests(p, 0.05, method="fdr_bh")[0],
        "bon": multipletests(p, 0.05, method="bonferroni")[0],
    }
    said = signalling()
    for rule, genes in called.items():
        counts = genes.sum(), (genes & moved).sum(), (genes & ~moved).sum()
        for name, number in zip(("n", "true", "false"), counts, strict=True):
            assert said[f"sg_{rule}_{name}"] == number


def test_a_confounded_batch_fills_the_list_that_a_balanced_one_keeps_clean():
    """Over fresh draws too, not only in the file."""
    confounded, balanced = [], []
    for seed in range(3):
        made = cohorts.make_expression(random_state=seed)
        wide = made.readings.pivot(
            index="gene", columns="sample", values="log2_expression"
        )
        samples = made.samples.set_index("sample").loc[wide.columns]
        still = made.genes.set_index("gene")["log2_fold_change"].loc[wide.index] == 0
        name = samples["group"] + samples["batch"]
        for shares, control in ((confounded, "controlb1"), (balanced, "controlb2")):
            p = stats.ttest_ind(
                wide.loc[:, name == "inhibitorb2"],
                wide.loc[:, name == control],
                axis=1,
            ).pvalue
            called = multipletests(p, 0.05, method="fdr_bh")[0]
            shares.append((called & still).sum() / called.sum())
    assert min(confounded) > 0.2
    assert max(balanced) < 0.12


# Tumour and effectors --------------------------------------------------------

# The rates that Kuznetsov1994tumor estimated, here in units of 10⁶ cells. They were
# seen in copies of the model, among them BioModels', and not on the page itself.
S, P, G, M, D = 0.013, 0.1245, 20.19, 3.422e-4, 0.0412
A, B, N = 0.18, 2.0e-3, 0.1101


def derivative(e, t, kill=N):
    return np.array(
        [
            S + P * e * t / (G + t) - M * e * t - D * e,
            A * t * (1 - B * t) - kill * e * t,
        ]
    )


def interior_states(kill=N, supply=S):
    """Return (E, T) with T > 0, from the roots of a polynomial in T."""
    t = np.polynomial.Polynomial([0, 1])
    e = (A / kill) * (1 - B * t)
    roots = (supply * (G + t) + e * (P * t - (M * t + D) * (G + t))).roots()
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    return [(e(x), x) for x in real if 0 < x < 1 / B]


def eigenvalues(e, t, kill=N):
    """Return the eigenvalues of a Jacobian made by complex steps."""
    h = 1e-30
    columns = [
        derivative(e + 1j * h, t, kill).imag / h,
        derivative(e, t + 1j * h, kill).imag / h,
    ]
    return np.linalg.eigvals(np.column_stack(columns))


def test_published_scaled_parameters():
    """The dimensionless parameters that go with these rates, to four digits."""
    scaled = S / N, P / N, G, M / N, D / N, A / N, B
    known = 0.1181, 1.131, 20.19, 0.00311, 0.374, 1.636, 0.002
    np.testing.assert_allclose(scaled, known, rtol=1e-3)


def test_steady_states_and_their_stability():
    states = interior_states()
    assert len(states) == 3
    known = [(1.61, 8.19), (0.759, 268), (0.173, 447)]
    np.testing.assert_allclose(states, known, rtol=4e-3)
    for state in states:
        np.testing.assert_allclose(derivative(*state), 0, atol=ROUNDING)
    dormant, saddle, escape = (eigenvalues(*state) for state in states)
    np.testing.assert_allclose(dormant.real, -0.0055, atol=as_printed(4))
    np.testing.assert_allclose(
        np.sort(dormant.imag), [-0.063, 0.063], atol=as_printed(3)
    )
    assert saddle.real.min() < 0 < saddle.real.max()
    assert escape.real.max() < 0 and not escape.imag.any()


def test_a_larger_supply_leaves_one_fate():
    """The border and the escape vanish together, and the tumour is held."""
    ((_, held_tumour),) = interior_states(supply=3 * S)
    assert held_tumour < 10


def test_tumour_free_state_is_not_stable():
    free = S / D
    assert free == pytest.approx(0.3155, rel=1e-3)
    assert eigenvalues(free, 0.0).max() == pytest.approx(0.145, abs=as_printed(3))


def test_what_the_notebook_says_of_the_steady_states():
    said = tumour()
    (_, dormant), (_, saddle), (_, escape) = states = interior_states()
    assert said["tu_dormant"] == round(dormant, 1)
    assert said["tu_border"] == round(saddle)
    assert said["tu_escape"] == round(escape)
    period = 2 * np.pi / abs(eigenvalues(*states[0])[0].imag)
    assert said["tu_period"] == round(period)
    growth = eigenvalues(S / D, 0.0).max()
    assert said["tu_free_rate"] == round(growth, 3)
    assert said["tu_double"] == round(np.log(2) / growth, 1)


def end(e, t, kill=N, days=600):
    """Return the state after some days, by an implicit solver."""
    solved = integrate.solve_ivp(
        lambda day, y: derivative(*y, kill),
        (0, days),
        [e, t],
        method="LSODA",
        rtol=1e-8,
        atol=1e-10,
    )
    return solved.y[:, -1]


def test_two_fates():
    (_, dormant), _, (_, escape) = interior_states()
    assert end(0.32, 50, days=2000)[1] == pytest.approx(dormant, rel=0.01)
    assert end(0.1, 100)[1] == pytest.approx(escape, rel=0.01)


def held(e, t, occupancy, brake=3.0):
    return end(e, t, N / (1 + brake * (1 - occupancy)))[1] < 100


@pytest.mark.parametrize(("host", "effectors"), [("A", 1.0), ("B", 0.55)])
def test_occupancy_at_which_a_host_turns(host, effectors):
    low, high = 0.0, 1.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if held(effectors, 100, middle) else (middle, high)
    # The notebook looks at steps of half a per cent, and rounds.
    assert tumour()[f"tu_critical_{host}"] == pytest.approx(100 * high, abs=1)


def test_host_c_escapes_without_any_brake():
    assert not held(0.2, 100, 1.0)


def test_a_very_strong_attack_lets_the_tumour_sneak_through():
    assert held(5, 100, 0.0) and not held(30, 100, 0.0)


def threshold(t, kill):
    """Return the fewest effectors that hold a tumour of this size."""
    low, high = 0.01, 5.0
    while high / low > 1.001:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if end(middle, t, kill)[1] < 100 else (middle, high)
    return high


def test_the_border_rises_less_than_in_proportion():
    kill = N / 1.3
    rise = threshold(150, kill) / threshold(50, kill)
    assert tumour()["tu_rise"] == pytest.approx(rise, abs=as_printed(1))
    assert rise < 3


def test_when_treatment_of_host_a_may_stop():
    """20 days are too few, 30 are enough, and neither is a response by RECIST."""
    said = tumour()
    for days, name, sign in ((20, "early", 1), (30, "late", -1)):
        then = end(1.0, 100, N / 1.3, days)
        change = 100 * (np.cbrt(then[1] / 100) - 1)
        assert said[f"tu_stop_{name}"] == round(sign * change)
        assert change > -30
        assert (end(*then, N / 4)[1] < 100) == (name == "late")


def test_a_third_of_the_cells_is_left_after_a_partial_response():
    assert tumour()["tu_share_left"] == round(100 * 0.7**3) == 34


def test_pd_l1_in_the_trial():
    """9 of 25 against 0 of 17, from the hypergeometric distribution."""
    chances = stats.hypergeom(42, 9, 25).pmf(np.arange(10))
    as_rare = chances[chances <= chances[9] * (1 + 1e-9)].sum()
    assert tumour()["tu_fisher"] == round(as_rare, 3)
