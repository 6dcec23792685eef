"""Directed graphs in columns: positions that can be read, and the drawing.

A chapter builds the graph and says what stands in which column; where a node stands
within its column, and how arrows and labels keep out of each other's way, is found
here.
"""

import numpy as np
from matplotlib.transforms import offset_copy

from course import style

#: Edges that do not stand out: between the two greys of the style.
QUIET = "#a0a0a0"


def layered(graph, layers, starts=40):
    """Return positions in columns, with neighbours close to each other.

    A sweep orders a column by the mean height of what each node is joined to, in both
    directions (the barycentre rule). Of several random starts the one stays whose
    edges are flattest: it has the smallest sum of squared differences in height. The
    starts are drawn from a fixed seed.

    Parameters
    ----------
    graph : networkx.DiGraph
        Edges lead from a column to the next.
    layers : list of list
        The nodes of each column, from left to right; each node of the graph once.
    starts : int
        How many random orders to begin with, 1 or more.

    Returns
    -------
    dict
        Node to its place ``(column, height)``: columns count from 0, heights lie
        between 0 and 1.

    Raises
    ------
    ValueError
        If a node of the graph stands in no column, or in two.
    """
    placed = [node for layer in layers for node in layer]
    if sorted(map(str, placed)) != sorted(map(str, graph)):
        raise ValueError(
            "layers must hold each node of the graph once; got "
            f"{len(placed)} places for {len(graph)} nodes"
        )
    both = graph.to_undirected()
    rng = np.random.default_rng(0)
    best, least = {}, np.inf
    for _ in range(starts):
        height = {}
        for layer in layers:
            drawn = rng.permutation(len(layer)) / len(layer)
            height |= dict(zip(layer, drawn, strict=True))
        for layer in [*layers, *layers[::-1]] * 6:
            mean = {n: np.mean([height[m] for m in both[n]]).round(9) for n in layer}
            ranked = sorted(layer, key=lambda n: (mean[n], str(n)))
            height |= {n: (i + 0.5) / len(ranked) for i, n in enumerate(ranked)}
        steep = sum((height[a] - height[b]) ** 2 for a, b in graph.edges)
        if steep < least - 1e-9:
            best, least = height, steep
    return {n: (x, best[n]) for x, layer in enumerate(layers) for n in layer}


def draw_layers(ax, graph, layers, heads, colors, strong=frozenset()):
    """Draw a graph in columns, with a label for each node.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; its limits, ticks and spines are set.
    graph : networkx.DiGraph
        What to draw. A node that is a tuple is labelled by its first part, so that
        one cell can stand in two columns.
    layers : list of list
        The nodes of each column, from left to right.
    heads : list of str
        What each column holds, shown above it.
    colors : list of str
        The frame of the labels, a colour for each column.
    strong : set of tuple
        Edges ``(from, to)`` that stand out, drawn last.
    """
    place = layered(graph, layers)
    label = {n: n[0] if isinstance(n, tuple) else n for n in graph}

    def beside(node, side):
        """Return data coordinates moved to the left or right end of a label."""
        half = 2.1 * len(label[node]) + 6  # points
        return offset_copy(ax.transData, ax.figure, side * half, units="points")

    for a, b in sorted(graph.edges, key=lambda edge: edge in strong):
        color, width = (style.INK, 1.6) if (a, b) in strong else (QUIET, 0.9)
        line = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkB": 1}
        ends = {"xycoords": beside(b, -1), "textcoords": beside(a, 1)}
        ax.annotate("", xy=place[b], xytext=place[a], arrowprops=line, **ends)
    for layer, color in zip(layers, colors, strict=True):
        for n in layer:
            box = {"boxstyle": "round,pad=0.25", "fc": "white", "ec": color}
            ax.text(*place[n], label[n], ha="center", va="center", size=8.5, bbox=box)
    ax.set_xticks(range(len(heads)), heads)
    ax.xaxis.tick_top()
    ax.set(xlim=(-0.4, len(heads) - 0.6), ylim=(-0.02, 1.02), yticks=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
