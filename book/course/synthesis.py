"""Meta-analysis beyond a mean: a line through trials, and the frame of a funnel."""

import numpy as np
from scipy import stats

from . import style


def meta_regression(y, v, x, rounds=100):
    """Return the line of trials' effects on a characteristic, by REML.

    A random-effects model with a line in place of the mean: trial i estimates
    ``slope * x[i] + intercept`` with the variance ``v[i]`` of chance and the variance
    tau² between trials. Tau² is found by Fisher scoring of the restricted likelihood
    (Viechtbauer, J Educ Behav Stat 2005;30:261, doi:10.3102/10769986030003261).

    Parameters
    ----------
    y : array_like of float, shape (n,)
        Effects, such as the logarithms of risk ratios.
    v : array_like of float, shape (n,)
        Their variances, in the square of that unit.
    x : array_like of float, shape (n,)
        The characteristic, in any unit.
    rounds : int
        Steps of the scoring, which begins at tau² = 0.

    Returns
    -------
    line : numpy.ndarray, shape (2,)
        Slope (unit of `y` per unit of `x`) and intercept (unit of `y`).
    tau2 : float
        The variance between trials that the line leaves, not below 0.

    Raises
    ------
    ValueError
        If the arrays do not have one shape, hold fewer than three trials, or a
        variance is not above 0.
    """
    y, v, x = (np.asarray(one, dtype=float) for one in (y, v, x))
    if not (y.ndim == 1 and y.shape == v.shape == x.shape and len(y) > 2):
        raise ValueError(
            f"y, v and x must be of three trials or more, and of as many each; got "
            f"the shapes {y.shape}, {v.shape} and {x.shape}"
        )
    if not (v > 0).all():
        raise ValueError(f"every variance must be above 0; the least is {v.min()}")
    design, tau2 = np.column_stack([x, np.ones(len(x))]), 0.0
    for _ in range(rounds):
        w = np.diag(1 / (v + tau2))
        inverse = np.linalg.inv(design.T @ w @ design)
        p = w - w @ design @ inverse @ design.T @ w
        tau2 = max(0, tau2 + (y @ p @ p @ y - np.trace(p)) / np.trace(p @ p))
    return inverse @ design.T @ w @ y, tau2


def funnel(ax, centre=0.0):
    """Draw an empty funnel for risk ratios: 95 % of trials lie between its sides.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where trials are drawn afterwards: the risk ratio along x, its standard error
        (of the logarithm, without a unit) along y, largest at the bottom.
    centre : float
        Logarithm of the risk ratio around which they would scatter.
    """
    errors = np.array([0, 0.8])
    z = stats.norm.ppf(0.975)
    for side in (-z, z):
        edge = np.exp(centre + side * errors)
        ax.plot(edge, errors, color=style.LIMIT, lw=1)
    ax.axvline(np.exp(centre), color=style.LIMIT, ls=":")
    ax.set(xscale="log", xlim=(0.2, 5), ylim=(0.8, 0))
    ax.set_ylabel("Standard error")
    ax.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("Risk ratio of infection, booster to placebo")
