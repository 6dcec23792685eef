"""Plain copies of values: JSON with tags, and raw buffers for arrays.

What a student's function returns is written on the student's side and read on
the side of the tests. Reading builds base types only: nothing is unpickled, no
name of a class is looked up, every size is checked before memory is taken.
"""

import datetime
import functools
import math
import re

import numpy as np
import pandas as pd

from .wire import Malformed, need

MAX_DEPTH = 50
MAX_ITEMS = 5_000_000
DTYPE = re.compile(
    r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|[SU]\d{1,5}|[mM]8(\[(D|h|m|s|ms|us|ns)\])?)"
)
TIME_UNITS = ("s", "ms", "us", "ns")
MASKED = {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
MASKED |= {"Float32", "Float64", "boolean"}
GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
VIEWS = tuple(map(type, ({}.keys(), {}.values(), {}.items(), range(0))))


class Refused(TypeError):
    """A value that cannot be copied; the message says what it is."""


class Writer:
    """Turns values into what JSON can hold, and buffers.

    Parameters
    ----------
    more : callable, optional
        Asked for a value that is not plain: returns a tagged list, or None.
    """

    def __init__(self, more=None):
        self.more = more
        self.buffers = []
        self.room = MAX_ITEMS

    def write(self, value, depth=0):
        """Return the copy of one value.

        Raises
        ------
        Refused
            If the value is not plain, too deep or too large.
        """
        self.room -= 1
        if depth > MAX_DEPTH or self.room < 0:
            raise Refused("nested too deeply" if self.room else "too large")
        if value is None or type(value) in (bool, float, str):
            return value
        if type(value) is int:
            if value.bit_length() > 4000:
                raise Refused("an integer of more than a thousand digits")
            return value
        if method := _method(type(value)):
            return method(self, value, depth + 1)
        if found := self.more and self.more(self, value):
            return found
        raise Refused(f"a {type(value).__name__}")

    def items(self, values, depth):
        """Copy several values."""
        return [self.write(value, depth) for value in values]

    def buffer(self, data):
        """Keep bytes aside; return their number."""
        self.buffers.append(bytes(data))
        return len(self.buffers) - 1

    def array(self, values, depth=1):
        """Copy a numpy array."""
        values = np.asarray(values)
        shape = list(values.shape)
        if values.dtype == object:
            return ["objects", shape, self.items(values.ravel(), depth)]
        if not DTYPE.fullmatch(values.dtype.str):
            raise Refused(f"an array of dtype {values.dtype}")
        data = np.ascontiguousarray(values).tobytes()
        return ["array", values.dtype.str, shape, self.buffer(data)]

    def column(self, values, depth=1):
        """Copy the array behind a Series, an Index or a column."""
        kind = values.dtype
        if isinstance(kind, pd.StringDtype):
            texts = [one if isinstance(one, str) else None for one in values.tolist()]
            return ["texts", "string" if kind.na_value is pd.NA else "str", texts]
        if isinstance(kind, pd.CategoricalDtype):
            kinds = self.write(kind.categories, depth + 1)
            return ["categories", kinds, self.array(values.codes), bool(kind.ordered)]
        if kind.name in MASKED:
            known = values.fillna(kind.type(0)).to_numpy(kind.numpy_dtype)
            return ["masked", kind.name, self.array(known), self.array(pd.isna(values))]
        if isinstance(kind, (pd.DatetimeTZDtype, pd.PeriodDtype, pd.IntervalDtype)):
            raise Refused(f"a column of dtype {kind}")
        return self.array(values, depth)

    def _frame(self, frame, depth):
        columns = [column.array for _, column in frame.items()]
        index, names = self.items((frame.index, frame.columns), depth)
        return ["frame", index, names, [self.column(one, depth) for one in columns]]

    def _series(self, series, depth):
        index, name = self.items((series.index, series.name), depth)
        return ["series", index, self.column(series.array, depth), name]

    def _multi(self, index, depth):
        codes = [self.array(one) for one in index.codes]
        levels, names = (self.items(one, depth) for one in (index.levels, index.names))
        return ["multi", levels, codes, names]

    def _index(self, index, depth):
        name = self.write(index.name, depth)
        if isinstance(index, pd.RangeIndex):
            return ["steps", index.start, index.stop, index.step, name]
        return ["index", self.column(index.array, depth), name]

    def _time(self, value, depth):
        if value is pd.NaT:
            return ["nat"]
        if getattr(value, "tz", None) is not None:
            raise Refused("a time with a time zone")
        kind = "timedelta" if isinstance(value, pd.Timedelta) else "timestamp"
        return [kind, int(value.asm8.astype("i8")), value.unit]

    def _generator(self, value, depth):
        return ["generator", self.write(value.bit_generator.state, depth)]

    def _pairs(self, value, depth):
        return ["dict", [self.items(pair, depth) for pair in dict.items(value)]]


def _sequence(tag):
    return lambda writer, value, depth: [tag, writer.items(value, depth)]


# The order matters: np.float64 is a float, pd.Timestamp a datetime, bool an int.
# Instances of subclasses are taken for what they are based on.
WRITERS = (
    (type(pd.NA), lambda w, v, d: ["na"]),
    (np.generic, lambda w, v, d: ["scalar", w.array(np.asarray(v))]),
    ((pd.Timestamp, pd.Timedelta, type(pd.NaT)), Writer._time),
    (str, lambda w, v, d: str.__str__(v)),
    (int, lambda w, v, d: w.write(int.__int__(v), d)),
    (float, lambda w, v, d: float.__float__(v)),
    (complex, lambda w, v, d: ["complex", v.real, v.imag]),
    ((bytes, bytearray), lambda w, v, d: ["bytes", w.buffer(v)]),
    (np.ndarray, Writer.array),
    (pd.DataFrame, Writer._frame),
    (pd.Series, Writer._series),
    (pd.MultiIndex, Writer._multi),
    (pd.Index, Writer._index),
    (pd.api.extensions.ExtensionArray, lambda w, v, d: ["column", w.column(v, d)]),
    ((datetime.datetime, datetime.date), lambda w, v, d: ["date", v.isoformat()]),
    (tuple, _sequence("tuple")),
    ((list, *VIEWS), _sequence("list")),
    (dict, Writer._pairs),
    (frozenset, _sequence("frozenset")),
    (set, _sequence("set")),
    (np.random.Generator, Writer._generator),
)


@functools.cache
def _method(kind):
    return next((method for kinds, method in WRITERS if issubclass(kind, kinds)), None)


class Reader:
    """Builds values from what a `Writer`, or an enemy, has written.

    Parameters
    ----------
    buffers : list of bytes
    more : callable, optional
        Asked for an unknown tag: returns a value, or raises.
    """

    def __init__(self, buffers, more=None):
        self.buffers = buffers
        self.more = more

    def read(self, copy, depth=0):
        """Return the value of one copy.

        Raises
        ------
        Malformed
            If no `Writer` writes this.
        """
        need(depth <= MAX_DEPTH, "depth")
        if copy is None or type(copy) in (bool, int, float, str):
            return copy
        need(type(copy) is list and copy and type(copy[0]) is str, "value")
        tag, *parts = copy
        try:
            if tag in READERS:
                return READERS[tag](self, depth + 1, *parts)
            need(self.more, f"tag {tag[:20]!r}")
            return self.more(self, tag, parts)
        except Malformed:
            raise
        except Exception as error:
            raise Malformed(f"malformed {tag[:20]} ({type(error).__name__})") from None

    def items(self, depth, copies):
        """Read several copies."""
        need(type(copies) is list, "list")
        return [self.read(copy, depth) for copy in copies]

    def array(self, copy, kinds=None, ndim=1):
        """Read an array of one of the given kinds of dtype."""
        need(type(copy) is list and copy and copy[0] in ("array", "objects"), "array")
        values = self.read(copy)
        need(values.ndim == ndim and (not kinds or values.dtype.kind in kinds), "array")
        return values

    def column(self, copy, depth):
        """Read the array behind a Series, an Index or a column."""
        need(depth <= MAX_DEPTH and type(copy) is list and copy, "column")
        if copy[0] in COLUMNS:
            return COLUMNS[copy[0]](self, depth + 1, *copy[1:])
        return self.array(copy)

    def index(self, copy, depth):
        """Read an Index."""
        value = self.read(copy, depth)
        need(isinstance(value, pd.Index), "index")
        return value

    def _numbers(self, depth, dtype, shape, number):
        need(type(dtype) is str and DTYPE.fullmatch(dtype), "dtype")
        dtype, data = np.dtype(dtype), self._data(depth, number)
        need(dtype.itemsize and dtype.itemsize * _size(shape) == len(data), "shape")
        need(dtype.kind != "b" or not data or max(data) <= 1, "bool")
        return np.frombuffer(data, dtype).reshape(shape).copy()

    def _objects(self, depth, shape, copies):
        values = self.items(depth, copies)
        need(_size(shape) == len(values), "shape")
        array = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            array[place] = value
        return array.reshape(shape)

    def _data(self, depth, number):
        need(type(number) is int and 0 <= number < len(self.buffers), "buffer")
        return self.buffers[number]

    def _frame(self, depth, index, names, columns):
        index, names = self.index(index, depth), self.index(names, depth)
        columns = [self.column(one, depth) for one in columns]
        need(len(columns) == len(names), "frame")
        need(all(len(one) == len(index) for one in columns), "frame")
        frame = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
        frame.columns = names
        return frame

    def _series(self, depth, index, column, name):
        index, column = self.index(index, depth), self.column(column, depth)
        need(len(index) == len(column), "series")
        name = self.read(name, depth)
        return pd.Series(column, index=index, name=name, dtype=column.dtype)

    def _steps(self, depth, start, stop, step, name):
        need(all(type(one) is int for one in (start, stop, step)) and step, "index")
        need(len(range(start, stop, step)) <= MAX_ITEMS, "index")
        return pd.RangeIndex(start, stop, step, name=self.read(name, depth))

    def _index(self, depth, column, name):
        column = self.column(column, depth)
        return pd.Index(column, name=self.read(name, depth), dtype=column.dtype)

    def _multi(self, depth, levels, codes, names):
        levels = [self.index(one, depth) for one in levels]
        codes = [self.array(one, "i") for one in codes]
        return pd.MultiIndex(levels, codes, names=self.items(depth, names))

    def _pairs(self, depth, pairs):
        pairs = [self.items(depth, pair) for pair in pairs]
        return {key: value for key, value in pairs}

    def _time(self, depth, number, unit, wrap, kind):
        need(type(number) is int and unit in TIME_UNITS, "time")
        return wrap(kind(number, unit))

    def _date(self, depth, text):
        kind = datetime.datetime if "T" in text else datetime.date
        return kind.fromisoformat(text)

    def _generator(self, depth, state):
        state = self.read(state, depth)
        need(state["bit_generator"] in GENERATORS, "generator")
        bits = getattr(np.random, state["bit_generator"])(0)
        bits.state = state
        return np.random.Generator(bits)

    def _texts(self, depth, kind, texts):
        need(kind in ("str", "string") and type(texts) is list, "text")
        need(all(one is None or type(one) is str for one in texts), "text")
        return pd.array(texts, dtype=kind)

    def _categories(self, depth, kinds, codes, ordered):
        kinds, codes = self.index(kinds, depth), self.array(codes, "i")
        return pd.Categorical.from_codes(codes, kinds, ordered=bool(ordered))

    def _masked(self, depth, name, values, mask):
        values, mask = self.array(values, "iufb"), self.array(mask, "b")
        need(name in MASKED and len(values) == len(mask), "column")
        column = pd.array(values, dtype=name)
        column[mask] = pd.NA
        return column


def _size(shape):
    need(type(shape) is list and len(shape) <= 8, "shape")
    need(all(type(one) is int and 0 <= one <= 1 << 31 for one in shape), "shape")
    return math.prod(shape)


COLUMNS = {"texts": Reader._texts, "categories": Reader._categories}
COLUMNS["masked"] = Reader._masked
READERS = {
    "array": Reader._numbers,
    "objects": Reader._objects,
    "scalar": lambda r, d, copy: r.array(copy, ndim=0)[()],
    "complex": lambda r, d, real, imag: complex(real, imag),
    "bytes": Reader._data,
    "frame": Reader._frame,
    "series": Reader._series,
    "steps": Reader._steps,
    "multi": Reader._multi,
    "index": Reader._index,
    "column": lambda r, d, copy: r.column(copy, d),
    "na": lambda r, d: pd.NA,
    "nat": lambda r, d: pd.NaT,
    "timestamp": lambda r, d, n, u: r._time(d, n, u, pd.Timestamp, np.datetime64),
    "timedelta": lambda r, d, n, u: r._time(d, n, u, pd.Timedelta, np.timedelta64),
    "date": Reader._date,
    "list": Reader.items,
    "tuple": lambda r, d, copies: tuple(r.items(d, copies)),
    "set": lambda r, d, copies: set(r.items(d, copies)),
    "frozenset": lambda r, d, copies: frozenset(r.items(d, copies)),
    "dict": Reader._pairs,
    "generator": Reader._generator,
}
