"""The report of the long tests: a section is put in, and replaced in its place."""

import re

import pytest
import report


@pytest.fixture
def put(tmp_path):
    path = tmp_path / "REPORT.md"

    def one(title, rows, words=""):
        report.section(title, "make x", ["a", "b"], rows, words, path)
        return path.read_text("utf-8")

    return one


def test_a_section_has_its_command_its_machine_and_its_table(put):
    text = put("Runs", [[1, 2.34567], ["x | y", "two\nlines"]], "All *ran*.")
    assert text.startswith(report.HEAD.strip() + "\n\n## Runs\n\n`make x`, 20")
    head = r"`make x`, \d{4}-\d\d-\d\d, \w+ \w+, \d+ cores, Python 3\.\d+\.\S+\n"
    assert re.search(head, text)
    assert "| a | b |\n| --- | --- |\n| 1 | 2.35 |\n| x \\| y | two lines |\n\nAll *ran*.\n" in text


def test_a_section_is_replaced_in_its_place(put):
    put("One", [[1, 1]])
    put("Two", [[2, 2]])
    text = put("One", [[3, 3]])
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["One", "Two"]
    assert "| 1 | 1 |" not in text and "| 2 | 2 |" in text and "| 3 | 3 |" in text
    assert put("One", [[3, 3]]) == text


def test_sections_stand_in_the_order_of_the_parts(put):
    text = ""
    for title in ("Another", *report.ORDER[::-1]):
        text = put(title, [[1, 1]])
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles == [*report.ORDER, "Another"]
    for title in titles[:-1]:
        assert f"[{title}](#{title.lower().replace(' ', '-')})" in text


def test_each_part_is_in_the_report():
    text = report.REPORT.read_text("utf-8")
    assert text.startswith(report.HEAD)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == report.ORDER


def test_a_row_too_short_is_refused(put):
    with pytest.raises(AssertionError, match="each row"):
        put("One", [[1]])
