"""Python reads this at its start: it notes down what is written elsewhere, and who is called.

WATCH_FOLDER is the folder in which all may be written; the notes go into WATCH_LOG.
"""

import os
import socket
import sys

FOLDER = os.path.realpath(os.environ["WATCH_FOLDER"])
LOG = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {  # what changes a file or a folder, and which of its arguments are paths
    "os.mkdir": [0],
    "os.remove": [0],
    "os.rename": [0, 1],
    "os.rmdir": [0],
    "os.link": [1],
    "os.symlink": [1],
    "os.truncate": [0],
    "os.chmod": [0],
    "os.utime": [0],
    "shutil.rmtree": [0],
}
CALLS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOPBACK = ("127.", "::1", "localhost")
NO_FILES = ("/dev/", "/proc/", "pipe:", "/memfd:")


def elsewhere(path):
    """Whether a path lies outside the folder."""
    if isinstance(path, int) or path is None:
        return False
    path = os.path.realpath(os.fsdecode(path))
    return not path.startswith((FOLDER + os.sep, *NO_FILES)) and path != FOLDER


def watch(event, arguments):
    """Note down one event."""
    if event == "open":
        path, _, flags = arguments
        changed = [path] if isinstance(flags, int) and flags & WRITES else []
    elif event in CALLS:
        called, address = arguments[:2]
        asks = event == "socket.connect" and called.type == socket.SOCK_DGRAM  # sends nothing
        far = isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK)
        if far and not asks:
            os.write(LOG, f"{event} {address[0]}\n".encode())
        return
    else:
        changed = [arguments[n] for n in PATHS.get(event, ())]
    for path in changed:
        if elsewhere(path):
            os.write(LOG, f"{event} {os.fsdecode(path)}\n".encode())


sys.addaudithook(watch)
