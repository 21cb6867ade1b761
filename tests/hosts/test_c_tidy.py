# SPDX-License-Identifier: GPL-3.0-or-later
"""clang-tidy has nothing to say of the shell."""

import json

from shell import ROOT, build, run, tool


def test_c_is_tidy():
    folder = build("debug")
    commands = json.loads((folder / "compile_commands.json").read_text())
    ours = {command["file"] for command in commands}
    files = sorted(ours & {str(path) for path in (ROOT / "plugin").rglob("*.c")})
    assert len(files) > 30
    result = run(tool("clang-tidy"), "--quiet", "-p", folder, *files)
    assert result.returncode == 0, result.stdout
