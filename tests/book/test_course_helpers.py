"""Helpers of the pages: graphs, models in time, time in range, lines through trials."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest
from course import style
from course.dynamics import evenly, follow, separatrix
from course.exposure import time_in_range
from course.graphs import draw_layers, layered
from course.synthesis import funnel, meta_regression
from scipy.integrate import solve_ivp


def crossings(graph, place):
    """Count the pairs of edges that cross, between the same two columns."""
    edges = list(graph.edges)
    return sum(
        (place[a][1] - place[c][1]) * (place[b][1] - place[d][1]) < 0
        for i, (a, b) in enumerate(edges)
        for c, d in edges[i + 1 :]
        if place[a][0] == place[c][0]
    )


def test_a_graph_that_can_be_drawn_without_crossings_is():
    order = [3, 0, 4, 1, 2]
    graph = nx.DiGraph((f"a{i}", f"b{i}") for i in order)
    layers = [[f"a{i}" for i in range(5)], [f"b{i}" for i in order]]
    place = layered(graph, layers)
    assert crossings(graph, place) == 0
    assert {x for x, _ in place.values()} == {0, 1}
    assert place == layered(graph, layers), "it is drawn from a fixed seed"


def test_each_node_stands_in_one_column():
    graph = nx.DiGraph([("a", "b"), ("a", "c")])
    with pytest.raises(ValueError, match="2 places for 3 nodes"):
        layered(graph, [["a"], ["b"]])


def test_a_drawing_has_a_label_for_each_node_and_an_arrow_for_each_edge():
    graph = nx.DiGraph([(("cell", "says"), "IL-2"), ("IL-2", ("cell", "hears"))])
    layers = [[("cell", "says")], ["IL-2"], [("cell", "hears")]]
    figure, ax = plt.subplots()
    draw_layers(ax, graph, layers, ["says", "word", "hears"], ["r", "g", "b"])
    written = [text.get_text() for text in ax.texts]
    plt.close(figure)
    assert sorted(filter(None, written)) == ["IL-2", "cell", "cell"]
    assert written.count("") == 2


def linear(slow=-1.0, fast=0.5, angle=0.6):
    """Return a linear saddle at (1, 1) and the direction of its border."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([slow, fast]) @ turn.T
    return lambda state: matrix @ (state - 1), turn[:, 0]


def test_the_border_of_a_linear_saddle_is_its_stable_direction():
    rates, direction = linear()
    line = separatrix(rates, [1.0, 1.0], low=-5, high=7)
    away = line - 1.0
    far = np.hypot(*away) > 1
    off = np.abs(direction[0] * away[1] - direction[1] * away[0])
    assert far.sum() > 20 and np.max(off[far] / np.hypot(*away[:, far])) < 2e-3
    assert line.min() < -2 and line.max() > 4, "it runs to both ends of the map"


def test_what_starts_on_either_side_ends_elsewhere():
    rates, direction = linear()
    line = separatrix(rates, [1.0, 1.0], low=-5, high=7)
    across = np.array([-direction[1], direction[0]])
    start = line[:, np.argmax(np.hypot(*(line - 1)))]
    ends = [
        solve_ivp(lambda t, y: rates(y), (0, 12), start + side * 0.05 * across).y[:, -1]
        for side in (1, -1)
    ]
    assert (ends[0] - 1) @ across > 0 > (ends[1] - 1) @ across


def test_a_saddle_outside_the_map_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        separatrix(linear()[0], [1.0, 1.0], low=0, high=1)


def test_a_p_value_is_never_printed_as_zero():
    assert style.p_value(0.2) == "= 0.20"
    assert style.p_value(0.01) == "= 0.01"
    assert style.p_value(0.0099) == "< 0.01"
    assert style.p_value(0.0004, 3) == "< 0.001"
    assert style.p_value(0.0474, 3) == "= 0.047"


def decay(time, state, rate, inflow=0.0):
    """Return the rate of change of what is made evenly and lost in proportion."""
    return inflow - rate * np.asarray(state)


