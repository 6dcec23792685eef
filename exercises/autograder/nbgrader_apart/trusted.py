"""The side where tests run, and no line of a student.

A name that a test uses and this side does not define is asked for on the other
side. A value arrives as a plain copy. A function arrives as a stand-in: calling
it sends plain arguments over and brings a plain result back, or the type and
message of an exception.

Comments in a test's own source change this:

``# from student: name``  ask for the name even though a set-up cell defines it
``# in place``            copy back what a function did to its arguments
"""

import builtins
import inspect
import random
import re
import secrets
import select
import socket
import sys
import time

import numpy as np

from . import codec, wire
from .wire import need

#: Functions and types of these modules are sent by name.
KNOWN_MODULES = {*sys.stdlib_module_names, "numpy", "pandas", "scipy"}
#: The other side needs a moment to say that it was too slow.
GRACE = 2


class SubmissionError(Exception):
    """The submission raised a type of exception that Python does not know."""


# The next two are no Exception: a test that waits for one must not take them for it.


class SubmissionGone(BaseException):
    """The submission's process has ended, hangs, or does not keep to the protocol."""


class NotPlainData(BaseException):
    """The submission gives something that cannot be copied."""


class Trusted:
    """Asks the submission on behalf of the tests.

    Parameters
    ----------
    shell : Shell
        Runs the tests.
    sock : socket
        To the submission.
    seconds : float
        The longest that one call may take.
    """

    def __init__(self, shell, sock, seconds):
        self.shell, self.sock, self.seconds = shell, sock, seconds
        self.gone, self.hidden = None, {}

    # -- talking

    def ask(self, question, writer=None):
        """Ask; return the answer and a reader of its values.

        Raises
        ------
        SubmissionGone
            If there is no proper answer in time. All later questions fail too.
        """
        if self.gone:
            raise SubmissionGone(f"the submission no longer answers: {self.gone}")
        number = secrets.token_hex(16)
        deadline = time.monotonic() + self.seconds + GRACE
        try:
            # Whatever waits here was sent before the question was asked.
            if select.select([self.sock], [], [], 0)[0]:
                if self.sock.recv(1, socket.MSG_PEEK):
                    raise wire.Malformed("it spoke before it was asked")
                raise EOFError
            question |= {"number": number, "first": not self.asked}
            buffers = writer.buffers if writer else ()
            wire.send(self.sock, question, buffers, (), deadline)
            while True:
                answer, buffers = wire.receive(self.sock, deadline)
                need(answer.get("number") == number, "answer to another question")
                if "call" not in answer:
                    self.asked += 1
                    return answer, codec.Reader(buffers, self.unpack)
                self.call_back(answer, buffers, deadline)
        except TimeoutError:
            self.gone = f"no answer within {self.seconds:g} s"
        except (EOFError, ConnectionError):
            self.gone = "it has ended"
        except wire.Malformed as error:
            self.gone = f"{error}"
        self.sock.close()
        raise SubmissionGone(f"the submission no longer answers: {self.gone}")

    def value(self, answer, reader, what):
        """Return the value in an answer, or raise what the submission raised."""
        sys.stdout.write(str(answer.get("said", "")))
        if "refused" in answer:
            raise NotPlainData(
                f"{what} gives {str(answer['refused'])[:200]}; return plain data: "
                "numbers, text, lists, dicts, arrays, tables, figures"
            )
        try:
            if "raised" in answer:
                kind = self.exception(answer["raised"])
                raise kind(str(answer.get("message", "")))
            return reader.read(answer.get("value"))
        except wire.Malformed as error:
            raise NotPlainData(f"{what} gives something unreadable: {error}") from None

    # -- what comes over

    def exception(self, names):
        """Return the type of exception of which these are the name and its bases."""
        need(type(names) is list and all(type(name) is str for name in names), "type")
        for place, name in enumerate(names[:20]):
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, Exception):
                if re.search("Unicode|Group|Stop", name):
                    continue  # these want more than a message
                for mine in reversed(names[:place]):
                    kind = self.exceptions.setdefault(mine, type(mine, (kind,), {}))
                return kind
        return SubmissionError

    def unpack(self, reader, tag, parts):
        """Build what is not plain data."""
        if tag == "function":
            return self.stand_in(*parts)
        if tag == "exception":
            return self.exception(parts[0])
        if tag == "iterator":
            return iter(reader.items(1, parts[0]))
        need(tag == "figure", f"tag {tag[:20]!r}")
        from . import figures

        figure = figures.rebuild(reader.read(parts[0]))
        return [figure, *figure.axes][parts[1]]

    def stand_in(self, number, name, doc, parameters):
        """Return a function that calls the submission's."""
        need(type(number) is int and type(name) is type(doc) is str, "function")

        def stand_in(*args, **options):
            return self.call(number, name, args, options)

        stand_in.__name__ = stand_in.__qualname__ = name
        stand_in.__doc__, stand_in.of_submission = doc, number
        parameters = [inspect.Parameter(**one) for one in parameters]
        stand_in.__signature__ = inspect.Signature(parameters)
        return stand_in

    # -- what goes over

    def call(self, function, name, args, options):
        """Call a function of the submission."""
        writer = codec.Writer(self.pack)
        question = {"ask": "call", "function": function, "in_place": self.in_place}
        try:
            question |= {"args": writer.write(args), "options": writer.write(options)}
            question["seeds"], self.seeds = writer.write(self.seeds), {}
        except codec.Refused as error:
            raise TypeError(f"a test cannot give {error} to {name}()") from None
        answer, reader = self.ask(question, writer)
        result = self.value(answer, reader, f"{name}()")
        if self.in_place:
            result, copies = result
            for mine, copy in zip(args, copies, strict=False):
                _update(mine, copy)
        return result

    def pack(self, writer, value):
        """Describe an argument that is not plain data."""
        if hasattr(value, "of_submission"):
            return ["function", value.of_submission]
        if not callable(value):
            return None
        module = str(getattr(value, "__module__", ""))
        name = getattr(value, "__qualname__", "")
        if module.partition(".")[0] in KNOWN_MODULES and name.isidentifier():
            return ["import", f"{module}:{name}"]
        self.callbacks.append(value)
        return ["callback", len(self.callbacks) - 1]

    def call_back(self, request, buffers, deadline):
        """Let the submission call a function that a test has given to it."""
        place = request["call"]
        need(type(place) is int and 0 <= place < len(self.callbacks), "callback")
        reader, writer = codec.Reader(buffers, self.unpack), codec.Writer(self.pack)
        args, options = (reader.read(request.get(part)) for part in ("args", "options"))
        try:
            answer = {"value": writer.write(self.callbacks[place](*args, **options))}
        except Exception as error:
            answer = {"raised": type(error).__name__, "message": str(error)}
        wire.send(self.sock, answer, writer.buffers, (), deadline)

    # -- names

    def fetch(self, name):
        """Return the submission's value of a name: one copy while nothing is called."""
        kept = self.values.get(name)
        if kept and (kept[1] == self.asked or callable(kept[0])):
            return kept[0]
        answer, reader = self.ask({"ask": "get", "name": name})
        if answer.get("missing"):
            raise KeyError(name)
        value = self.value(answer, reader, name)
        self.values[name] = value, self.asked
        return value

    def begin(self, source):
        """Forget what earlier tests asked for; hide what this one wants."""
        self.values, self.callbacks, self.asked = {}, [], 0
        self.exceptions, self.seeds = {}, {}
        self.in_place = "# in place" in source
        names = self.shell.user_ns
        names.update(self.hidden)
        wanted = " ".join(re.findall(r"# from student:(.*)", source))
        wanted = wanted.replace(",", " ").split()
        self.hidden = {name: names.pop(name) for name in wanted if name in names}


