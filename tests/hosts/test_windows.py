# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell holds on Windows, as far as Wine tells; there is no Python there."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from shell import ROOT, build, run
from x_server import x_server

MODULE = Path("Requinto.vst3", "Contents", "x86_64-win", "Requinto.vst3")


def wine_program():
    """Return the program that runs others."""
    cache = (build("mingw") / "CMakeCache.txt").read_text()
    return re.search(r"^WINE:FILEPATH=(.+)$", cache, re.MULTILINE)[1]


@pytest.fixture
def wine():
    """Return an environment in which Wine has its folders to itself."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "WINEPREFIX": folder}
        environment.pop("DISPLAY", None)
        yield environment
        # What Wine leaves running would go on writing there for some seconds
        server = Path(wine_program()).with_name("wineserver")
        subprocess.run([server, "-k"], env=environment, check=False)


@pytest.mark.alone  # its limits are in seconds, and Wine is slow
def test_units(wine):
    build("mingw")
    result = run("ctest", "--preset", "mingw", "-j2", cwd=ROOT, env=wine)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"100% tests passed, 0 tests failed out of \d+", result.stdout)


@pytest.mark.alone
def test_window(wine):
    """The plugin's window, without an editor: Wine shows it on an X server."""
    program = build("mingw") / "tests" / "plugin" / "test_window_win32.exe"
    emulator = wine_program()
    with x_server() as (name, _):
        environment = {**wine, "DISPLAY": name, "WINEDEBUG": "-all"}
        environment["WINEDLLOVERRIDES"] = "mscoree,mshtml,winedbg.exe="
        result = run(emulator, program, env=environment, timeout=180)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip() == "ended"


def test_module_needs_nothing_but_windows():
    module = build("mingw") / MODULE
    listing = run("x86_64-w64-mingw32-objdump", "-p", module).stdout
    libraries = {name.lower() for name in re.findall(r"DLL Name: (\S+)", listing)}
    window = {"comdlg32.dll", "gdi32.dll", "ole32.dll", "shell32.dll", "user32.dll"}
    assert libraries == {"kernel32.dll", "msvcrt.dll"} | window
    exported = listing.split("[Ordinal/Name Pointer] Table", 1)[1].split("\n\n", 1)[0]
    names = re.findall(r"\[ *\d+\] (\w+)", exported)
    assert sorted(names) == ["ExitDll", "GetPluginFactory", "InitDll"]
