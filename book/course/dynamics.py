"""The border between two fates of a system with two variables."""

import numpy as np
from scipy.integrate import solve_ivp


def separatrix(rates, saddle, low, high, days=200.0, nudge=1e-3, max_step=0.2):
    """Return the states from which a system of two variables runs into its saddle.

    They form a line (the stable manifold of the saddle), and what starts on either
    side of it ends elsewhere. Time runs backwards from two points beside the saddle:
    backwards, whatever starts near the line is drawn to it and carried along it, away
    from the saddle.

    Parameters
    ----------
    rates : callable
        ``rates(state)`` gives both rates of change at a state, arrays of shape (2,).
    saddle : array_like of float, shape (2,)
        The steady state with one positive and one negative eigenvalue.
    low, high : float
        The map: a branch ends where either variable leaves this range.
    days : float
        The longest time to follow a branch, in the unit of the rates.
    nudge : float
        Distance of both starts from the saddle, in each variable.
    max_step : float
        The longest step of the solver, in the unit of `days`: the line is to be
        smooth when drawn.

    Returns
    -------
    numpy.ndarray, shape (2, n)
        States along the line, through the saddle, from one end to the other.

    Raises
    ------
    ValueError
        If the saddle lies outside the map.
    """
    saddle = np.asarray(saddle, dtype=float)
    if not (np.all(saddle > low) and np.all(saddle < high)):
        raise ValueError(f"saddle must lie between {low} and {high}; got {saddle}")

    def backwards(time, state):
        return -np.asarray(rates(state))

    def leaves(time, state):
        return min(np.min(state) - low, high - np.max(state))

    leaves.terminal = True
    left, right = (
        solve_ivp(
            backwards, (0, days), saddle + step, events=leaves, max_step=max_step
        ).y
        for step in (-nudge, nudge)
    )
    return np.hstack([left[:, ::-1], right])