class Names(dict):
    """The builtins of the tests; a name that is not there is asked for."""

    def __init__(self, trusted):
        super().__init__(vars(builtins))
        self.trusted = trusted

    def __missing__(self, name):
        if name.startswith("__"):
            raise KeyError(name)
        return self.trusted.fetch(name)


def _share_seeds(trusted):
    """Let a seed that a test sets hold for the submission too."""
    for module in (random, np.random):

        def seed(*given, own=module.seed, name=module.__name__):
            own(*given)
            trusted.seeds[name] = given

        module.seed = seed


def _update(mine, new):
    if type(mine) is not type(new):
        return
    if isinstance(mine, list):
        mine[:] = new
    elif isinstance(mine, (dict, set)):
        mine.clear()
        mine.update(new)
    elif hasattr(mine, "_update_inplace"):  # a DataFrame or a Series
        mine._update_inplace(new)
    elif hasattr(mine, "dtype") and mine.shape and mine.shape == new.shape:
        mine[...] = new


def serve(shell, control, link, seconds):
    """Run the set-up and test cells that the grader sends, until it hangs up."""
    trusted = Trusted(shell, link, seconds)
    shell.user_ns["__builtins__"] = Names(trusted)
    _share_seeds(trusted)
    if "matplotlib.pyplot" in sys.modules:
        from . import figures

        figures.share(trusted)
    while True:
        request, _ = wire.receive(control)
        trusted.begin(request["run"])
        outputs = shell.run(request["run"], request["seconds"])
        wire.send(control, {"outputs": outputs})
