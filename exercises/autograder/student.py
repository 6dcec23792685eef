"""The side where students' code runs: runs cells, answers questions of the tests.

Everything here shares a process with a student's code, which may change it at
will. So nothing here is relied upon: it is a convenience for honest students.
"""

import builtins
import importlib
import inspect
import itertools
import select
import sys
import types
from collections.abc import Iterator

from . import codec, wire
from .shell import Outputs, Stream, time_limit


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
        self.number = question["number"]
        reader, said = codec.Reader(buffers, self.unpack), Outputs()
        writer, before = codec.Writer(self.pack), sys.stdout
        try:
            with time_limit(self.seconds, f"no result within {self.seconds:g} s"):
                sys.stdout = Stream(said, "stdout")
                answer = getattr(self, f"on_{question['ask']}")(
                    question, reader, writer
                )
        except BaseException as error:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            answer, writer = (
                {"raised": kinds, "message": str(error)[:5000]},
                codec.Writer(),
            )
        finally:
            sys.stdout = before
        answer |= {
            "number": question["number"],
            "said": "".join(one["text"] for one in said.list),
        }
        try:
            wire.send(self.sock, answer, writer.buffers)
        except wire.TooLarge as error:
            wire.send(self.sock, {"number": self.number, "refused": str(error)})

    def on_get(self, question, reader, writer):
        """Copy the value of a name."""
        names, name = self.shell.user_ns, question["name"]
        if name not in names or name in self.shell.user_ns_hidden:
            return {"missing": True}
        if isinstance(names[name], types.ModuleType):
            return {"missing": True}
        return self.copied(names[name], writer)

    def on_call(self, question, reader, writer):
        """Call a function."""
        function = self.unpack(reader, "function", [question["function"]])
        args, options = reader.read(question["args"]), reader.read(question["options"])
        for name, given in reader.read(question.get("seeds", ["dict", []])).items():
            sys.modules[name].seed(*given)
        answer = self.copied(function(*args, **options), writer)
        if question["in_place"]:
            answer["args"] = [writer.write(value) for value in args]
        return answer

    def on_figure(self, question, reader, writer):
        """Copy the current figure."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if not pyplot or not pyplot.get_fignums():
            return {"missing": True}
        return self.copied(pyplot.gcf(), writer)

    def on_close(self, question, reader, writer):
        """Forget figures and functions: the test has ended."""
        self.functions.clear()
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        return {}

    def copied(self, value, writer):
        """Return the answer that holds a copy of a value."""
        try:
            return {"value": writer.write(value)}
        except codec.Refused as error:
            return {"refused": str(error)}

    def pack(self, writer, value):
        """Describe a value that is not plain."""
        if "matplotlib.figure" in sys.modules:
            from matplotlib.axes import Axes
            from matplotlib.figure import Figure

            from . import figures

            figure = value.figure if isinstance(value, Axes) else value
            if isinstance(figure, Figure):
                place = figure.axes.index(value) if value is not figure else None
                return [
                    "figure",
                    id(figure),
                    writer.write(figures.describe(figure)),
                    place,
                ]
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
            named = isinstance(parts[0], str)
            return (self.shell.user_ns if named else self.functions)[parts[0]]
        if tag == "import":
            found = importlib.import_module(parts[0])
            for name in parts[1].split("."):
                found = getattr(found, name)
            return found
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


def _about(function):
    try:
        parameters = [
            [one.name, int(one.kind), one.default is not one.empty, repr(one.default)]
            for one in inspect.signature(function).parameters.values()
        ]
    except (TypeError, ValueError):
        parameters = []
    try:
        source = inspect.getsource(function)
    except (TypeError, OSError):
        source = ""
    name = str(getattr(function, "__name__", "function"))
    return name, str(function.__doc__ or ""), parameters, source


def serve(shell, control, link, seconds):
    """Run cells and answer questions until the grader hangs up."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    student, sources = Student(shell, link, seconds), [control, link]
    while True:
        ready, _, _ = select.select(sources, [], [])
        try:
            if control in ready:
                request, _ = wire.receive(control)
                outputs = shell.run(request["run"], request["seconds"])
                wire.send(control, {"outputs": outputs})
            elif link in ready:
                student.answer()
        except EOFError:
            if control in ready:
                return
            sources.remove(link)
