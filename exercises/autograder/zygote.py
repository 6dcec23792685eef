"""A process that imports everything once and is then forked for each submission.

Run as ``python -c "... zygote.main()"`` with a socket as its standard input.
The requests (`warm.Zygote` sends them):

=======  ====================================================================
fork     with one or two sockets: fork; the fork serves `student` or `trusted`
kernel   fork, and become an ordinary Jupyter kernel (`provisioner`)
signal   send a signal to a fork
end      kill a fork and everything that it has started
=======  ====================================================================

The set-up cells of the assignment are run before the first fork: their files are
read once. This process stays single-threaded, and no student's line runs in it.
"""

import ctypes
import gc
import importlib
import os
import random
import select
import signal
import socket
import sys
import time
import traceback

from . import box, wire

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


def main():
    """Warm up, then serve until the socket closes."""
    sock = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    conf, _ = wire.receive(sock)
    try:
        zygote = Zygote(sock, conf)
        wire.send(sock, {"ready": zygote.prefix})
    except BaseException as error:
        wire.send(sock, {"failed": "".join(traceback.format_exception(error))})
        raise
    zygote.serve()


def import_all(names):
    """Import what can be imported; what cannot will fail in the cell that wants it."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:
            continue


def threads():
    """Return how many threads this process has."""
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return 1


class Zygote:
    """The warm process's own side.

    Parameters
    ----------
    sock : socket
    conf : dict
        ``role`` ("student", "trusted" or "kernel"), ``imports``, ``prefix`` (the
        set-up cells), ``home`` (the folder to run them in), ``box`` (see
        `box.confine`), ``call_seconds``.
    """

    def __init__(self, sock, conf):
        self.sock, self.conf = sock, conf
        self.children = set()
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # its memory is not for its forks
        import_all(conf["imports"])
        self.prefix = []
        if conf["role"] == "kernel":
            import_all(KERNEL_IMPORTS)
            # This one ties itself to the running kernel when it is imported.
            for name in [n for n in sys.modules if n.startswith("matplotlib_inline")]:
                del sys.modules[name]
        else:
            self._start_shell()
        gc.collect()
        gc.freeze()

    def _start_shell(self):
        from . import shell, student, trusted

        self.roles = {"student": student, "trusted": trusted}
        os.chdir(self.conf["home"])
        self.shell = shell.make(self.conf["home"])
        self.shell.learn(self.conf["known"])
        for source in self.conf["prefix"]:
            outputs = self.shell.run(source, seconds=60)
            if any(one["output_type"] == "error" for one in outputs):
                break  # the cells that follow run in each fork, and fail there
            self.prefix.append(outputs)
        if "matplotlib" in sys.modules:
            _warm_figures()
        if threads() > 1:
            raise RuntimeError("the set-up cells start threads: this cannot be forked")

    def serve(self):
        """Answer requests, and bury what has died."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([self.sock, woken], [], [])
            if woken in ready:
                os.read(woken, 4096)
                self._bury()
            if self.sock in ready:
                try:
                    request, descriptors = self._receive()
                except EOFError:
                    break
                try:
                    answer = getattr(self, request["op"])(request, descriptors)
                except OSError as error:
                    answer = {"error": str(error)}
                wire.send(self.sock, answer)
        for pid in list(self.children):
            self._kill(pid)
        os._exit(0)

    def _receive(self):
        data, descriptors, _, _ = socket.recv_fds(self.sock, 1 << 16, 4)
        if not data:
            raise EOFError
        return wire.receive(self.sock, data=data)[0], descriptors

    # -- requests

    def fork(self, request, descriptors):
        """Fork, and let the fork serve its two sockets."""
        return self._fork(
            lambda: self._serve_submission(request, descriptors), descriptors
        )

    def kernel(self, request, descriptors):
        """Fork, and let the fork become a Jupyter kernel."""
        return self._fork(lambda: _become_kernel(request), descriptors)

    def signal(self, request, descriptors):
        """Send a signal to a fork."""
        if request["pid"] in self.children:
            os.kill(request["pid"], request["signal"])
        return {}

    def poll(self, request, descriptors):
        """Say whether a fork lives."""
        self._bury()
        return {"alive": request["pid"] in self.children}

    def end(self, request, descriptors):
        """Kill a fork and what it has started; all is gone when the answer comes."""
        if request["pid"] in self.children:
            self._kill(request["pid"])
        self._sweep()
        return {}

    # -- forks

    def _fork(self, work, descriptors):
        pid = os.fork()
        if pid:
            for descriptor in descriptors:
                os.close(descriptor)
            self.children.add(pid)
            return {"pid": pid}
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.setsid()
            self.sock.close()
            _own_random_numbers()
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)

    def _serve_submission(self, request, descriptors):
        control, link = (socket.socket(fileno=one) for one in descriptors)
        # Only the three standard descriptors and these two stay open.
        kept = sorted({control.fileno(), link.fileno()})
        low = 3
        for descriptor in [*kept, 4096]:
            os.closerange(low, descriptor)
            low = descriptor + 1
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        folders = [request["work"], request["temporary"]]
        box.confine(self.conf["box"] | {"write": folders})
        os.chdir(request["work"])
        for name in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR"):
            os.environ[name] = request["temporary"]
        if request["fresh"]:
            self.shell.reset(new_session=True)
        role = self.roles[self.conf["role"]]
        role.serve(self.shell, control, link, self.conf["call_seconds"])

    def _bury(self):
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in self.children:
                self.children.discard(pid)
                self._sweep()

    def _kill(self, pid):
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            os.kill(pid, signal.SIGKILL)  # not a group leader yet
        os.waitpid(pid, 0)
        self.children.discard(pid)

    def _sweep(self):
        """Kill what the forks left behind: orphans become children of this process."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            strays = [pid for pid in _children() if pid not in self.children]
            if not strays:
                return
            for pid in strays:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except OSError:
                    continue


def _children():
    path = f"/proc/self/task/{os.getpid()}/children"
    try:
        with open(path) as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:
        return []


def _own_random_numbers():
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].tempdir = None
        sys.modules["tempfile"]._name_sequence = None


def _warm_figures():
    """Let matplotlib find its fonts once."""
    import io

    from matplotlib import pyplot
    from matplotlib.backends import backend_agg
    from matplotlib.figure import Figure

    pyplot.get_fignums()
    figure = Figure()
    backend_agg.FigureCanvasAgg(figure)
    figure.subplots().set(title="a", xlabel="b", yscale="log")
    figure.savefig(io.BytesIO(), format="png")


#: What a kernel imports by itself when it starts.
KERNEL_IMPORTS = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.pylabtools",
    "IPython.core.completerlib",
    "jupyter_client.session",
    "comm",
    "debugpy",
)


def _become_kernel(request):
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.argv[:] = request["argv"]
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(request["argv"][1:])
    app.start()
