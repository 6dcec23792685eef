"""Hostile submissions win no point, reach nobody else, and leave nothing running.

They touch only processes, files and ports that this file has made.
"""

import os
import socket
import threading
from pathlib import Path

import pytest
import workers
from miniature import EXERCISES
from nbgrader_apart import box
from nbgrader_apart.options import Role

pytestmark = pytest.mark.autograder

LEVELS = [box.best_level()] + (["landlock"] if box.landlock_abi() else [])
LEVELS += ["bwrap without root"] if LEVELS[0] == "bwrap" else []


@pytest.fixture(scope="module", params=dict.fromkeys(LEVELS))
def worker(request):
    level, _, rootless = request.param.partition(" ")
    with pytest.MonkeyPatch.context() as patch:
        if rootless:  # a namespace of the user's own then does what root does
            patch.setattr(os, "geteuid", lambda: 1000)
        made = workers.worker(box.Level(level), **workers.SHORT)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def others_are_unaffected(worker):
    """After every attack an honest student gets all points on the same worker."""
    yield
    passed, outputs = workers.outcome(worker, workers.RIGHT)
    assert passed == set(workers.TESTS), workers.text_of(outputs)
    students = worker.servers[Role.STUDENT].client
    boxed = students.process.args[0] == "bwrap"
    assert descendants(students.process.pid) <= 1 + boxed


def descendants(pid):
    """Return how many processes a process has started, all generations."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = list(map(int, file.read().split()))
    return len(children) + sum(map(descendants, children))


#: Code that goes before or behind wrong answers. None of it may win a point.
CHEATS = {
    "transformer": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
get_ipython().input_transformers_post.append(lambda lines: ["pass"])""",
    "run_code": """
shell = get_ipython()
type(shell).run_code = lambda *a, **k: None
type(shell).run_cell = lambda *a, **k: None""",
    "showtraceback": """
type(get_ipython())._showtraceback = lambda *a: None
type(get_ipython()).showtraceback = lambda *a, **k: None""",
    "always_equal": """
class Same:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __array__(self, *a, **k): return np.zeros(4)
    __hash__ = None
square = doubled = shifted = greeting = lambda x: Same()""",
    "int_subclass": """
class N(int):
    def __eq__(self, other): return True
    __hash__ = int.__hash__
def square(n): return N(1)""",
    "str_subclass": """
class S(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
def greeting(word): return S("x")""",
    "ndarray_subclass": """
class A(np.ndarray):
    def __array_function__(self, *a): return True
    def __array_ufunc__(self, *a, **k): return True
def shifted(values): return np.zeros(4).view(A)""",
    "frame_subclass": """
class F(pd.DataFrame):
    def equals(self, other): return True
    def __eq__(self, other): return True
def doubled(table): return F(table)""",
    "patched_testing": """
import pandas.testing, pandas._testing, numpy.testing
for module in (pandas.testing, pandas._testing):
    module.assert_frame_equal = lambda *a, **k: None
pd.testing.assert_frame_equal = np.allclose = lambda *a, **k: True""",
    "patched_builtins": """
import builtins
builtins.AssertionError = type("E", (Exception,), {})
builtins.isinstance = lambda *a: True
builtins.__import__ = lambda *a, **k: None""",
    "system_exit": "def square(n): raise SystemExit(0)",
    "keyboard_interrupt": "def square(n): raise KeyboardInterrupt",
    "own_exception": """
class Fine(BaseException): pass
class ValueErrorLike(Exception): pass
def square(n): raise Fine""",
    "hanging_str": """
class Slow:
    def __str__(self):
        while True: pass
    __repr__ = __str__
def greeting(word): return Slow()
def square(n): raise Exception(Slow())""",
    "generator_without_end": """
import itertools
def square(n): return itertools.count()
def greeting(word): return (c for c in itertools.cycle("ab"))""",
    "deep": """
def square(n):
    nested = []
    for _ in range(100_000): nested = [nested]
    return nested""",
    "gigabytes": "def shifted(values): return np.zeros((1 << 30, 4), dtype=np.int8)",
    "pickle": """
import os
class P:
    def __reduce__(self): return (os._exit, (0,))
def square(n): return P()
def shifted(values): return np.array([P()] * 4, dtype=object)""",
    "guesses_the_caller": """
import sys
def square(n):
    frame = sys._getframe()
    while frame:
        for name in ("n", "want", "values"): frame.f_globals.pop(name, None)
        frame = frame.f_back
    return n""",
    "speaks_early": """
import json, socket, struct
for number in range(3, 40):
    try: sock = socket.socket(fileno=number)
    except OSError: continue
    text = json.dumps({"value": 1, "number": "0" * 32, "_b": []}).encode()
    try: sock.send(struct.pack("<II", len(text), 0) + text)
    except OSError: pass
    sock.detach()""",
    "writes_junk": """
import os
for number in range(3, 40):
    try: os.write(number, b"\\xff" * 64)
    except OSError: pass""",
    "closes_everything": "import os\\nos.closerange(0, 64)".replace("\\n", "\n"),
    "answers_for_us": """
import sys
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "") == "nbgrader_apart.studentside":
        def answer(self):
            from nbgrader_apart import wire
            question, buffers = wire.receive(self.sock)
            wire.send(self.sock, {"number": question["number"], "value":
                ["array", "<f8", [1 << 40], 0], "said": 5, "raised": [["x"]]}, [b""])
        module.StudentSide.answer = answer""",
    "answers_twice": """
import sys
from nbgrader_apart import studentside, wire
def answer(self):
    question, buffers = wire.receive(self.sock)
    for _ in range(2):
        wire.send(self.sock, {"number": question["number"], "value": True})
studentside.StudentSide.answer = answer""",
    "calls_back_wildly": """
from nbgrader_apart import studentside, wire
def answer(self):
    question, buffers = wire.receive(self.sock)
    for place in (-1, 0, 10**9, "x"):
        wire.send(self.sock, {"number": question["number"], "call": place,
            "args": ["tuple", []], "options": ["dict", []]})
studentside.StudentSide.answer = answer""",
    "lies_about_its_class": """
class Lies:
    def __init__(self, kind): self.kind = kind
    __class__ = property(lambda self: self.kind)
    def __eq__(self, other): return True
    def __reduce_ex__(self, version): return (int, (1,))
    def __array__(self, *a, **k): return np.zeros(4)
def square(n): return Lies(int)
def greeting(word): return Lies(str)
def shifted(values): return Lies(np.ndarray)
def doubled(table): return Lies(pd.DataFrame)""",
    "replaces_modules": """
import sys, types
class Anything(types.ModuleType):
    def __getattr__(self, name): return lambda *a, **k: True
for name in ("numpy", "numpy.testing", "pandas.testing", "random", "builtins",
             "nbgrader_apart.codec", "nbgrader_apart.wire"):
    sys.modules[name] = Anything(name)""",
    "looks_for_the_answer": """
import gc, inspect
def look(given):
    frames = [frame.frame.f_locals for frame in inspect.stack()]
    seen = [value for names in frames for value in names.values()]
    seen += [value for thing in gc.get_objects() if isinstance(thing, dict)
             for value in list(thing.values())]
    return next((value for value in seen if type(value) is int and value > 10**6), 0)
square = look""",
    "changes_numbers": """
import ctypes
for n in range(257):  # small integers are shared in a process
    ctypes.memset(id(n) + 24, 1, 4)
""",
    "threads_that_answer": """
import threading, time
def spin():
    while True: time.sleep(0.01)
for _ in range(5): threading.Thread(target=spin, daemon=True).start()""",
}