def test_a_plan_is_followed_part_by_part():
    plan = [(10, {"rate": 0.2}), (5, {"rate": 0.0, "inflow": 2.0}), (8, {"rate": 1.0})]
    times, states = follow(decay, [100.0], plan, step=0.5)
    ends = 100 * np.exp(-2.0), 100 * np.exp(-2.0) + 10
    expected = np.select(
        [times < 10, times < 15],
        [100 * np.exp(-0.2 * times), ends[0] + 2 * (times - 10)],
        ends[1] * np.exp(-(times - 15)),
    )
    assert times[-1] == 23 and (np.diff(times) >= 0).all()
    assert states.shape == (1, len(times))
    assert states[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_what_cannot_be_followed_is_said(monkeypatch):
    stuck = SimpleNamespace(success=False, message="too many steps")
    monkeypatch.setattr("course.dynamics.solve_ivp", lambda *a, **k: stuck)
    with pytest.raises(RuntimeError, match="cannot be followed: too many steps"):
        follow(decay, [1.0], [(5, {"rate": 1.0})])


def test_places_on_a_line_are_evenly_apart():
    angle = np.concatenate([np.linspace(0, 1, 4000), np.linspace(1, 3, 1000)[1:]])
    arc = np.array([np.cos(angle), np.sin(angle)])  # a step is a step of the angle
    at = np.arctan2(*evenly(arc, arc[:, 2000], step=0.1, far=0.45)[::-1])
    assert np.diff(at) == pytest.approx(0.1, abs=1e-3)
    assert np.abs(at - angle[2000]).max() <= 0.45 + 1e-3
    whole = np.arctan2(*evenly(arc, arc[:, 2000], step=0.1, far=9)[::-1])
    assert 0 < whole.min() < 0.1 and 2.9 < whole.max() < 3


@pytest.mark.parametrize(
    ("day", "level", "said"),
    [
        ([1], [5], "two measurements or more"),
        ([1, 2, 3], [5, 6], "2 levels at 3 times"),
        ([1, 1], [5, 6], "times must ascend"),
        ([1, 2], [5, np.nan], "no level may be missing"),
    ],
)
def test_time_in_range_needs_levels_and_times(day, level, said):
    with pytest.raises(ValueError, match=said):
        time_in_range(day, level, 4, 8)


def test_time_in_range_needs_a_range():
    with pytest.raises(ValueError, match="low must be below high; got 8 and 4"):
        time_in_range([1, 2], [5, 6], 8, 4)


def test_a_line_through_trials_finds_what_was_planted():
    rng = np.random.default_rng(4)
    x, v = rng.uniform(0, 50, 300), rng.uniform(0.02, 0.2, 300)
    y = 0.3 - 0.02 * x + rng.normal(0, np.sqrt(v + 0.1))
    (slope, intercept), tau2 = meta_regression(y, v, x)
    assert slope == pytest.approx(-0.02, abs=0.006)
    assert intercept == pytest.approx(0.3, abs=0.2)
    assert tau2 == pytest.approx(0.1, abs=0.06)


@pytest.mark.parametrize(
    ("y", "v", "said"),
    [([0.1, 0.2], [1, 1], "three trials or more"), ([0, 1, 2], [1, 0, 1], "above 0")],
)
def test_a_line_needs_trials_and_variances(y, v, said):
    with pytest.raises(ValueError, match=said):
        meta_regression(y, v, np.arange(len(y)))


def test_between_the_sides_of_a_funnel_lie_95_trials_of_100():
    figure, ax = plt.subplots()
    funnel(ax, centre=-0.3)
    left, right = (line.get_xdata() for line in ax.lines[:2])
    plt.close(figure)
    rng = np.random.default_rng(5)
    estimate = np.exp(rng.normal(-0.3, 0.8, 100_000))  # at its foot
    assert ((estimate > left[1]) & (estimate < right[1])).mean() == pytest.approx(
        0.95, abs=0.003
    )
    assert left[0] == right[0] == pytest.approx(np.exp(-0.3))
