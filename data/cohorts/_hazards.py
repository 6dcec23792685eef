"""Times of events from hazards that are constant between known times."""

from __future__ import annotations

import numpy as np


def time_of_event(level, starts, rates) -> np.ndarray:
    """Return when a cumulative hazard reaches a level: the method of inversion.

    With ``level`` drawn from the exponential distribution of mean 1, the times have
    the hazard that `starts` and `rates` describe.

    Parameters
    ----------
    level : ndarray of float, shape (n,)
        Level of each person; finite, above 0.
    starts : sequence of k (float or ndarray of shape (n,))
        When each piece begins, ascending from 0; the last goes on for ever.
    rates : sequence of k (float or ndarray of shape (n,))
        Hazard in each piece, 0 or more, per unit of time.

    Returns
    -------
    ndarray of float, shape (n,)
        Time of the event; infinite where the hazard never adds up to the level.

    Examples
    --------
    >>> level = np.array([0.5, 1.5, 4.0])
    >>> [float(t) for t in time_of_event(level, [0, 2], [0.5, 0.25])]
    [1.0, 4.0, 14.0]
    """
    left = np.array(level, dtype=float)
    time = np.full(left.shape, np.inf)
    ends = [*starts[1:], np.inf]
    with np.errstate(divide="ignore", invalid="ignore"):
        for start, end, rate in zip(starts, ends, rates, strict=True):
            width = left / rate
            # A level that was reached is below 0 from then on.
            now = (left > 0) & (width <= end - start) & np.isfinite(width)
            time = np.where(now, start + width, time)
            if end is not np.inf:
                left = np.where(now, -1.0, left - rate * (end - start))
    return time
