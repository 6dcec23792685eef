"""Warm kernels for Jupyter: forked from a process that has made the imports.

For notebooks that are our own, such as the book's: there is no box around them.
``pytest --nbval --warm`` tests notebooks on them.
"""

import asyncio
import atexit
import functools
import os
import select
import signal
from importlib.metadata import EntryPoint

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from .warm import Zygote

#: What a kernel imports when it starts, and what the book's notebooks import.
KERNEL = ["ipykernel.kernelapp", "IPython.core.completerlib", "debugpy"]
BOOK = ["numpy", "pandas", "scipy.stats", "matplotlib.pyplot", "cohorts", "course"]


def use_for_all():
    """Let every kernel that this process starts be a warm one."""
    factory = KernelProvisionerFactory.instance()
    where = f"{__name__}:WarmProvisioner"
    factory.provisioners["warm"] = EntryPoint("warm", where, factory.GROUP_NAME)
    factory.default_provisioner_name = "warm"


@functools.cache
def zygote():
    """Return this process's warm process."""
    made = Zygote({"role": "kernel", "level": "none", "imports": KERNEL + BOOK})
    atexit.register(made.close)
    return made


class WarmProvisioner(LocalProvisioner):
    """Starts ipykernel by a fork; any other kernel as usual."""

    async def launch_kernel(self, cmd, **kwargs):
        """Start a kernel and return how to connect to it."""
        if "ipykernel_launcher" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        request = {"op": "fork", "env": kwargs["env"]}
        request["cwd"] = os.path.abspath(kwargs.get("cwd") or ".")
        request["argv"] = cmd[cmd.index("ipykernel_launcher") :]
        self.process = Forked(zygote().ask(request)["pid"])
        self.pid, self.pgid = self.process.pid, None
        return self.connection_info

    async def kill(self, restart=False):
        """End the kernel and what it has started."""
        await asyncio.to_thread(self.process.kill)


class Forked:
    """What `LocalProvisioner` uses of a `subprocess.Popen`."""

    stdin = stdout = stderr = returncode = None

    def __init__(self, pid):
        self.pid, self.handle = pid, os.pidfd_open(pid)

    def poll(self):
        """Return None while the process lives."""
        if select.select([self.handle], [], [], 0)[0]:
            self.returncode = 0
        return self.returncode

    def wait(self):
        """Let go of a process that has ended."""
        os.close(self.handle)
        return self.returncode

    def send_signal(self, number):
        """Send a signal."""
        signal.pidfd_send_signal(self.handle, number)

    def terminate(self):
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End the process and what it has started."""
        zygote().ask({"op": "end", "pid": self.pid})
