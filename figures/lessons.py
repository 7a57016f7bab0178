"""The alt texts of the catalogue, in the lessons that show its figures."""

import json
import os
import re
from pathlib import Path

LESSONS = Path(__file__).resolve().parents[1] / "notebooks"
SHOWN = re.compile(r"!\[[^\]]*\]\(\.\./figures/(\w+)\.svg\)")


def write_alts(words, folder=LESSONS):
    """Give each figure that a lesson shows its alt text; yield the paths that were changed.

    Only these words change in a file, byte for byte; a lesson that has them is not touched.

    Parameters
    ----------
    words : dict
        {name of a figure: its alt text}; other figures keep theirs.
    folder : path
        Of the lessons, .ipynb files.
    """

    def with_alt(shown):
        name = shown[1]
        if name not in words:
            return shown[0]
        alt = json.dumps(words[name], ensure_ascii=False)[1:-1]  # as it stands in a JSON string
        return f"![{alt}](../figures/{name}.svg)"

    for path in sorted(Path(folder).glob("*.ipynb")):
        old = path.read_bytes()
        new = SHOWN.sub(with_alt, old.decode("utf-8")).encode("utf-8")
        if new != old:
            beside = path.with_suffix(".new")
            beside.write_bytes(new)
            os.replace(beside, path)  # whole, also for someone who reads it meanwhile
            yield path
