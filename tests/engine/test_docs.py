# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's programs run, and what it says of the commands is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from commands import parsers
from requinto_command.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [
    *("README.md", "CONTRIBUTING.md", "models/README.md", "models/BEATS.md"),
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]


def blocks(language, page):
    text = (ROOT / page).read_text()
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for kind, block in fenced if kind == language]


PROGRAMS = [
    pytest.param(block, id=f"{page}-{i}")
    for page in PAGES
    for i, block in enumerate(blocks("python", page))
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_python_blocks_run(program, tmp_path):
    script = tmp_path / "snippet.py"
    script.write_text(program)
    subprocess.run([sys.executable, script], check=True, cwd=tmp_path)


def test_there_are_programs_in_readme_and_docs():
    pages = {str(program.id).rsplit("-", 1)[0] for program in PROGRAMS}
    assert pages >= {"README.md", "docs/python.md"}


def test_two_commands_of_one_line_each():
    for name in ("demo", "tests"):
        commands = re.findall(
            rf"^<!-- {name} -->\n```sh\n(.*?)```$", README, re.S | re.M
        )
        assert len(commands) == 1
        assert commands[0].count("\n") == 1


def test_ci_runs_the_command_of_the_readme(tmp_path):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_text((ROOT / ".ci/run").read_text())
    harmless = README.replace("$(command -v sudo)", "echo").replace("&&", "#")
    (tmp_path / "README.md").write_text(harmless)
    said = subprocess.run(
        ["sh", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert said == "apt-get update -qq\n"


def lines_of_synopsis():
    """Return the lines of the synopsis: those indented go on from the one before."""
    page = "docs/command-line.md"
    (synopsis,) = (b for b in blocks("", page) if b.startswith("requinto extract SONG"))
    return re.sub(r"\n +", " ", synopsis).splitlines()


COMMANDS = list(parsers(typer.main.get_command(app)))


@pytest.mark.parametrize(
    ("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS]
)
def test_commands_are_described_with_all_their_options(words, command):
    start = " ".join(("requinto", *words))
    (line,) = (x for x in lines_of_synopsis() if f"{x} ".startswith(f"{start} "))
    described = set(re.findall(r"(?<![\w-])-[\w-]+", line))
    known = [p for p in command.params if p.param_type_name == "option"]
    for option in known:
        names = {*option.opts, *option.secondary_opts}
        assert names & described, f"{start}: {option.opts[-1]} is not described"
        described -= names
    assert not described, f"{start} has no such options"
    for parameter in command.params:
        if parameter.param_type_name == "argument" and parameter.required:
            assert parameter.name.upper() in line
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0


def test_every_line_of_the_synopsis_is_a_command():
    starts = tuple(" ".join(("requinto", *words)) for words, _ in COMMANDS)
    for line in lines_of_synopsis():
        assert line.startswith(starts) or line == "requinto --version"


def test_modules_that_are_run_exist():
    python = ROOT / "python"
    run = {
        name
        for page in PAGES
        for name in re.findall(r"python -m (requinto[\w.]*)", (ROOT / page).read_text())
    }
    assert "requinto_lab.training.validation" in run
    for name in run:
        path = python.joinpath(*name.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_links_lead_somewhere():
    for page in PAGES:
        text = (ROOT / page).read_text()
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in link:
                assert ((ROOT / page).parent / link).exists(), f"{page}: {link}"
