"""A process that imports everything once and is then forked for each submission.

Run as ``python -c "... zygote.main()"`` with a socket as its standard input.
The requests (`warm.Zygote` sends them):

====  =======================================================================
fork  fork; the fork serves `student` or `trusted` with the two sockets that
      come along, or becomes an ordinary Jupyter kernel (`provisioner`)
end   kill a fork and everything that it has started
====  =======================================================================

The set-up cells of the assignment are run before the first fork: their files are
read once. This process stays single-threaded, and no student's line runs in it.
"""

import contextlib
import ctypes
import gc
import importlib
import io
import itertools
import os
import select
import signal
import socket
import sys
import tempfile
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
    except BaseException:
        wire.send(sock, {"error": traceback.format_exc()})
        raise
    zygote.serve()


class Zygote:
    """The warm process's own side.

    Parameters
    ----------
    sock : socket
    conf : dict
        See `warm.Zygote`.
    """

    def __init__(self, sock, conf):
        self.sock, self.conf = sock, conf
        self.forks, self.prefix = {}, []  # forks: the user of each, by process
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # its memory is not for its forks
        gc.disable()
        for name in conf["imports"]:
            # What cannot be imported will fail in the cell that wants it.
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)
        if conf["role"] == "kernel":
            # This one ties itself to the running kernel when it is imported.
            for name in [n for n in sys.modules if n.startswith("matplotlib_inline")]:
                del sys.modules[name]
        else:
            self._start_shell()
        gc.freeze()
        gc.set_threshold(10_000)  # with few objects left to look at, not so often
        gc.enable()

    def _start_shell(self):
        from . import shell, student, trusted

        home = self.conf["home"]
        os.chdir(f"{home}/work")
        self.role = {"student": student, "trusted": trusted}[self.conf["role"]]
        self.shell = shell.make(f"{home}/tmp")
        self.shell.learn(self.conf["known"])
        for source in self.conf["prefix"]:
            outputs = self.shell.run(source, seconds=60)
            if any(one["output_type"] == "error" for one in outputs):
                break  # the cells that follow run in each fork, and fail there
            self.prefix.append(outputs)
        if "matplotlib" in sys.modules:
            _warm_figures(self.conf["role"])
        if len(os.listdir("/proc/self/task")) > 1:
            raise RuntimeError("the set-up cells start threads: this cannot be forked")

    def serve(self):
        """Say what is ready, answer requests, and bury what has died."""
        memory, _ = box.use_of(os.getpid())
        try:
            wire.send(self.sock, {"prefix": self.prefix, "memory": memory})
            while True:
                if select.select([self.sock], [], [], 0.2)[0]:
                    self._answer()
                self._bury()
        finally:  # the grader has hung up
            self.forks.clear()
            self._sweep()
            os._exit(0)

    def _answer(self):
        data, descriptors, _, _ = socket.recv_fds(self.sock, 1 << 16, 4)
        request, _ = wire.receive(self.sock, data=data)
        try:
            answer = getattr(self, request["op"])(request, descriptors)
        except OSError as error:
            answer = {"error": str(error)}
        wire.send(self.sock, answer)

    # -- requests

    def fork(self, request, descriptors):
        """Fork for a submission, or for a kernel."""
        pid = os.fork()
        if not pid:
            self._become(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self.forks[pid] = request.get("user")
        return {"pid": pid}

    def end(self, request, descriptors):
        """Kill a fork and what it has started; all is gone when the answer comes."""
        self.forks.pop(request["pid"], None)
        self._sweep()
        return {}

    # -- what has died, and what it left behind

    def _bury(self):
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                if pid in self.forks:
                    del self.forks[pid]
                    self._sweep()

    def _sweep(self):
        """Kill what no fork's user owns: what forks leave comes under this process."""
        deadline, users = time.monotonic() + 10, set(self.forks.values())
        while time.monotonic() < deadline:
            strays = set(box.use_of(os.getpid())[1]) - set(self.forks)
            strays = [pid for pid in strays if box.user_of(pid) not in users]
            if not strays:
                return
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)  # it may lead no group
                    os.waitpid(pid, 0)

    # -- in a fork

    def _become(self, request, descriptors):
        """Do a fork's work; never return."""
        try:
            os.setsid()
            self.sock.close()
            tempfile.tempdir = None
            if "numpy" in sys.modules:  # `random` does so by itself
                sys.modules["numpy"].random.seed()
            if self.conf["role"] == "kernel":
                _become_kernel(request)
            else:
                self._serve_submission(request, descriptors)
        finally:
            os._exit(0)

    def _serve_submission(self, request, descriptors):
        # Only the three standard descriptors and these two stay open.
        for low, high in itertools.pairwise([2, *sorted(descriptors), 4096]):
            os.closerange(low + 1, high)
        control, link = (socket.socket(fileno=one) for one in descriptors)
        folder = request["folder"]
        box.confine(self.conf | {"write": [folder], "user": request["user"]})
        os.chdir(f"{folder}/work")
        os.environ |= dict.fromkeys(box.HOMES, f"{folder}/tmp")
        if request["fresh"]:
            self.shell.reset(new_session=True)
        self.role.serve(self.shell, control, link, self.conf["call_seconds"])


def _become_kernel(request):
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    sys.argv[:] = request["argv"]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(request["argv"][1:])


def _warm_figures(role):
    """Draw once what a student may draw; make ahead what `figures` fills."""
    from matplotlib import pyplot

    from . import figures

    if role == "student":
        figure = pyplot.Figure()
        figure.subplots().set(title="a", xlabel="b", yscale="log")
        figure.savefig(io.BytesIO(), format="png")
        return
    figures.SPARE += [pyplot.Figure() for _ in range(4)]
    for spare in figures.SPARE:
        spare.add_axes([0, 0, 1, 1])
