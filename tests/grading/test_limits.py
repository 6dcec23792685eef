"""Without any box, tests still run apart, and greed is still capped.

Files, network and other processes are open then: `test_attacks` is about those.
"""

import benches
import pytest
import test_attacks

pytestmark = pytest.mark.autograder

#: As root, and without a box, nothing keeps a process from its parent.
CAPPED = sorted(set(test_attacks.GREEDY) - {"kills_its_parent"})


@pytest.fixture(scope="module")
def bench():
    made = benches.bench("limits")
    yield made
    made.close()


others_are_unaffected = test_attacks.others_are_unaffected


@pytest.mark.parametrize("name", test_attacks.CHEATS)
def test_cheats_win_nothing(bench, name):
    passed, _ = benches.outcome(bench, test_attacks.CHEATS[name], benches.WRONG)
    assert passed == set()


@pytest.mark.parametrize("name", CAPPED)
def test_greed_ends_in_time(bench, name):
    test_attacks.test_greed_ends_in_time_and_costs_nobody_else(bench, name)
