"""One screen about a class: each problem with its mistakes, and the most frequent ones in words."""

import textwrap
from collections import Counter, defaultdict

from homework.sheets import TEXTS

WIDTH, TITLE, FREQUENT = 98, 36, 3


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
    lines = [f"{'problem':{TITLE}}  right  open  mistakes"]
    for (number, title), some in sorted(by_problem.items()):
        head = textwrap.shorten(f"{number} {title}", TITLE, placeholder=" ...")
        right = sum(mark.verdict == "right" for mark in some)
        wrong = Counter(_short(mark) for mark in some if mark.verdict == "not yet")
        listed = ", ".join(f"{count} {name}" for name, count in wrong.most_common())
        listed = textwrap.shorten(listed, WIDTH - TITLE - 15, placeholder=" ...")
        lines.append(f"{head:{TITLE}}  {right:5}  {len(some) - right - wrong.total():4}  {listed}")
    lines += [f"of {len(some)} students each", ""]
    for text, count in texts.most_common(FREQUENT):
        told = f"{count} times, problem {' and '.join(sorted(where[text]))}: {text}"
        lines += textwrap.wrap(f"{told} Way out: {cures[text]}", WIDTH, subsequent_indent="    ")
    return [*lines, ""]


def _short(mark):
    names = (TEXTS["by_hand_names"].get(name, name) for name in mark.names)
    return " or ".join(names) or "unknown"
