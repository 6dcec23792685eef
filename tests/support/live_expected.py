"""What the sentence of each live figure should say, computed by another route.

A function takes where the sliders stand, and returns the numbers of the sentence in
their order. It reads the cohort itself, and uses no function of the page.
"""

import functools

import cohorts
import numpy as np
from scipy import stats


@functools.cache
def _acute():
    table = cohorts.load("acute_phase")
    stable = table[table["group"] == "stable"]
    crp = stable.pivot(index="person", columns="draw", values="crp_mg_l").to_numpy()
    first = stable[stable["draw"] == 1]
    below = first["crp_below_limit"].to_numpy()
    logs = np.log(first["crp_mg_l"].to_numpy())
    data = stats.CensoredData.left_censored(logs, below)
    mean, sd = stats.norm.fit(data)
    steady = crp[np.exp(np.log(crp).mean(axis=1)) > 2 * np.exp(logs[below][0])]
    centred = np.log(steady) - np.log(steady).mean(axis=1, keepdims=True)
    within = (centred**2).sum() / (len(steady) * (crp.shape[1] - 1))
    return crp, mean, 1 - within / sd**2


def invited(limit):
    """Threshold of invitation: who is invited, how far they fall and should."""
    crp, mean, reliability = _acute()
    chosen = crp[crp[:, 0] > limit]
    change = 100 * (chosen[:, 1] / chosen[:, 0] - 1)
    distance = np.log(chosen[:, 0]) - mean
    foretold = 100 * np.expm1((reliability - 1) * distance)
    return [limit, len(chosen), 300, np.median(change), np.median(foretold)]


#: By name of the figure: the function, and by how much it may differ, relative.
EXPECTED = {
    "lv-metrics-invited": (invited, 5e-3),  # the prediction is drawn to 0.01 mg/L
}
