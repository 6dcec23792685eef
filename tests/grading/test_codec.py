"""What crosses between a student's process and the tests: exact, plain, bounded."""

import datetime
import json
import math
import pickle
import socket
import struct
import time

import numpy as np
import pandas as pd
import pytest
import workers  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from nbgrader_apart import codec, testside, wire

pytestmark = pytest.mark.autograder

settings.register_profile(
    "grading", deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("grading")

BASE = (
    type(None)
    | bool
    | int
    | float
    | complex
    | str
    | bytes
    | list
    | tuple
    | dict
    | set
    | range
    | np.generic
    | np.ndarray
    | pd.DataFrame
    | pd.Series
    | pd.Index
    | pd.Timestamp
    | pd.Timedelta
    | type(pd.NaT)
    | pd.api.extensions.ExtensionArray
    | np.random.Generator
)


def across(value):
    """Send a value through a real socket, and return what arrives."""
    writer = codec.Writer()
    copy = writer.write(value)
    here, there = socket.socketpair()
    with here, there:
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        wire.send(here, {"value": copy}, writer.buffers)
        head, buffers = wire.receive(there, time.monotonic() + 20)
    return codec.Reader(buffers).read(head["value"])


def same(a, b):
    """Return whether two values are the same in type, content and order."""
    if type(a) is not type(b):
        return False
    for kinds, same_of_kind in SAME:
        if isinstance(a, kinds):
            return same_of_kind(a, b)
    return a == b


def same_floats(a, b):
    signed = a == b and math.copysign(1, a) == math.copysign(1, b)
    return signed or math.isnan(a) and math.isnan(b)


def same_arrays(a, b):
    same_kind = a.dtype == b.dtype and a.shape == b.shape
    return same_kind and (a.dtype == object or a.tobytes() == b.tobytes())


SAME = [
    ((np.ndarray, np.generic), same_arrays),
    (float, same_floats),
    (complex, lambda a, b: same(a.real, b.real) and same(a.imag, b.imag)),
    ((list, tuple), lambda a, b: len(a) == len(b) and all(map(same, a, b))),
    (dict, lambda a, b: list(a) == list(b) and all(same(a[key], b[key]) for key in a)),
]


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**900), 10**900)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
keys = st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | st.booleans()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.sets(keys)
    ),
    max_leaves=20,
)
dtypes = (
    npst.boolean_dtypes()
    | npst.integer_dtypes()
    | npst.unsigned_integer_dtypes()
    | npst.floating_dtypes(sizes=(16, 32, 64))
    | npst.complex_number_dtypes(sizes=(64, 128))
    | npst.unicode_string_dtypes(max_len=8)
    | npst.byte_string_dtypes(max_len=8)
)
arrays = npst.arrays(
    dtypes, npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
)


@given(values)
def test_plain_values_arrive_as_they_were(value):
    assert same(across(value), value)


@given(arrays)
def test_arrays_arrive_as_they_were(array):
    assert same(across(array), array)


