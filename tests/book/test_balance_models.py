"""Context 2: what the notebook on balance prints, computed again by other routes.

The numbers are read from the outputs that are committed with the notebook;
nothing here runs or imports its code. Alexander and Wahl's model is judged by its
eigenvalues and by a formula for its steady state, the toggle by polynomials.
"""

import numpy as np
import pytest
from notebooks import numbers
from scipy import integrate, optimize, stats
from tolerances import FITTED, ROUNDING, as_printed

PAGE = "context/02-balance-and-tolerance"


def printed(name, value, decimals):
    """Whether the notebook prints `value` as `name`, to this many decimals."""
    return numbers(PAGE)[name] == pytest.approx(value, abs=as_printed(decimals))


# Alexander and Wahl ---------------------------------------------------------

# f, v, gamma, lambda_E, mu_A, mu_E, mu_G, beta, pi_1, mu_R, sigma_1 of BIOMD0000000289.
F, V, GAMMA, LAMBDA = 1e-4, 0.0025, 2000.0, 1000.0
MU_A, MU_E, MU_G, MU_R = 0.25, 0.25, 5.0, 0.25
BETA, PI, SIGMA, B1 = 200.0, 0.016, 3e-6, 0.25


def growth(b1):
    """Return the fastest growth rate per day of a few A, E and G among no R."""
    near_zero = [[-(MU_A + b1), 0, F * V], [LAMBDA, -MU_E, 0], [0, GAMMA, -(V + MU_G)]]
    return np.linalg.eigvals(near_zero).real.max()


def next_generation(b1):
    """Return R0 as the spectral radius of the next-generation matrix.

    New A come from G only; every other step is a transition.
    """
    new = np.zeros((3, 3))
    new[0, 2] = F * V
    loss = np.array([[MU_A + b1, 0, 0], [-LAMBDA, MU_E, 0], [0, -GAMMA, V + MU_G]])
    return np.abs(np.linalg.eigvals(new @ np.linalg.inv(loss))).max()


def chronic_effectors(b1, sigma):
    """Return E of the steady state with disease: R from dA = 0, then dR = 0 for E."""
    regulatory = (next_generation(b1) - 1) * (MU_A + b1) / sigma
    per_e = MU_E / LAMBDA  # A in units of E
    return np.roots([PI * per_e, BETA * per_e, -MU_R * regulatory]).max()


def long_run(b1, sigma, trigger):
    def rates(_, y):
        a, e, g, r = y
        return (
            F * V * g - (MU_A + b1 + sigma * r) * a,
            LAMBDA * a - MU_E * e,
            GAMMA * e - (V + MU_G) * g,
            (BETA + PI * e) * a - MU_R * r,
        )

    way = integrate.solve_ivp(
        rates, (0, 4000), (0, 0, trigger, 0), method="Radau", rtol=1e-8, atol=1e-8
    )
    return way.y[1, -1]


def test_reproductive_ratio():
    assert next_generation(B1) == pytest.approx(0.7996, abs=as_printed(4))
    assert printed("bt_r0", next_generation(B1), 4)


def test_the_ratio_crosses_one_where_the_quiet_state_loses_its_stability():
    edge = optimize.brentq(growth, 0, 1)
    assert edge == pytest.approx(0.1498, abs=as_printed(4))
    assert printed("bt_crossing", edge, 4)
    assert next_generation(edge) == pytest.approx(1, abs=ROUNDING)
    assert growth(edge + 0.01) < 0 < growth(edge - 0.01)


@pytest.mark.parametrize("trigger", [1e4, 1e10])
def test_a_threshold_and_not_a_switch(trigger):
    """Below one every trigger dies out, above one each ends at the same level."""
    assert long_run(0.25, SIGMA, trigger) < 1e-3
    for sigma in (SIGMA, 10 * SIGMA):
        assert long_run(0.05, sigma, trigger) == pytest.approx(
            chronic_effectors(0.05, sigma), rel=FITTED
        )


def test_levels_of_the_chronic_state():
    assert printed("bt_sick", chronic_effectors(0.05, SIGMA), 0)
    assert printed("bt_better", chronic_effectors(0.05, 10 * SIGMA), 0)


def test_the_answer_of_the_self_check():
    assert next_generation(0.75) == pytest.approx(0.40, abs=as_printed(2))


# The toggle -----------------------------------------------------------------


