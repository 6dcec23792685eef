"""The side where students' code runs: runs cells, answers questions of the tests.

Everything here shares a process with a student's code, which may change it at
will. So nothing here is relied upon: it is a convenience for honest students.
"""

import builtins
import contextlib
import inspect
import io
import itertools
import pkgutil
import select
import sys
from collections.abc import Iterator

from . import codec, wire
from .shell import KEPT, time_limit


class Student:
    """Answers what tests ask about the names that a student has defined.

    Parameters
    ----------
    shell : Shell
    sock : socket
        To the tests.
    seconds : float
        The longest that one call may take.
    """

    def __init__(self, shell, sock, seconds):
        self.shell, self.sock, self.seconds = shell, sock, seconds
        self.functions = {}

    def answer(self):
        """Answer one question."""
        question, buffers = wire.receive(self.sock)
        self.number, said = question["number"], io.StringIO()
        reader, writer = codec.Reader(buffers, self.unpack), codec.Writer(self.pack)
        late = f"no result within {self.seconds:g} s"
        if question["first"]:
            _close_figures()
        try:
            with contextlib.redirect_stdout(said), time_limit(self.seconds, late):
                handler = getattr(self, f"on_{question['ask']}")
                answer = handler(question, reader, writer)
        except codec.Refused as error:
            answer = {"refused": str(error)}
        except BaseException as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            answer = {"raised": kinds, "message": str(error)[:5000]}
        answer |= {"number": self.number, "said": said.getvalue()[:KEPT]}
        try:
            wire.send(self.sock, answer, writer.buffers)
        except wire.TooLarge as error:
            wire.send(self.sock, {"number": self.number, "refused": str(error)})

    def on_get(self, question, reader, writer):
        """Copy the value of a name."""
        names = self.shell.user_ns
        if question["name"] not in names:
            return {"missing": True}
        return {"value": writer.write(names[question["name"]])}

    def on_call(self, question, reader, writer):
        """Call a function."""
        function = self.functions[question["function"]]
        args, options = reader.read(question["args"]), reader.read(question["options"])
        for name, given in reader.read(question["seeds"]).items():
            sys.modules[name].seed(*given)
        value = function(*args, **options)
        return {"value": writer.write((value, args) if question["in_place"] else value)}

    def on_figure(self, question, reader, writer):
        """Copy the current figure."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if not pyplot or not pyplot.get_fignums():
            return {"missing": True}
        return {"value": writer.write(pyplot.gcf())}

    def pack(self, writer, value):
        """Describe a value that is not plain."""
        if "matplotlib.figure" in sys.modules:
            from . import figures

            figure = getattr(value, "figure", None)
            shown = [figure, *figure.axes] if isinstance(figure, figures.Figure) else []
            if value in shown:
                description = writer.write(figures.describe(figure))
                return ["figure", description, shown.index(value)]
        if isinstance(value, type) and issubclass(value, BaseException):
            return ["exception", [kind.__name__ for kind in value.__mro__]]
        if callable(value):
            self.functions[id(value)] = value
            return ["function", id(value), *_about(value)]
        if isinstance(value, Iterator):
            return ["iterator", writer.items(itertools.islice(value, 100_000), 1)]
        return None

    def unpack(self, reader, tag, parts):
        """Return what the tests mean by a tag."""
        if tag == "function":
            return self.functions[parts[0]]
        if tag == "import":
            return pkgutil.resolve_name(parts[0])
        return lambda *args, **options: self.call_back(parts[0], args, options)

    def call_back(self, function, args, options):
        """Call a function that a test has given."""
        writer = codec.Writer(self.pack)
        head = {"number": self.number, "call": function}
        copies = {"args": writer.write(args), "options": writer.write(options)}
        wire.send(self.sock, head | copies, writer.buffers)
        answer, buffers = wire.receive(self.sock)
        if "raised" in answer:
            kind = getattr(builtins, answer["raised"], RuntimeError)
            raise kind(answer["message"])
        return codec.Reader(buffers, self.unpack).read(answer["value"])


def _close_figures():
    """Forget what a test has had drawn: the next test or cell would show it."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def _about(function):
    """Return a function's name, docstring and parameters."""
    parameters = []
    with contextlib.suppress(TypeError, ValueError):  # some have no signature
        for one in inspect.signature(function).parameters.values():
            parameter = {"name": one.name, "kind": int(one.kind)}
            if one.default is not one.empty:
                plain = isinstance(one.default, (int, float, str, type(None)))
                parameter["default"] = one.default if plain else repr(one.default)
            parameters.append(parameter)
    name = getattr(function, "__name__", "function")
    return str(name), str(function.__doc__ or ""), parameters


def serve(shell, control, link, seconds):
    """Run cells and answer questions until the grader hangs up."""
    student, sources = Student(shell, link, seconds), [control, link]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if control in ready:
            request, _ = wire.receive(control)
            _close_figures()
            outputs = shell.run(request["run"], request["seconds"])
            wire.send(control, {"outputs": outputs})
            continue
        try:
            student.answer()
        except (EOFError, OSError):
            sources.remove(link)  # the tests have ended; cells may still come
