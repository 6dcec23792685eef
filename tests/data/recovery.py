"""How a planted truth is judged to be recovered."""

import numpy as np
from scipy import stats


def assert_recovered(estimates, errors, truth):
    """Ask that the z-scores of independent estimates look like standard normal ones.

    Parameters
    ----------
    estimates, errors : sequence of float
        One estimate a seed, each with its own standard error.
    truth : float
        What was planted.
    """
    z = (np.asarray(estimates) - truth) / np.asarray(errors)
    p = stats.chi2.sf(np.sum(z**2), z.size)
    assert p > 1e-4, f"truth {truth:.4g} missed: estimates {estimates}, z {z.round(1)}"
    drift = z.mean() * np.sqrt(z.size)
    assert abs(drift) < 3.7, f"biased: truth {truth:.4g}, z of the mean {drift:.1f}"
