"""How long a concentration was where it was meant to be."""

import numpy as np


def time_in_range(day, level, low, high):
    """Return the share of time in which the line through measurements is in a range.

    Between two measurements the level is taken to move along a straight line
    (Rosendaal et al., Thromb Haemost 1993;69:236, doi:10.1055/s-0038-1651587).

    Parameters
    ----------
    day : array_like of float, shape (n,)
        Times of the measurements, ascending, in any unit; two or more.
    level : array_like of float, shape (n,)
        What was measured, without a missing value.
    low, high : float
        Ends of the range, both in it, in the unit of `level`.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If there are fewer than two measurements, times do not ascend, a level is
        missing, or `low` is not below `high`.
    """
    day, level = np.asarray(day, dtype=float), np.asarray(level, dtype=float)
    if not (day.ndim == 1 and day.shape == level.shape and len(day) > 1):
        raise ValueError(
            f"give two measurements or more, each with its time; got {len(level)} "
            f"levels at {len(day)} times"
        )
    if not (np.diff(day) > 0).all() or np.isnan(level).any():
        raise ValueError("times must ascend, and no level may be missing")
    if not low < high:
        raise ValueError(f"low must be below high; got {low} and {high}")
    a, b = level[:-1], level[1:]
    moved = np.abs(b - a)
    inside = np.abs(np.clip(b, low, high) - np.clip(a, low, high))
    still = ((low <= a) & (a <= high)).astype(float)  # where nothing moved
    part = np.divide(inside, moved, out=still, where=moved > 0)
    return np.average(part, weights=np.diff(day))
