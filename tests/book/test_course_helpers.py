"""Helpers of the pages: columns of a graph, and the border between two fates."""

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest
from course import style
from course.dynamics import separatrix
from course.graphs import draw_layers, layered
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
