"""A figure loses weight, and nothing that can be seen."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from small_pictures import shrink


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=int)


@pytest.fixture
def figure(tmp_path):
    path = tmp_path / "figure.png"
    # Whatever style another test has left.
    with mpl.rc_context(mpl.rcParamsDefault):
        figure, ax = plt.subplots(facecolor="white")
        x = np.linspace(0, 10, 300)
        for shift in range(6):
            ax.plot(x, np.sin(x + shift), label=f"person {shift}")
        ax.fill_between(x, -0.5, 0.5, alpha=0.3)
        ax.legend()
        figure.savefig(path)
        plt.close(figure)
    return path


def test_a_figure_weighs_half_at_most_and_looks_the_same(figure):
    before, size = pixels(figure), figure.stat().st_size
    shrink(figure)
    after = pixels(figure)
    assert figure.stat().st_size <= size / 2
    assert abs(after - before).max() <= 32
    assert abs(after - before).mean() < 2
    assert after[0, 0].min() >= 253


def test_a_second_time_changes_nothing(figure):
    shrink(figure)
    once = figure.read_bytes()
    shrink(figure)
    assert figure.read_bytes() == once


def test_what_can_be_looked_through_stays(tmp_path):
    path = tmp_path / "hole.png"
    Image.new("RGBA", (40, 40), (255, 0, 0, 100)).save(path)
    before = path.read_bytes()
    shrink(path)
    assert path.read_bytes() == before


def test_what_would_grow_stays(tmp_path):
    path = tmp_path / "dot.png"
    Image.new("RGB", (1, 1), (1, 2, 3)).save(path)
    before = path.read_bytes()
    shrink(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["dot.png"]
