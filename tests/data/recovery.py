"""How a planted truth is judged to be recovered, the shipped one and another."""

from functools import partial

import cohorts
import numpy as np
import pytest
from scipy import stats


class World:
    """One truth of a cohort, and the maker that plants it.

    Parameters
    ----------
    name : str
        Name of the cohort.
    changed : mapping, optional
        What is planted instead of the shipped values.
    """

    def __init__(self, name, changed=None):
        self.changed = changed
        self.true = cohorts.truth(name, changed)
        self.make = partial(cohorts.get(name).make, truth=changed)


def worlds(name, another):
    """Return a fixture: the tests that ask for it run in the shipped world and another.

    In the other world most values differ, so that an estimator that leans on a
    shipped value, or a maker that holds one, is found.
    """

    @pytest.fixture(scope="module", params=[None, another], ids=["shipped", "another"])
    def world(request):
        return World(name, request.param)

    return world


#: For what holds because of the shipped values: a calibration, the size of a bias.
only_shipped = pytest.mark.parametrize("world", [None], ids=["shipped"], indirect=True)


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


def assert_share(seen, of, truth):
    """Ask that a count out of so many agrees with a planted probability."""
    p = stats.binomtest(int(seen), int(of), truth).pvalue
    assert p > 1e-4, f"truth {truth:.4g} missed: {seen} of {of}, p = {p:.1e}"