@pytest.mark.parametrize("name", CHEATS)
@pytest.mark.parametrize("place", ["before", "behind"])
def test_cheats_win_nothing(worker, name, place):
    parts = [CHEATS[name], workers.WRONG]
    parts = parts if place == "before" else parts[::-1]
    passed, _ = workers.outcome(worker, *parts)
    assert passed == set()


@pytest.mark.parametrize(
    "name", ["transformer", "run_code", "always_equal", "patched_testing"]
)
def test_code_of_tests_is_not_in_the_students_process(worker, name):
    look = (
        "import gc, sys\n"
        "texts = [o for o in gc.get_objects() if isinstance(o, (str, dict))]\n"
        "print([t for t in map(str, texts) if 'randrange' in t][:1] == [])\n"
        "print([t for t in map(str, get_ipython().history_manager.input_hist_raw)"
        " if 'randrange' in t])"
    )
    _, outputs = workers.outcome(worker, CHEATS[name], workers.WRONG, look)
    assert "assert greeting" not in workers.text_of(outputs[:-5])
    assert "randrange(1000" not in workers.text_of(outputs[:-5])


def test_planted_modules_reach_no_test(worker):
    files = {
        "random.py": b"def randrange(*a): return 0",
        "numpy.py": b"raise SystemExit",
        "pandas/__init__.py": b"",
        **dict.fromkeys(
            (
                *("sitecustomize.py", "usercustomize.py", "conftest.py"),
                *("nbgrader_apart/__init__.py", "nbgrader_config.py"),
                *("ipython_config.py", "profile_default/startup/00.py"),
                *("IPython.py", "json.py", "socket.py", "course.py", "encodings.py"),
            ),
            b"import os; os._exit(0)",
        ),
        "here.pth": b"import os; os._exit(0)",
        "matplotlibrc": b"backend: nothing",
    }
    passed, _ = workers.outcome(worker, workers.WRONG, files=files)
    assert passed == set()
    passed, outputs = workers.outcome(worker, workers.RIGHT, files=files)
    assert passed == set(workers.TESTS), workers.text_of(outputs)


