"""A JupyterHub with its ordinary proxy at 127.0.0.1, in processes that are ended by their id."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = REPOSITORY / ".venv" / "class"
PROXY = ENVIRONMENT / "node" / "node_modules" / ".bin" / "configurable-http-proxy"
MOST_SECONDS = 1800  # nothing outlives its test by more, whatever happens to that
MOST_BYTES = 2 * 2**30  # of address space, for each process of a student


def check_machine():
    """Raise an error of one line where something is missing: no test here is skipped."""
    if not sys.platform.startswith("linux"):
        raise RuntimeError("the class needs Linux: it reads /proc, and sets limits with prlimit")
    for tool, package in {"prlimit": "util-linux", "timeout": "coreutils", "git": "git"}.items():
        if not shutil.which(tool):
            raise RuntimeError(f"{tool} is missing: on Debian and Ubuntu, apt install {package}")
    if not PROXY.is_file():
        raise RuntimeError("no configurable-http-proxy: run it as `make test-class`")


class Hub:
    """The hub and the proxy; `folder` holds the database and the homes of the students."""

    def __init__(self, folder):
        self.folder, self.password = folder, secrets.token_hex(8)
        self.homes = folder / "homes"
        self.homes.mkdir()
        port, hub_port, proxy_port = _free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        self.ports = {"proxy": port, "hub": hub_port, "api": proxy_port}
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))},
            "PATH": f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(32),
            "CLASSROOM_FOLDER": str(folder),
            "CLASSROOM_PORT": str(port),
            "CLASSROOM_HUB_PORT": str(hub_port),
            "CLASSROOM_PROXY_PORT": str(proxy_port),
            "CLASSROOM_PASSWORD": self.password,
            "CLASSROOM_MOST_SECONDS": str(MOST_SECONDS),
            "CLASSROOM_MOST_BYTES": str(MOST_BYTES),
        }
        self.proxy = self.hub = None

    def start(self):
        """Start what does not run, and wait until the hub answers through the proxy."""
        if self.proxy is None:
            self.proxy = self._run(
                "proxy.log",
                *(PROXY, "--ip=127.0.0.1", f"--port={self.ports['proxy']}"),
                *("--api-ip=127.0.0.1", f"--api-port={self.ports['api']}"),
                f"--default-target=http://127.0.0.1:{self.ports['hub']}",
                f"--error-target=http://127.0.0.1:{self.ports['hub']}/hub/error",
            )
        config = Path(__file__).with_name("jupyterhub_config.py")
        self.hub = self._run("hub.log", ENVIRONMENT / "bin" / "jupyterhub", f"--config={config}")
        for _ in range(240):
            if self.hub.poll() is not None or self.proxy.poll() is not None:
                break
            try:
                for port in (self.ports["hub"], self.ports["proxy"]):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/hub/health", timeout=2).close()
                return
            except OSError:  # an error of HTTP is one too
                time.sleep(0.25)
        raise RuntimeError(f"the hub did not start:\n{self.log()[-3000:]}")

    def kill(self):
        """Take the hub away at once, as a fault of the machine would."""
        os.killpg(self.hub.pid, signal.SIGKILL)
        self.hub.wait(20)

    def log(self):
        return "\n".join(p.read_text("utf-8", "replace") for p in self.folder.glob("*.log"))

    def processes(self, name=None):
        """Return the processes of a student, or of all: those whose home is in our folder."""
        home = str(self.homes / name) if name else f"{self.homes}{os.sep}"
        found = []
        for process in psutil.process_iter():
            try:
                its = process.environ().get("HOME", "")
            except psutil.Error:  # it is gone, or somebody else's
                continue
            if its == home or (name is None and its.startswith(home)):
                found.append(process)
        return found

    def own_processes(self):
        """Return the processes of the hub and of the proxy, without the servers of students."""
        tops = [psutil.Process(one.pid) for one in (self.hub, self.proxy)]
        all_of_them = {one for top in tops for one in (top, *top.children(recursive=True))}
        return [*all_of_them.difference(self.processes())]

    def stop(self):
        """End everything that was started, and say what had to be killed."""
        for one in (self.hub, self.proxy):
            if one and one.poll() is None:
                os.killpg(one.pid, signal.SIGTERM)
        students = self.processes()
        for process in students:
            _tell(process.terminate)
        _, alive = psutil.wait_procs(students, timeout=15)
        for process in alive:
            _tell(process.kill)
        for one in (self.hub, self.proxy):
            if one:
                try:
                    one.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(one.pid, signal.SIGKILL)
                    one.wait(20)

    def _run(self, log, *command):
        with (self.folder / log).open("a", encoding="utf-8") as file:
            return subprocess.Popen(
                ["timeout", str(MOST_SECONDS), *map(str, command)],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )


@contextmanager
def running(folder):
    """Run a hub in a folder meanwhile."""
    check_machine()
    hub = Hub(folder)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


def memory(processes):
    """Return (proportional set size, memory of its own) of processes together, in MB."""
    pss = own = 0
    for process in processes:
        try:
            known = process.memory_full_info()
        except psutil.Error:
            continue
        pss, own = pss + known.pss, own + known.uss
    return pss / 1e6, own / 1e6


def listening(processes):
    """Return the addresses at which processes wait to be called."""
    return {
        one.laddr.ip
        for process in processes
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    }


def _tell(action):
    try:
        action()
    except psutil.Error:
        pass


def _free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
