# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's programs run, and what it says of the commands is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

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


def test_commands_are_as_described():
    runner = CliRunner()
    page = "docs/command-line.md"
    (synopsis,) = (b for b in blocks("", page) if b.startswith("requinto extract SONG"))
    for line in synopsis.splitlines():
        _, name, rest = (
            line.split(" ", 2) if line.count(" ") > 1 else (*line.split(), "")
        )
        if name == "plugin":
            for sub in rest.split(" | "):
                assert runner.invoke(app, ["plugin", sub, "--help"]).exit_code == 0
            continue
        words = [name, rest.split()[0]] if name == "data" else [name]
        said = runner.invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"--\w+|-\w\b", rest):
            assert option in said, f"{name} has no {option}"


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
