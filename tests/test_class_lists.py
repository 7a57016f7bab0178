"""Class lists: of spreadsheets and gradebooks, in three languages and in any encoding."""

import codecs
import encodings.aliases
import re

import pytest

from homework import class_list
from homework.files import Refused


def read(folder, data, *columns):
    path = folder / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return class_list.read_list(path, columns)


LISTS = {
    "plain": ("Anna\nBen\n", [], ["Anna", "Ben"]),
    "a header": ("Name\nAnna\nBen", [], ["Anna", "Ben"]),
    "empty lines": ("\n\nname\n\nAnna\n   \n\nBen\n\n", [], ["Anna", "Ben"]),
    "semicolons": ('id;name\n1;"Lee, Ann"\n2;Ben\n', [], ["Lee, Ann", "Ben"]),
    "tabs": ("id\tname\n1\tAnna\n", [], ["Anna"]),
    "Excel's first line": ("sep=;\r\nid;name\r\n1;Anna\r\n", [], ["Anna"]),
    "lines above": ("Course 7;;\n;;\nid;name;x\n1;Anna;2\n", [], ["Anna"]),
    "UTF-8 with its mark": ("\ufeffname,id\nZoë,1\n", [], ["Zoë"]),
    "UTF-16": ("id\tname\r\n1\tMüller\r\n".encode("utf-16"), [], ["Müller"]),
    "old Mac lines": ("name\rAnna\rBen\r", [], ["Anna", "Ben"]),
    "two columns": ("First,Last\nAnna,Lee\n,Zed\n", ["First", "Last"], ["Anna Lee", "Zed"]),
    "a column in another case": ("ID , E-Mail\n7,a@b\n8,c@d\n", ["e-mail"], ["a@b", "c@d"]),
    "a short line": ("id,name\n1\n2,Ben\n", [], ["Ben"]),
    "a line break in a name": ('name\n"Anna\nLee"\n', [], ["Anna Lee"]),
    "spaces": ("name\n  Anna \u00a0 Lee \n", [], ["Anna Lee"]),
    "a direction mark": ("name\nAnna\u202eeeL\n", [], ["AnnaeeL"]),
    "a formula": ("name\n=1+1\n'=2\n'Anna\n", [], ["=1+1", "=2", "'Anna"]),
    "one name twice": ("name\nAnna\nAnna\nAnna\n", [], ["Anna", "Anna (2)", "Anna (3)"]),
    "a trap": ("name\nA (2)\nA\nA\n", [], ["A (2)", "A", "A (3)"]),
    "accents in two ways": ("name\nJosé\nJose\u0301\n", [], ["José", "José (2)"]),
    "case": ("name\nanna\nAnna\nANNA\n", [], ["anna", "Anna", "ANNA"]),
    "names with commas alone": ('"Lee, Ann"\n"Doe, Bo"\n', [], ["Lee, Ann", "Doe, Bo"]),
    "lines in one cell": ('"Student,""Nr""";\n"Lee, Ann,7";\n', [], ["Lee, Ann"]),
}


@pytest.mark.parametrize("case", LISTS)
def test_class_lists(tmp_path, case):
    data, columns, students = LISTS[case]
    assert read(tmp_path, data, *columns)[0] == students


# --- gradebooks -------------------------------------------------------------------------------

CANVAS = (
    "{},ID,SIS User ID,SIS Login ID,Section,Sheet 1 (101),Final Score\r\n"
    ",,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,10.00,(read only)\r\n"
    '"Doe, Ada",1,U1,ada,A,,\r\n"Lee, Bo",2,,bo,A,9,\r\n"{}",3,,f33a,A,,\r\n'
)
DOE_AND_LEE = "Doe, Ada|Lee, Bo"
GRADEBOOKS = {  # a file, and the students in it where they are others than Ada Doe
    "Canvas": (CANVAS.format("Student", "Student, Test"), DOE_AND_LEE),
    "Canvas, German": (
        re.sub(",(?! )", ";", CANVAS).format("Student/in", "Student, Test"),
        DOE_AND_LEE,
    ),
    "Canvas, French": (CANVAS.format("Étudiant", "Étudiant, Test"), DOE_AND_LEE),
    "Canvas without points": ("Student,ID,Section\r\nAda Doe,1,A\r\nBo,,A\r\n", "Ada Doe|Bo"),
    "a line about all": ("Nachname;Vorname;P\nDoe;Ada;1\nDurchschnitt;;1\nMoyenne;;\n",),
    "Moodle": ('First name,Last name,"ID number",Institution,"Email address"\nAda,Doe,1,,a@b\n',),
    "Moodle, older": ("First name,Surname,ID number\nAda,Doe,1\n",),
    "Moodle, German": ("Vorname;Nachname;ID-Nummer;E-Mail-Adresse\nAda;Doe;1;a@b\n",),
    "Moodle, French": ("Prénom,Nom de famille,Numéro d'identification\nAda,Doe,1\n",),
    "Moodle, participants": (
        "First name,Last name,Email address,Roles\nAda,Doe,a@b,Student\nT,Eacher,t@b,Teacher\n",
    ),
    "the same, German": (
        "Vorname,Nachname,E-Mail,Rollen\nAda,Doe,a@b,Teilnehmer/in\nT,E,t@b,Trainer/in\n",
    ),
    "the same, French": ("Prénom,Nom,Rôles\nAda,Doe,Étudiant\nT,E,Enseignant\n",),
    "Moodle, grading sheet": ("Identifier,Full name,Email address\nParticipant 7,Ada Doe,a\n",),
    "the sheet, German": ("ID,Vollständiger Name\nTeilnehmer/in7,Ada Doe\n",),
    "the sheet, French": ("Identifiant,Nom complet\nParticipant7,Ada Doe\n",),
    "Blackboard": (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\r\n"Doe"\t"Ada"\t"adoe"\t"1"\r\n'
        '"Prof_PreviewUser"\t"T"\t"t_previewuser"\t""\r\n',
    ),
    "Blackboard, German": ("Nachname\tVorname\tBenutzername\r\nDoe\tAda\tadoe\r\n",),
    "Blackboard, French": ("Nom,Prénom,Nom d'utilisateur,ID étudiant\r\nDoe,Ada,adoe,1\r\n",),
    "Gradescope": ("First Name,Last Name,SID,Email,Sections,Sheet 1\nAda,Doe,1,a@b,,8\n",),
    "Gradescope, one assignment": ("Name,SID,Email,Total Score,Status\nAda Doe,1,a@b,,\n",),
    "Gradescope, roster": (
        "Full Name,Email,SID,Role\nAda Doe,a@b,1,Student\nTea,t@b,,TA\nProf,p@b,,Instructor\n",
    ),
    "Brightspace": ("OrgDefinedId,Username,Last Name,First Name,End-of-Line\n#1,a,Doe,Ada,#\n",),
    "Excel": ("Name,Student number\nAda Doe,1\n",),
    "Excel, German": ("Name;Vorname;Matrikelnummer\nDoe;Ada;1\n",),
    "Excel, French": ("Nom;Prénom;Numéro\nDoe;Ada;1\n",),
    "Excel, gender signs": ("Studierende*r;Nr\nAda Doe;1\n",),
    "Teams": ("Display name,Email\nAda Doe,a@b\n",),
}


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", GRADEBOOKS)
def test_gradebooks(tmp_path, name, coding):
    text, *students = GRADEBOOKS[name]
    assert "|".join(read(tmp_path, text.encode(coding))[0]) == (students or ["Ada Doe"])[0]


