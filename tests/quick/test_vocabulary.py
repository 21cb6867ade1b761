# SPDX-License-Identifier: GPL-3.0-or-later
"""Names say what a value is, not that somebody found, heard or drew it."""

import ast
import re

import pytest

from shell import ROOT

BANNED = {"found", "heard", "drawn", "asked", "told", "place", "places", "placed"}
# In Python only: the words of the glossary stand for these
BANNED_IN_PYTHON = {
    *("evidence", "featurer", "growing", "hearings", "holdings", "keeping", "learner"),
    *("moments", "news", "question", "questions", "unheard", "usual"),
}
BANNED_AS_FIRST = {"least", "most"}  # min and max are meant
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
FOREIGN = {"in_place_pair"}  # of CLAP's headers
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
PYTHON = sorted([*ROOT.glob("python/**/*.py"), *ROOT.glob("tests/**/*.py")])
C = sorted([*ROOT.glob("plugin/**/*.[ch]"), *ROOT.glob("tests/plugin/**/*.[ch]")])


def words_of(name):
    return [word.lower() for word in WORD.findall(name)]


def is_banned(name):
    return not BANNED.isdisjoint(words_of(name))


def is_banned_in_python(name):
    words = words_of(name)
    if is_banned(name) or words[:1] == ["test"]:  # whose names are sentences
        return is_banned(name)
    is_banned_first = not BANNED_AS_FIRST.isdisjoint(words[:1])
    return is_banned_first or not BANNED_IN_PYTHON.isdisjoint(words)


def names_given(tree):
    """Yield the names that a program gives: not those that it only uses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, DEFINITIONS):
            yield node.name, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, node.lineno


def identifiers(source):
    """Yield the identifiers of a C file, outside comments and strings."""
    code = COMMENT_OR_STRING.sub(lambda match: "\n" * match[0].count("\n"), source)
    for number, line in enumerate(code.splitlines(), 1):
        for name in re.findall(r"[A-Za-z_]\w*", line):
            yield name, number


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("found", True),
        ("n_heard", True),
        ("_asked", True),
        ("placeOf", True),
        ("PLACES", True),
        ("replace", False),
        ("foundation", False),
        ("placement", False),
    ],
)
def test_banned_words_are_whole_words(name, expected):
    assert is_banned(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("found", True),
        ("_evidence", True),
        ("EvidenceConfig", True),
        ("least_beat", True),
        ("_MOST_ROWS", True),
        ("check_at_least", False),
        ("test_what_most_have_is_evidence", False),
        ("test_placed", True),
        ("__init__", False),
        ("_", False),
    ],
)
def test_python_has_further_banned_words(name, expected):
    assert is_banned_in_python(name) is expected


def test_python_names():
    problems = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in PYTHON
        for name, line in names_given(ast.parse(path.read_text()))
        if is_banned_in_python(name)
    ]
    assert not problems, "\n".join(problems)


def test_c_names():
    problems = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in C
        for name, line in identifiers(path.read_text())
        if is_banned(name) and name not in FOREIGN
    ]
    assert not problems, "\n".join(problems)
