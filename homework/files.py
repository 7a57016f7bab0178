"""Write files completely or not at all, into one folder; and read them with care.

What comes back from students may be anything. We read only ordinary files of a reasonable size, and
follow no links.
"""

import os
import secrets
import stat
import tomllib
from contextlib import suppress
from pathlib import Path

FORMATS = tomllib.loads(Path(__file__).with_name("formats.toml").read_text("utf-8"))
MAX_BYTES = 10_000_000
MAX_FILES = 20_000


class Refused(Exception):
    """What a lecturer can fix; the message tells how, in one line."""


def content(path):
    """Return the bytes of an ordinary file.

    Raises
    ------
    Refused
        If it is a link or not a file, cannot be read, or is too large.
    """
    path = Path(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise Refused(f"{path.name} is a link, and links are not followed: give the file itself")
    try:
        number = os.open(path, flags | getattr(os, "O_BINARY", 0))
        with open(number, "rb") as file:
            found = os.fstat(number)
            if not stat.S_ISREG(found.st_mode):
                raise Refused(f"{path.name} is not an ordinary file: leave it out")
            data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                size = f"{found.st_size // 1_000_000} MB"
                raise Refused(f"{path.name} is too large, {size}: clear its outputs and save it")
    except (OSError, ValueError) as error:
        raise Refused(f"{path.name} cannot be read: {_why(error)}") from None
    return data


def under(path):
    """Yield the path of a file, or of each file in a folder except hidden ones."""
    path = Path(path)
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    count = 0
    for folder, inner, found in os.walk(path, followlinks=False):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        links = [name for name in inner if (Path(folder) / name).is_symlink()]
        for name in sorted(found + links):
            if name.startswith(".") or name in ("desktop.ini", "Thumbs.db"):
                continue
            count += 1
            if count > MAX_FILES:
                raise Refused(f"{path} has more than {MAX_FILES} files in it")
            yield Path(folder) / name


class Folder:
    """The folder that the lecturer chose: nothing outside it is written.

    Parameters
    ----------
    path : Path
        Created if it does not exist.
    overwrite : bool
        Whether files may be replaced.
    """

    def __init__(self, path, overwrite):
        self.path, self.overwrite = Path(path), overwrite

    def check(self, names):
        """Refuse before anything is written if one of these files exists already."""
        there = [name for name in names if os.path.lexists(self.path / name)]
        if there and not self.overwrite:
            more = f" and {len(there) - 1} more files exist" if there[1:] else " exists"
            raise Refused(f"{self.path / there[0]}{more} already: add --overwrite")

    def put(self, name, text):
        """Write one file completely: into a new one beside it, which then takes its name."""
        path = self.path / name
        new = path.parent / f".{secrets.token_hex(8)}.part"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.parent != self.path and path.parent.is_symlink():
                raise Refused(f"{path.parent} is a link out of the folder: remove it")
            try:
                with open(new, "xb") as file:
                    file.write(text.encode("utf-8", "replace"))
                if self.overwrite or not os.path.lexists(path):
                    os.replace(new, path)
                else:
                    self.check([name])
            finally:  # also after Ctrl-C
                with suppress(OSError):
                    new.unlink()
        except OSError as error:
            raise Refused(f"{path} cannot be written: {_why(error)}") from None


def _why(error):
    return (getattr(error, "strerror", None) or str(error)).lower()