def steady(s, r):
    """Return the real E of E ((1 + E²)² + r²) = s (1 + E²)², which is a quintic."""
    roots = np.roots([1, -s, 2, -2 * s, 1 + r**2, -s])
    return np.sort(roots[np.abs(roots.imag) < 1e-7].real)


def folds(r):
    """Return the drives at which dE = dR = 0 has a double root, upper one first.

    With u = E², d(drive)/dE = 0 reads (1 + u)³ = r² (3 u - 1), a cubic.
    """
    u = np.roots([1, 3, 3 - 3 * r**2, 1 + r**2])
    e = np.sqrt(np.sort(u[(np.abs(u.imag) < 1e-9) & (u.real > 0)].real))
    return e * (1 + (r / (1 + e**2)) ** 2)


def settles(e, s, r, nudge):
    """Return E long after a push away from a steady state."""

    def rates(_, y):
        return s / (1 + y[1] ** 2) - y[0], r / (1 + y[0] ** 2) - y[1]

    start = (e + nudge, r / (1 + e**2))
    return integrate.solve_ivp(rates, (0, 200), start, rtol=1e-9).y[0, -1]


def test_three_states_of_which_two_are_stable():
    states = steady(4.5, 4)
    assert len(states) == 3
    for name, e in zip(("quiet", "middle", "active"), states, strict=True):
        assert printed(f"bt_{name}_e", e, 2)
        assert printed(f"bt_{name}_r", 4 / (1 + e**2), 2)
    for nudge in (-0.01, 0.01):
        for stable in (states[0], states[2]):
            assert settles(stable, 4.5, 4, nudge) == pytest.approx(stable, abs=1e-5)
    assert settles(states[1], 4.5, 4, -0.01) == pytest.approx(states[0], abs=1e-5)
    assert settles(states[1], 4.5, 4, +0.01) == pytest.approx(states[2], abs=1e-5)


def test_eigenvalues():
    """The larger eigenvalue of the Jacobian, taken by finite differences."""
    for name, e in zip(("quiet", "middle", "active"), steady(4.5, 4), strict=True):
        at, h = np.array([e, 4 / (1 + e**2)]), 1e-6
        jacobian = np.empty((2, 2))
        for k in range(2):
            up, down = at + h * np.eye(2)[k], at - h * np.eye(2)[k]
            for row, level in enumerate((4.5, 4.0)):
                rate = [level / (1 + y[1 - row] ** 2) - y[row] for y in (up, down)]
                jacobian[row, k] = (rate[0] - rate[1]) / (2 * h)
        larger = np.linalg.eigvals(jacobian).real.max()
        assert printed(f"bt_{name}_growth", larger, 2)


def test_tipping_points():
    on, off = folds(4)
    assert printed("bt_on", on, 2)
    assert printed("bt_off", off, 2)
    for drive, number in [
        (off - 0.01, 1),
        (off + 0.01, 3),
        (on - 0.01, 3),
        (on + 0.01, 1),
    ]:
        assert len(steady(drive, 4)) == number


def test_the_fold_begins_at_a_regulation_of_two():
    assert len(folds(1.99)) == 0
    assert len(folds(2.01)) == 2
    assert folds(2.0001) == pytest.approx([2, 2], abs=1e-3)


def test_cure_needs_more_regulation_than_prevention():
    prevent = optimize.brentq(lambda r: folds(r)[0] - 4.5, 2.5, 4)
    cure = optimize.brentq(lambda r: folds(r)[1] - 4.5, 4, 9)
    assert printed("bt_prevent", prevent, 1)
    assert printed("bt_adjust", cure, 1)
    assert cure > 2 * prevent


def test_the_price_of_the_dial():
    """Shares of log-normal drives beyond the tipping points, by scipy's lognorm."""
    people = stats.lognorm(s=0.5, scale=1.5)
    microbes = stats.lognorm(s=0.7, scale=8)
    for name, r, left in [("three", 3, 1.0), ("four", 4, 1.0), ("cut", 3, 0.7)]:
        on, off = folds(r) / left
        assert printed(f"bt_{name}_ill", 100 * people.sf(on), 1)
        assert printed(f"bt_{name}_tip", 100 * (people.cdf(on) - people.cdf(off)), 1)
        assert printed(f"bt_{name}_unmet", 100 * microbes.cdf(on), 1)
