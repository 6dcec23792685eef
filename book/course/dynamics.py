"""Models in time: a run through a plan, and the border between two fates."""

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


def follow(model, start, plan, step=0.5, rtol=1e-9, atol=1e-9):
    """Run a model through a plan, whose parts have parameters of their own.

    Parameters
    ----------
    model : callable
        ``model(time, state, **parameters)`` gives the rates of change of a state.
    start : array_like of float, shape (k,)
        The state at time 0.
    plan : list of tuple (float, dict)
        Duration of each part, in the model's unit of time, and its parameters. Time
        begins anew in each part, the state goes on.
    step : float
        Between the times that are returned. A part ends with its last whole step.
    rtol, atol : float
        The error that the solver allows in each step: as a share of a variable, and
        in the variable's own unit where that is more. What is smaller than `atol` is
        all error.

    Returns
    -------
    times : numpy.ndarray, shape (n,)
        From 0 to the end of the plan; where two parts meet, twice.
    states : numpy.ndarray, shape (k, n)
        In the unit of `start`.

    Raises
    ------
    RuntimeError
        If the solver cannot go on.
    """
    times, states, begin = [], [], 0.0
    for duration, parameters in plan:
        inside = np.arange(0, duration + step / 2, step)
        solved = solve_ivp(
            lambda t, y, q=parameters: model(t, y, **q),
            (0, inside[-1]),
            start,
            t_eval=inside,
            method="LSODA",
            rtol=rtol,
            atol=atol,
        )
        if not solved.success:
            raise RuntimeError(f"the model cannot be followed: {solved.message}")
        times.append(begin + inside)
        states.append(solved.y)
        begin, start = begin + inside[-1], solved.y[:, -1]
    return np.concatenate(times), np.concatenate(states, axis=1)


def evenly(line, point, step, far):
    """Return a line at even distances from a point on it, whatever its own steps.

    Parameters
    ----------
    line : array_like of float, shape (2, n)
        Places along the line, from one end to the other.
    point : array_like of float, shape (2,)
        A place on the line, which it passes once.
    step : float
        Distance along the line between two places that are returned.
    far : float
        The largest distance from `point`, along the line, to either side.

    Returns
    -------
    numpy.ndarray, shape (2, m)
        Places from one end to the other; none beyond the ends of `line`.
    """
    line, point = np.asarray(line, dtype=float), np.asarray(point, dtype=float)
    length = np.r_[0, np.hypot(*np.diff(line)).cumsum()]
    beside = np.hypot(*(line.T - point).T).argsort()[:2]  # it lies between these two
    at = length[beside].mean() + np.arange(-far, far, step)
    at = at[(at > 0) & (at < length[-1])]
    return np.array([np.interp(at, length, one) for one in line])
