"""Curves of time to an event: Kaplan-Meier, and Aalen-Johansen for competing events.

Both return a table with a row for time 0 and for every distinct time in the data, so
that a step plot (``where="post"``) of a column draws the curve to the end of
follow-up. Somebody censored at a time is still at risk at it. References are keys of
``book/references.bib``.
"""

import numpy as np
import pandas as pd


def _checked(time, other, name):
    """Return both as arrays, or say what is wrong with the times."""
    time, other = np.asarray(time, dtype=float), np.asarray(other)
    if time.ndim != 1 or time.shape != other.shape or time.size == 0:
        raise ValueError(
            f"time and {name} must be two columns of the same length, at least 1; "
            f"got shapes {time.shape} and {other.shape}"
        )
    bad = ~np.isfinite(time) | (time < 0)
    if bad.any():
        raise ValueError(
            f"time must be 0 or more and not missing; got {time[bad][0]} in row "
            f"{int(np.argmax(bad))}"
        )
    return time, other


def _steps(time):
    """Return distinct times from 0, the row of each person, and numbers at risk."""
    distinct, row = np.unique(np.append(0.0, time), return_inverse=True)
    left = np.bincount(row[1:], minlength=distinct.size)
    at_risk = time.size - np.append(0, np.cumsum(left)[:-1])
    return distinct, row[1:], at_risk


def kaplan_meier(time, event):
    """Return the Kaplan-Meier curve with Greenwood's standard error.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time to the event or to the end of follow-up, in any one unit, 0 or more.
    event : array_like of bool, shape (n,)
        Whether the event was seen at that time (True, 1) or follow-up ended without
        it (False, 0).

    Returns
    -------
    pandas.DataFrame
        One row for time 0 and each distinct time: ``time``, ``at_risk`` (people
        under observation just before), ``events``, ``survival`` (share without event
        after it) and ``standard_error`` of ``survival``, which is 0 once nobody is
        left without event.

    Raises
    ------
    ValueError
        If the lengths differ or are 0, a time is missing or negative, or `event`
        holds something else than true and false.

    Notes
    -----
    S(t) is the product of 1 - d/n over the times of events up to t [1]_. Greenwood's
    variance is S(t)^2 times the sum of d / (n (n - d)).

    References
    ----------
    .. [1] Kaplan1958.

    Examples
    --------
    >>> kaplan_meier([1, 2, 3, 3], [True, False, True, False]).round(3)
       time  at_risk  events  survival  standard_error
    0   0.0        4       0     1.000           0.000
    1   1.0        4       1     0.750           0.217
    2   2.0        3       0     0.750           0.217
    3   3.0        2       1     0.375           0.286
    """
    time, event = _checked(time, event, "event")
    odd = ~np.isin(event, [0, 1])
    if odd.any():
        raise ValueError(
            f"event must be True or False; got {event[odd][0]!r} in row "
            f"{int(np.argmax(odd))}"
        )
    distinct, row, at_risk = _steps(time)
    events = np.bincount(row, weights=event.astype(float), minlength=distinct.size)
    survival = np.cumprod(1 - events / at_risk)
    alive = survival > 0
    term = np.divide(
        events, at_risk * (at_risk - events), where=alive, out=np.zeros(distinct.size)
    )
    return pd.DataFrame(
        {
            "time": distinct,
            "at_risk": at_risk,
            "events": events.astype(int),
            "survival": survival,
            "standard_error": survival * np.sqrt(np.cumsum(term)),
        }
    )


def aalen_johansen(time, cause, censored=0):
    """Return the cumulative incidence of each of several competing events.

    Parameters
    ----------
    time : array_like of float, shape (n,)
        Time to the first event of any kind or to the end of follow-up, 0 or more.
    cause : array_like, shape (n,)
        Which event it was: numbers or words.
    censored : scalar
        The value of `cause` for a follow-up that ended without an event; 0 unless
        told.

    Returns
    -------
    pandas.DataFrame
        One row for time 0 and each distinct time: ``time``, ``at_risk``,
        ``event_free`` (share without any event; the Kaplan-Meier curve of all events
        together), and for each cause, in sorted order, a column of its name with the
        share that has had it, and one with ``_se`` behind the name with its standard
        error. In each row ``event_free`` and the shares add up to 1.

    Raises
    ------
    ValueError
        If the lengths differ or are 0, a time is missing or negative, a cause is
        missing, or there is no event at all.

    Notes
    -----
    F_k(t) is the sum over times s up to t of S(s-) d_k / n: who is still free of any
    event just before s, times the share of those who then have event k [1]_. The
    variance is that of Marubini and Valsecchi (delta method), as in Stata's stcompet;
    with one cause it is Greenwood's, and without censoring F (1 - F) / n.

    References
    ----------
    .. [1] Austin2016competing.

    Examples
    --------
    >>> found = aalen_johansen([1, 2, 3, 4], ["rash", "death", "none", "rash"], "none")
    >>> found[["time", "event_free", "death", "rash"]].round(2)
       time  event_free  death  rash
    0   0.0        1.00   0.00  0.00
    1   1.0        0.75   0.00  0.25
    2   2.0        0.50   0.25  0.25
    3   3.0        0.50   0.25  0.25
    4   4.0        0.00   0.25  0.75
    """
    time, cause = _checked(time, cause, "cause")
    missing = pd.isna(cause)
    if missing.any():
        raise ValueError(
            f"cause is missing in row {int(np.argmax(missing))}; give a censored "
            f"follow-up the value {censored!r}"
        )
    names = [one for one in np.unique(cause) if one != censored]
    if not names:
        raise ValueError(f"there is no event: every cause is {censored!r}")

    distinct, row, n = _steps(time)
    events = {
        name: np.bincount(row[cause == name], minlength=distinct.size) for name in names
    }
    every = sum(events.values())
    free = np.cumprod(1 - every / n)
    before = np.append(1.0, free[:-1])
    # Nothing follows the time at which the last one has an event: its term is 0 x inf.
    term = np.divide(every, n * (n - every), where=n > every, out=np.zeros(free.size))

    table = {"time": distinct, "at_risk": n, "event_free": free}
    for name, d in events.items():
        f = np.cumsum(before * d / n)
        own = before**2 * d * (n - d) / n**3
        mixed = before * d / n**2
        # The sums over s <= t of (F(t) - F(s))^2 term, own, and (F(t) - F(s)) mixed.
        squares = (
            f**2 * np.cumsum(term)
            - 2 * f * np.cumsum(f * term)
            + np.cumsum(f**2 * term)
        )
        cross = f * np.cumsum(mixed) - np.cumsum(f * mixed)
        variance = squares + np.cumsum(own) - 2 * cross
        table[str(name)] = f
        table[f"{name}_se"] = np.sqrt(np.maximum(variance, 0))
    return pd.DataFrame(table)


def value_at(table, column, times):
    """Read a curve of `kaplan_meier` or `aalen_johansen` at given times.

    Parameters
    ----------
    table : pandas.DataFrame
        What one of the two returned.
    column : str
        Which column of it.
    times : float or array_like of float
        0 or more, in the unit of the table. Behind the end of follow-up the last
        value is returned.

    Returns
    -------
    float or ndarray
        The value after the last row at or before each time.

    Raises
    ------
    ValueError
        If a time is negative or missing.
    """
    times = np.asarray(times, dtype=float)
    if not (times >= 0).all():
        raise ValueError(f"times must be 0 or more; got {times.min()}")
    row = np.searchsorted(table["time"], times, side="right") - 1
    values = table[column].to_numpy()[row]
    return float(values) if times.ndim == 0 else values
