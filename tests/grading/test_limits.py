"""Without any box, tests still run apart, and greed is still capped.

Files, network and other processes are open then: `test_attacks` is about those.
"""

import pytest
import test_attacks
import workers
from nbgrader_apart.options import Level

pytestmark = pytest.mark.autograder

#: As root, and without a box, nothing keeps a process from its parent.
CAPPED = sorted(set(test_attacks.GREEDY) - {"kills_its_parent"})


@pytest.fixture(scope="module")
def worker():
    made = workers.worker(Level.LIMITS, **workers.SHORT)
    yield made
    made.close()


others_are_unaffected = test_attacks.others_are_unaffected


@pytest.mark.parametrize("name", test_attacks.CHEATS)
def test_cheats_win_nothing(worker, name):
    passed, _ = workers.outcome(worker, test_attacks.CHEATS[name], workers.WRONG)
    assert passed == set()


@pytest.mark.parametrize("name", CAPPED)
def test_greed_ends_in_time(worker, name):
    test_attacks.test_greed_ends_in_time_and_costs_nobody_else(worker, name)
