"""One screen about a class: each problem with its mistakes, and the most frequent ones in words."""

import textwrap
from collections import Counter, defaultdict

from homework.sheets import TEXTS

WIDTH, TITLE, FREQUENT = 98, 36, 3
FIXED = "\xa0"  # a space where no line is broken
BELOW = {"subsequent_indent": " " * (TITLE + 14), "placeholder": " ..."}


def summary(marks):
    """Describe what a class got right and wrong.

    Parameters
    ----------
    marks : list of (sheets.Problem, marking.Mark)
        One for each problem of each student.

    Returns
    -------
    list of str
        Some twenty lines.
    """
    by_problem, texts, cures, where = defaultdict(list), Counter(), {}, defaultdict(set)
    for problem, mark in marks:
        by_problem[problem.number, problem.text["title"]].append(mark)
        if mark.names:
            texts[mark.mistake] += 1
            cures[mark.mistake] = mark.cure
            where[mark.mistake].add(str(problem.number))
    lines = [f"{'problem':{TITLE}} right  open  mistakes"]
    for (number, title), some in sorted(by_problem.items()):
        right = sum(mark.verdict == "right" for mark in some)
        wrong = Counter(_short(mark) for mark in some if mark.verdict == "not yet")
        head = textwrap.shorten(f"{number} {title}", TITLE, placeholder=" ...")
        head = f"{head:{TITLE}} {right:5} {len(some) - right - wrong.total():5}  "
        listed = ", ".join(
            f"{times} {name}".replace(" ", FIXED) for name, times in wrong.most_common()
        )
        wrapped = textwrap.wrap(head.replace(" ", FIXED) + listed, WIDTH, max_lines=2, **BELOW)
        lines += [line.replace(FIXED, " ").rstrip() for line in wrapped]
    lines += [f"of {len(some)} students each", ""]
    for text, times in texts.most_common(FREQUENT):
        problems = " and ".join(sorted(where[text]))
        told = f"{times} times, problem{'s' * (len(where[text]) > 1)} {problems}: {text}"
        lines += textwrap.wrap(f"{told} Way out: {cures[text]}", WIDTH, subsequent_indent="    ")
    return [*lines, ""]


def _short(mark):
    names = (TEXTS["by_hand_names"].get(name, name) for name in mark.names)
    return " or ".join(names) or "unknown"
