# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell snippets of the documentation run, and leave what they say."""

import collections
import sys

import pytest

from doc_snippets import Snippet, find_snippets, run_snippet, write_inputs

SNIPPETS = find_snippets()


@pytest.mark.parametrize(
    "snippet",
    [pytest.param(s, id=f"{s.page}-{s.index}") for s in SNIPPETS if s.is_run],
)
def test_shell_snippets_run(snippet, tmp_path, two_models):
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    write_inputs(folder, snippet)
    run_snippet(snippet, folder, {"HOME": str(home)})
    for name in snippet.outputs:
        path = folder / name
        assert path.exists(), f"{snippet.text} left no {name}"
        assert any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0


def test_pages_of_the_doors_are_run():
    pages = {snippet.page for snippet in SNIPPETS if snippet.is_run}
    assert pages >= {"README.md", "command-line.md", "web.md", "batch.md", "plugin.md"}
    skipped = collections.Counter(s.page for s in SNIPPETS if not s.is_run)
    del skipped["workshop.md"]  # hours of work, and gigabytes of packages
    # Two of clusters and one of minutes; what installs packages, or runs the tests
    assert skipped == {"batch.md": 3, "README.md": 3}


def test_what_a_snippet_names():
    snippet = Snippet(
        "page.md",
        0,
        "requinto extract a.mp3 -o b.flac  # writes c.wav d.wav\n"
        "cat a.wav | requinto extract - --reference solo.wav -o - > e.wav\n"
        "requinto extract *.mp3 \\\n  --rest rests/\n",
        is_run=True,
    )
    assert snippet.outputs == {"b.flac", "c.wav", "d.wav", "e.wav", "rests/"}
    assert snippet.inputs == {"a.mp3", "a.wav", "solo.wav"}
    assert not snippet.is_server


def test_a_server_is_ended_when_it_answers(tmp_path):
    server = f"'{sys.executable}' -m http.server 0 --bind 127.0.0.1"
    text = f"requinto() {{ {server}; }}\nrequinto serve\n"
    run_snippet(Snippet("page.md", 0, text, True), tmp_path, {})
    silent = "requinto() { true; }\nrequinto serve\n"
    with pytest.raises(AssertionError, match="no address was printed"):
        run_snippet(Snippet("page.md", 0, silent, True), tmp_path, {})


@pytest.mark.parametrize(
    "text", ["false\n", "cat missing | cat\n", "requinto extract missing.wav\n"]
)
def test_a_snippet_that_fails_is_noticed(text, tmp_path):
    with pytest.raises(AssertionError):
        run_snippet(Snippet("page.md", 0, text, True), tmp_path, {})