#: What takes too much, or ends its own process. Tests before it count.
GREEDY = {
    "endless": "while True: pass",
    "swallows": "while True:\n    try:\n        while True: pass\n"
    "    except BaseException: pass",
    "sleeps": "import time, signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
    "time.sleep(3600)",
    "exits": "import os\nos._exit(0)",
    "kills_itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "kills_its_parent": "import os, signal\n"
    "try: os.kill(os.getppid(), signal.SIGKILL)\nexcept OSError as e: print(e)\n"
    "os._exit(1)",
    "aborts": "import ctypes\nctypes.string_at(0)",
    "floods": "while True: print('x' * 10_000)",
    "floods_display": "from IPython.display import display, HTML\n"
    "while True: display(HTML('y' * 100_000))",
    "memory": "x = np.ones(1 << 29)\nwhile True: x = np.concatenate([x, x])",
    "memory_by_parts": "kept = []\nwhile True: kept.append(bytearray(1 << 24))",
    "disk": "i = 0\nwhile True:\n    i += 1\n"
    "    open(f'f{i}', 'wb').write(bytes(60 << 20))",
    "one_large_file": "open('big', 'wb').truncate(1 << 40)\n"
    "with open('big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))",
    "many_files": "i = 0\nwhile True:\n    i += 1\n    open(f'{i}', 'w').close()",
    "many_folders": "import os\ni = 0\nwhile True:\n    i += 1\n    os.mkdir(f'{i}')",
    "files_that_vanish": "import os\nfor i in range(10**9):\n"
    "    open(f'{i % 500}', 'w').close()\n    os.remove(f'{i % 500}')",
    "memory_in_threads": "import os, threading, time\ndef eat():\n"
    "    if os.fork() == 0:\n        x = np.ones(1 << 27); time.sleep(60)\n"
    "for _ in range(8): threading.Thread(target=eat).start()\nwhile True: pass",
    "forks": "import os, time\nfor _ in range(200):\n    try:\n"
    "        if os.fork() == 0: time.sleep(60); os._exit(0)\n"
    "    except OSError: break\nwhile True: pass",
    "daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
    "    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n"
    "os._exit(0)",
    "daemon_that_stays": "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
    "    if os.fork() == 0:\n        os.closerange(0, 64); time.sleep(600)\n"
    "    os._exit(0)",
}


@pytest.mark.parametrize("name", GREEDY)
def test_greed_ends_in_time_and_costs_nobody_else(worker, name):
    first = {"number": workers.TESTS["number"]}
    ours = [
        *workers.cells(workers.RIGHT, tests=first),
        *workers.cells(GREEDY[name], workers.WRONG)[1:],
    ]
    outputs = worker.run(ours, {"data.csv": b"a\n1\n"})
    assert not [one for one in outputs[2] if one["output_type"] == "error"]
    for shown in outputs[-len(workers.TESTS) :]:
        assert any(one["output_type"] == "error" for one in shown)
    assert len(workers.text_of(outputs)) < 3_000_000


@pytest.mark.parametrize("name", ["endless", "exits", "memory", "forks", "floods"])
def test_greed_during_a_test(worker, name):
    body = GREEDY[name].replace("\n", "\n    ")
    passed, _ = workers.outcome(
        worker, workers.WRONG, f"def square(n):\n    {body}\n    return n * n"
    )
    assert passed == set()


def test_nothing_to_read(worker, tmp_path, monkeypatch):
    secret = tmp_path / "gradebook.db"
    secret.write_text("SECRET-7")
    tmp_path.chmod(0o755)
    secret.chmod(0o644)
    pid = os.getpid()
    look = f"""
import glob, os
for path in [{str(secret)!r}, '/proc/{pid}/environ', '/proc/{pid}/mem',
             '/proc/1/environ',
             {str(EXERCISES / "source")!r}, {str(EXERCISES)!r}, '/root',
             '/home', '/tmp', os.path.dirname(os.getcwd())]:
    try:
        if os.path.isdir(path): print(path, sorted(os.listdir(path)))
        else: print(path, len(open(path, 'rb').read()), open(path).read())
    except OSError as error: print(path, type(error).__name__)
print(dict(os.environ))
print([open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/environ')
       if os.access(p, os.R_OK)])
"""
    monkeypatch.setenv("GRADING_SECRET", "SECRET-8")
    _, outputs = workers.outcome(worker, look)
    said = workers.text_of(outputs[1:2])
    assert "SECRET" not in said
    assert "metrics" not in said and "nbgrader_config.py" not in said


