# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells complete the command's words at once, and a wrong word is put right."""

import os
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import requinto
from requinto_command import completion
from requinto_lab.systems import registry

COMMAND = Path(sys.executable).parent / "requinto"
LIMIT_S = 0.5


def complete(line, shell="bash", **variables):
    """Return what a shell offers for the last word of a line."""
    words = line.split(" ")
    protocol = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        },
    }[shell]
    result = subprocess.run(
        [COMMAND],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ,
            **protocol,
            **variables,
            "_REQUINTO_COMPLETE": f"complete_{shell}",
        },
    )
    assert result.stderr == ""
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("requinto ext", ["extract"]),
        ("requinto plugin un", ["uninstall"]),
        ("requinto extract song.mp3 --target gui", ["guitar", "guira"]),
        ("requinto extract --target bass --target b", ["bass", "bongo"]),
        ("requinto extract song.mp3 --model ", ["fast", "standard"]),
        ("requinto extract --format f", ["flac"]),
        ("requinto extract --channels ", ["downmix", "keep"]),
        ("requinto extract --system bachata", ["bachata2020"]),
        ("requinto extract --bit", ["--bit-depth"]),
        ("requinto extract so", []),  # which leaves it to the shell: files
        ("requinto extract --reference so", []),
    ],
)
def test_bash(line, expected):
    assert complete(line).split() == expected


def test_zsh_and_fish():
    assert complete("requinto extract --target ba", "fish") == "bass"
    assert "bass" in complete("requinto extract --target ba", "zsh")


def test_completion_in_bash_itself(tmp_path):
    """The script that it gives, in the shell that it is for."""
    home = tmp_path / "home"
    home.mkdir()
    variables = {**os.environ, "HOME": str(home)}
    variables["PATH"] = f"{COMMAND.parent}:{variables['PATH']}"
    installed = subprocess.run(
        ["bash", "-c", "requinto --install-completion; true"],
        capture_output=True,
        text=True,
        env=variables,
        check=True,
    )
    assert "bash completion installed in" in installed.stdout
    script = """
    source ~/.bashrc
    COMP_WORDS=(requinto extract --target gui) COMP_CWORD=3
    $(complete -p requinto | sed 's/.*-F \\([^ ]*\\) .*/\\1/') requinto gui --target
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    result = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env=variables,
        check=True,
    )
    assert (result.stdout.split(), result.stderr) == (["guitar", "guira"], "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell):
    result = subprocess.run(
        [COMMAND],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "_REQUINTO_COMPLETE": f"source_{shell}"},
    )
    assert "_REQUINTO_COMPLETE" in result.stdout
    assert f"complete_{shell}" in result.stdout and "requinto" in result.stdout
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=result.stdout, text=True, check=True)


def test_names_are_those_of_the_library(monkeypatch, two_models):
    assert completion.complete_target("") == list(requinto.targets())
    assert set(completion.complete_model("")) == set(requinto.models())
    monkeypatch.delenv("REQUINTO_MODELS")
    assert completion.complete_target("") == list(requinto.targets())
    assert set(completion.complete_model("")) == set(requinto.models())
    monkeypatch.setenv("REQUINTO_MODELS", "/nowhere")
    assert completion.complete_target("") == completion.complete_model("") == []


def test_systems_are_those_that_extract():
    offered = completion.complete_system("")
    extracting = []
    for name in registry.SYSTEMS:
        try:
            registry.check_extracts(name)
        except requinto.RequintoError:
            continue
        extracting.append(name)
    assert offered == [name for name in extracting if " " not in name]
    assert {"bachata2020", "nmf", "spleeter"} < set(offered)


def test_nothing_heavy_is_imported_to_answer():
    program = (
        "import sys, requinto_command.cli\n"
        "from requinto_command import completion\n"
        "completion.complete_target(''), completion.complete_system('')\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "scipy", "soundfile", "requinto", "rich", "matplotlib"}
    assert not heavy & set(result.stdout.split())


@pytest.mark.alone
@pytest.mark.parametrize("words", ["extract --target gui", "--version", "--help"])
def test_it_answers_within_half_a_second(words):
    """Of one core, so that what else the machine does changes little."""

    def seconds():
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        if words.startswith("--"):
            subprocess.run([COMMAND, words], capture_output=True, check=True)
        else:
            assert "guitar" in complete(f"requinto {words}")
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime

    assert min(seconds() for _ in range(3)) < LIMIT_S


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        ("extrct song.wav", "Did you mean 'extract'"),
        ("beat song.wav", "Did you mean 'beats'"),
        ("plugin instal", "Did you mean 'install'"),
        ("extract song.wav --trget bass", "--target"),
        ("extract song.wav --overwrit", "--overwrite"),
        ("extract song.wav --target guiter", "did you mean guitar?"),
        ("extract song.wav --target basss", "did you mean bass?"),
        ("extract song.wav --model standart", "did you mean standard?"),
        ("extract song.wav --system spleter", "did you mean spleeter?"),
        ("extract song.wav --system nmf --target guitr", "did you mean guitar?"),
        ("extract song.wav --format flca", "did you mean flac?"),
        ("extract song.wav --channels downmx", "did you mean downmix?"),
    ],
)
def test_a_wrong_word_is_put_right(run, song, words, suggested):
    status, out, err = run(*shlex.split(words))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert suggested in err
