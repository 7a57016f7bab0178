"""One screen about a class: each problem with its mistakes, and the most frequent ones in words."""

import textwrap
from collections import Counter, defaultdict

WIDTH = 98
FREQUENT = 3


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
    problems, texts, where = defaultdict(Counter), Counter(), defaultdict(set)
    titles, ways_out = {}, {}
    for problem, mark in marks:
        titles[problem.number] = f"{problem.number} {problem.text['title']}"
        problems[problem.number][" or ".join(mark.names) or _other(mark)] += 1
        if mark.names:
            texts[mark.mistake] += 1
            where[mark.mistake].add(problem.number)
            ways_out[mark.mistake] = mark.cure
    width = max(map(len, titles.values()), default=0)
    lines = [f"{'problem':{width}}  right    mistakes"]
    for number in sorted(problems):
        wrong = problems[number]
        total, right = wrong.total(), wrong.pop("right", 0)
        listed = ", ".join(f"{count} {name}" for name, count in wrong.most_common())
        line = f"{titles[number]:{width}}  {right:3} of {total:3}  {listed}"
        lines.append(line if len(line) <= WIDTH else line[: WIDTH - 5].rpartition(",")[0] + ", ...")
    if texts:
        lines += ["", "most frequent"]
    for text, count in texts.most_common(FREQUENT):
        numbers = " and ".join(map(str, sorted(where[text])))
        students = f"{count} times, problem {numbers}: {text} Way out: {ways_out[text]}"
        lines += textwrap.wrap(students, WIDTH, subsequent_indent="    ", max_lines=4)
    return [*lines, ""]


def _other(mark):
    return "unknown mistake" if mark.verdict == "not yet" else mark.verdict