def test_nothing_to_write(worker, tmp_path):
    tmp_path.chmod(0o777)
    book = tmp_path / "gradebook.db"
    book.write_text("untouched")
    book.chmod(0o666)
    package = Path(box.__file__).parent / "planted.py"
    write = f"""
import os, site, sys
places = [{str(book)!r}, {str(package)!r}, os.path.expanduser('~root/.planted'),
          os.path.join(sys.prefix, 'planted.pth'), '/etc/planted',
          '/tmp/planted-by-test']
for path in places:
    try: open(path, 'w').write('99')
    except OSError as error: print(type(error).__name__)
    else: print('WROTE', path)
"""
    _, outputs = workers.outcome(worker, write)
    assert book.read_text() == "untouched"
    assert not package.exists()
    assert "WROTE" not in workers.text_of(outputs[1:2])


def test_next_student_finds_nothing(worker):
    workers.outcome(worker, "open('left', 'w').write('from the one before')")
    _, outputs = workers.outcome(
        worker,
        "import os\nprint(os.listdir('.'), os.listdir(os.environ['TMPDIR']))",
    )
    assert "left" not in workers.text_of(outputs[1:2])


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_no_network(worker, kind):
    server = socket.socket(socket.AF_INET, getattr(socket, kind))
    server.bind(("127.0.0.1", 0))
    server.settimeout(0.5)
    heard = []

    def listen():
        try:
            if kind == "SOCK_STREAM":
                server.listen()
                heard.append(server.accept())
            else:
                heard.append(server.recv(10))
        except TimeoutError:
            pass

    listener = threading.Thread(target=listen)
    listener.start()
    port = server.getsockname()[1]
    call = (
        f"import socket\nsock = socket.socket(socket.AF_INET, socket.{kind})\n"
        f"sock.connect(('127.0.0.1', {port}))\nsock.send(b'hello')"
    )
    _, outputs = workers.outcome(worker, call)
    listener.join()
    server.close()
    assert heard == []
    assert any(one["output_type"] == "error" for one in outputs[1])


REACH = """
import os, signal, time
mine = os.path.dirname(os.getcwd())
until = time.monotonic() + 1.5
while time.monotonic() < until:
    for pid in [int(one) for one in os.listdir('/proc') if one.isdigit()]:
        if pid == os.getpid(): continue
        try: os.kill(pid, signal.SIGKILL)
        except OSError: pass
        else: print('KILLED', pid)
        for part in ('mem', 'environ', 'cwd/data.csv', 'root/etc/passwd'):
            try: open(f'/proc/{pid}/{part}', 'rb').read(10)
            except OSError: pass
            else: print('READ', part)
    try: folders = os.listdir(os.path.dirname(mine))
    except OSError: folders = []
    for folder in folders:
        path = os.path.join(os.path.dirname(mine), folder)
        if path == mine: continue
        try: print('LISTED', os.listdir(path))
        except OSError: pass
        try: open(path + '/work/planted.py', 'w')
        except OSError: pass
        else: print('WROTE', path)
"""
#: What one student does while another is graded beside, from the same warm process if
#: each has a user.
BESIDE = {
    name: GREEDY[name] for name in ("memory", "forks", "disk", "daemon_that_stays")
}
BESIDE |= {
    "reaches": REACH,
    "kills_all": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "sheds": "import os\nwhile True:\n    if os.fork() == 0:\n        os.setsid()\n"
    "        if os.fork() == 0:\n            while True: pass\n        os._exit(0)\n"
    "    os.wait()",
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_neighbour_is_out_of_reach(worker, name):
    neighbour = workers.Worker(worker.plan, 1, worker.options, worker.shareable(1))
    warm = [one.servers[Role.STUDENT].client for one in (worker, neighbour)]
    heard = []
    attack = threading.Thread(
        target=lambda: heard.append(workers.outcome(worker, BESIDE[name]))
    )
    attack.start()
    rounds = 0
    while attack.is_alive() or not rounds:
        passed, outputs = workers.outcome(neighbour, workers.RIGHT)
        assert passed == set(workers.TESTS), workers.text_of(outputs)
        rounds += 1
    attack.join()
    said = workers.text_of(heard[0][1][1:2])
    for word in ("KILLED", "READ", "LISTED", "WROTE"):
        assert word not in said
    again = [one.servers[Role.STUDENT].client for one in (worker, neighbour)]
    assert again == warm  # nothing had to be started again
    if warm[0] is not warm[1]:
        warm[1].close()