COLUMNS = {
    "a": np.arange(4),
    "b": [0.1, np.nan, np.inf, -0.0],
    "c": ["x", None, "ü\n", ""],
    "d": pd.Categorical(["u", "v", None, "u"], ["v", "u", "w"], ordered=True),
    "e": pd.to_datetime(["2024-02-29", None, "1970-01-01", "2262-01-01"]),
    "f": pd.array([1, None, 3, 4], dtype="Int64"),
    "g": pd.array([True, None, False, True], dtype="boolean"),
    "h": pd.to_timedelta([1, 2, None, 4], unit="h"),
    "i": [True, False, True, True],
    "j": pd.array(["s", None, "t", "u"], dtype="string"),
}
INDEXES = {
    "range": None,
    "text": list("abca"),
    "numbers": pd.Index([1.5, 2, 2, np.nan], name="n"),
    "dates": pd.date_range("2024", periods=4, name="day"),
    "two levels": pd.MultiIndex.from_product([[1, 2], ["x", "y"]], names=["i", None]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
@given(chosen=st.lists(st.sampled_from(sorted(COLUMNS)), unique=True))
def test_tables_arrive_as_they_were(index, chosen):
    table = pd.DataFrame({name: COLUMNS[name] for name in chosen})
    if index is not None and chosen:
        table.index = index
    pd.testing.assert_frame_equal(across(table), table, check_freq=False)
    for name in chosen:
        pd.testing.assert_series_equal(
            across(table[name]), table[name], check_freq=False
        )


def test_more_that_a_task_may_return():
    for value in (
        pd.Timestamp("2024-01-01 12:00"),
        pd.Timedelta("3h"),
        range(2, 9, 3),
        np.float64(1.5),
        np.int8(3),
        np.bool_(True),
        np.str_("a"),
    ):
        assert same(across(value), value)
    assert across(pd.NaT) is pd.NaT and across({1: 2}.keys()) == [1]
    assert across(pd.Series(["a", "b"]).unique()).tolist() == ["a", "b"]
    row = pd.DataFrame({"a": ["x"], "b": [[1, 2]], "c": [0.5]}).iloc[0]
    pd.testing.assert_series_equal(across(row), row)
    mine = np.random.default_rng(7)
    assert across(mine).random() == np.random.default_rng(7).random()
    objects = across(np.array([None, "a", 1.5], dtype=object))
    assert objects.tolist() == [None, "a", 1.5]


def test_a_figure_arrives_with_what_tests_look_at():
    from matplotlib import pyplot
    from nbgrader_apart import figures

    drawn, (left, right) = pyplot.subplots(1, 2)
    left.bar(["a", "b", "c"], [1, 2.5, -3], label="bars")
    left.set(title="A title", ylabel="mg/L", ylim=(-4, 9))
    left.legend()
    right.plot([1, 2, 3], [1, 10, np.nan], "--o", color="C1", label="line")
    right.scatter([1, np.nan], [3, 4], label="points")
    right.text(1, 2, "note")
    right.set(yscale="log")
    right.legend(["renamed"])
    made = figures.rebuild(across(figures.describe(drawn)))
    pyplot.close(drawn)
    for axes, copy in zip(drawn.axes, made.axes, strict=True):
        for name in ("title", "xlabel", "ylabel", "yscale", "xlim", "ylim", "xticks"):
            ours, theirs = (getattr(one, f"get_{name}")() for one in (axes, copy))
            assert np.array_equal(ours, theirs), name
        ours, theirs = (one.get_legend().get_texts() for one in (axes, copy))
        assert [one.get_text() for one in ours] == [one.get_text() for one in theirs]
    bars, copies = (one.axes[0].containers[0] for one in (drawn, made))
    assert bars.get_label() == copies.get_label() == "bars"
    for bar, copy in zip(bars, copies, strict=True):
        assert np.array_equal(bar.get_bbox(), copy.get_bbox())
        assert bar.get_facecolor() == copy.get_facecolor()
    words = made.axes[0].get_xticklabels()
    assert [one.get_text() for one in words] == ["a", "b", "c"]
    [line] = made.axes[1].get_lines()
    assert np.array_equal(line.get_ydata(), [1, 10, np.nan], equal_nan=True)
    assert (line.get_color(), line.get_linestyle()) == ("C1", "--")
    assert made.axes[1].collections[0].get_offsets().tolist()[0] == [1, 3]
    assert made.axes[1].texts[0].get_text() == "note"


def test_a_copy_is_no_view():
    array = np.arange(3)
    across(array)[0] = 9
    assert array[0] == 0 and across(array).flags.writeable


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda: 1,
        pickle,
        type,
        iter([1]),
        datetime.date(2024, 2, 29),
        frozenset([1]),
        pd.NA,
        np.array([["a", None]], dtype=object),
        10**2000,
        np.zeros(2, dtype=[("a", int)]),
        pd.date_range("2024", periods=2, tz="UTC"),
        pd.Timestamp("2024-01-01", tz="UTC"),
        pd.interval_range(0, 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_refused_with_its_name(value):
    with pytest.raises(codec.Refused, match=r"\w"):
        codec.Writer().write(value)


def test_deep_and_endless_values_are_refused():
    deep = loop = []
    for _ in range(200):
        deep = [deep]
    loop.append(loop)
    for value in (deep, loop):
        with pytest.raises(codec.Refused):
            codec.Writer().write(value)


# -- enemies

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(sorted(codec.READERS)),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(
            st.sampled_from(sorted(codec.READERS)),
            *[inner] * 2,
        ).map(list)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=25,
)


@settings(max_examples=600)
@given(junk, st.lists(st.binary(max_size=40), max_size=3))
def test_junk_becomes_plain_data_or_an_error(copy, buffers):
    try:
        value = codec.Reader(buffers).read(copy)
    except wire.Malformed:
        return
    assert isinstance(value, BASE)


@settings(max_examples=300)
@given(values | arrays, st.data())
def test_a_changed_byte_becomes_plain_data_or_an_error(value, data):
    writer = codec.Writer()
    text = bytearray(json.dumps(writer.write(value)).encode())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(32, 126))
    try:
        assert isinstance(codec.Reader(writer.buffers).read(json.loads(text)), BASE)
    except (wire.Malformed, ValueError):
        pass


@pytest.mark.parametrize(
    "copy",
    [
        ["array", "<f8", [1 << 40], 0],
        ["array", "O", [1], 0],
        ["array", "<U99999", [1 << 30], 0],
        ["array", "<f8", [-1], 0],
        ["array", "<f8", [0] * 40, 0],
        ["array", "<f8", ["1"], 0],
        ["array", "<f8", [2], 0],
        ["array", "(1,)f8", [1], 0],
        ["objects", {"0": 1}],
        ["range", 0, 1 << 60, 1],
        ["range", 0, 1, 0],
        ["index", ["range", 0, 1 << 60, 1], None],
        ["index", ["list", []], None],
        ["frame", ["index", ["range", 0, 9, 1], None], ["list", []], []],
        ["listed", "object", []],
        ["listed", "Int64", [[1]]],
        ["listed", "Int64", ["x"]],
        ["categories", ["index", ["range", 0, 1, 1], None], ["array", "|i1", [8], 0]],
        ["time", ["array", "<f8", [1], 0]],
        ["time", "now"],
        ["generator", ["dict", [["bit_generator", "__import__"]]]],
        ["dict", [[["list", []], 1]]],
        ["pickle", "gASVAAAA"],
        ["complex", "__class__", 1],
    ],
    ids=str,
)
def test_bombs_are_refused(copy):
    with pytest.raises(wire.Malformed):
        codec.Reader([b"\0" * 8]).read(copy)


# -- hostile peers of the tests' side


class Peer:
    """The other end of a link, played by a test."""

    def __init__(self, seconds=0.2):
        self.sock, there = socket.socketpair()
        self.side = testside.TestSide(None, there, seconds)

    def question(self):
        return wire.receive(self.sock, time.monotonic() + 5)[0]


@pytest.fixture
def peer(monkeypatch):
    monkeypatch.setattr(testside.TestSide, "begin", lambda *a: None)
    monkeypatch.setattr(testside, "GRACE_SECONDS", 0.2)
    made = Peer()
    yield made
    made.sock.close()


def frame(head, size=0):
    text = json.dumps(head).encode()
    return struct.pack("<II", len(text), size) + text


@pytest.mark.parametrize(
    "sent",
    [
        None,
        b"",
        b"\xff" * 8,
        struct.pack("<II", 1 << 31, 1 << 31),
        struct.pack("<II", 5, 0) + b"[1,2]",
        struct.pack("<II", 4, 0) + b"\xff\xfe\x00{",
        struct.pack("<II", 60_000, 0) + b"[" * 60_000,
        frame({"number": "0", "value": 1, "_b": []}),
        frame({"value": 1, "_b": []}),
        frame({"number": 1, "_b": [1 << 40]}),
        frame({"number": 1, "_b": [-5]}, 5),
        frame({"number": 1, "_b": "x"}),
    ],
    ids=lambda sent: "silence" if sent is None else repr(sent[:24]),
)
def test_an_improper_answer_ends_the_line(peer, sent):
    """Answers that are late, forged, cut off or no answers at all."""
    import threading

    def reply():
        peer.question()
        if sent == b"":
            peer.sock.close()
        elif sent:
            peer.sock.sendall(sent)

    threading.Thread(target=reply, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(testside.SubmissionGone):
        peer.side.ask({"ask": "get", "name": "x"})
    assert time.monotonic() - began < 5
    with pytest.raises(testside.SubmissionGone):  # and stays so
        peer.side.ask({"ask": "get", "name": "x"})


def test_who_speaks_before_being_asked_is_not_heard(peer):
    wire.send(peer.sock, {"number": "guess", "value": True})
    with pytest.raises(testside.SubmissionGone, match="before it was asked"):
        peer.side.ask({"ask": "get", "name": "x"})


def test_a_slow_answer_in_drops_is_late(peer):
    import threading

    def reply():
        head = {"number": peer.question()["number"], "value": 1, "_b": []}
        for byte in frame(head):
            try:
                peer.sock.send(bytes([byte]))
            except OSError:
                return
            time.sleep(0.1)

    threading.Thread(target=reply, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(testside.SubmissionGone):
        peer.side.ask({"ask": "get", "name": "x"})
    assert time.monotonic() - began < 5


@settings(max_examples=150)
@given(junk, junk, junk)
def test_any_answer_is_a_value_or_an_error_that_no_test_expects(value, raised, said):
    class Bare(testside.TestSide):
        def begin(self, source):
            self.exceptions, self.figures = {}, {}

    end, _ = socket.socketpair()
    asker = Bare(None, end, 1)
    for answer in ({"value": value}, {"raised": raised}, {"refused": said}):
        try:
            asker.value(answer, codec.Reader([b"1234"], asker.unpack), "f()")
        except testside.NotPlainData:
            pass
        except Exception:
            assert "raised" in answer and type(raised) is list
    end.close()