def test_what_is_not_a_student_is_told(tmp_path):
    _, notes = read(tmp_path, GRADEBOOKS["Canvas"][0])
    assert "list.csv: skipped, not students: Points Possible; Student, Test" in notes
    assert "list.csv: skipped 1 line without a name" in notes


# --- encodings --------------------------------------------------------------------------------

CODECS = {*encodings.aliases.aliases.values(), "utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be"}
CODECS = sorted(CODECS | {"utf_7", "utf_32", "unicode_escape", "raw_unicode_escape"})
PEOPLE = (
    *("Łukasz Żak", "Иван Петров", "王伟", "Šárka Ťuková", "Jürgen Groß", "José Núñez", "Ελένη"),
    *("Gülşen Yıldız", "山田太郎", "김철수", "שרה כהן", "محمد علي", "Dvořák Jiří", "Søren Ørsted"),
    *("François Lefèvre", "Åsa Öberg", "Nguyễn Văn An", "สมชาย", "Ана Ћосић", "Erdő Mihály"),
)


def encoded(text):
    """Yield (codec, bytes) for each codec of Python that has the letters of a text."""
    for codec in CODECS:
        try:
            data = codecs.lookup(codec).encode(text)[0]
        except (UnicodeError, TypeError, LookupError):
            continue
        if isinstance(data, bytes):
            yield codec, data


@pytest.mark.parametrize("person", PEOPLE)
def test_a_name_is_right_or_told_in_every_encoding(tmp_path, person):
    seen = 0
    for line_end, separator in (("\r\n", ";"), ("\n", ",")):
        text = line_end.join([f"Name{separator}Nr", f"{person}{separator}1", ""])
        for codec, data in encoded(text):
            seen += 1
            try:
                found, notes = read(tmp_path, data)
            except Refused as error:
                found, notes = [], [str(error)]
            assert found == [person] or any('"CSV UTF-8' in note for note in notes), codec
    assert seen >= 16


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("Müller".encode("cp1252"), "we read it as Windows-1252, so check that 'Müller' is right"),
        (b"J?rgen M?ller", "letters were lost in J[?]rgen M[?]ller: in Excel"),
    ],
)
def test_a_name_that_may_be_wrong_is_told(tmp_path, data, said):
    _, notes = read(tmp_path, b"name\n" + data)
    assert any(re.search(said, note) for note in notes)


def test_utf_8_that_was_encoded_twice_is_told(tmp_path):
    with pytest.raises(Refused, match="is not UTF-8, so its letters would be wrong: in Excel"):
        read(tmp_path, "name\nMÃ¼ller\n")


# --- lists that are none ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "columns", "said"),
    [
        ("", [], "list.csv is empty"),
        ("\n\n", [], "list.csv is empty"),
        ("name\n\n", [], "has no names in it"),
        ("First,Last\nA,B\n", [], "several columns: choose one with --column; .*'First', 'Last'"),
        ("name,id\nA,1\n", ["mail"], "has no column 'mail'; its first line is: 'name', 'id'"),
        (bytes(range(256)), [], "is not UTF-8"),
        (b"PK\x03\x04" + bytes(99), [], "is a workbook or a ZIP archive, .*CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), [], "is a workbook of an old Excel, .*CSV UTF-8"),
        ("<html><table>", [], "is a web page, .*CSV UTF-8"),
        ("name\n" + "x" * 201, [], "has no names in it"),
        ('name\n"' + "x" * 200_000, [], "is not a CSV file: check its quotation marks"),
        ('name\n"Anna\nBen\n', [], "is not a CSV file: check its quotation marks"),
    ],
)
def test_a_list_that_is_none_is_told(tmp_path, data, columns, said):
    with pytest.raises(Refused, match=said):
        read(tmp_path, data, *columns)
