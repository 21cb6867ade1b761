# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way, and the plugin's door opens on few rooms."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import requinto
from requinto.config import read_toml
from shell import ROOT

PACKAGE = Path(__file__).parents[1] / "python" / "requinto"
# A file may import from those before it
ROOMS = [
    *(
        "errors",
        "packages",
        "checks",
        "arithmetic",
        "config",
        "quiet",
        "threads",
        "scratch",
        "variables",
    ),
    *("plots", "backend", "networks", "litert", "exports", "keras_network"),
    *("signal_shelter", "sample_buffer", "end_tags", "mpeg_frames"),
    *("sized_containers", "audio_segments", "audio_streams", "ffmpeg", "audio_reader"),
    *("output_files", "audio_writer", "audio", "song", "song_file", "beats"),
    *("resampling", "clips", "smoothing", "stft", "inaudible", "rhythm_filters"),
    *("bar_features", "ward", "sections", "pictures"),
    *("rhythm", "song_features", "beat_network", "decoding", "spectra"),
    *("factorisation", "evidence", "reference", "unet", "separator", "pair"),
    *("weights", "tracker", "loader", "follower", "learning", "transport", "stream"),
    *("warm_up", "bridge", "arguments", "song_separation", "extract", "presets"),
    *("plugin", "__init__"),
]
FOLDERS = [
    "material",
    "evaluation",
    "training",
    "baselines",
    "benchmark",
    "apps",
]  # these too, after all of the above


def imported(path):
    """Yield the names within requinto that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "requinto":
                yield name.split(".")[1:] or ["__init__"]


def test_every_file_has_its_room():
    assert {p.stem for p in PACKAGE.glob("*.py")} == set(ROOMS)
    assert {p.name for p in PACKAGE.iterdir() if p.is_dir()} - {"__pycache__"} == set(
        FOLDERS
    )


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_those_before_them(room):
    allowed = ROOMS[: ROOMS.index(room)]
    for names in imported(PACKAGE / f"{room}.py"):
        assert names[0] in allowed, f"{room} imports {'.'.join(names)}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_import_only_those_before_them(folder):
    forbidden = FOLDERS[FOLDERS.index(folder) + 1 :]
    for path in (PACKAGE / folder).glob("*.py"):
        for names in imported(path):
            assert names[0] not in forbidden, f"{path} imports {'.'.join(names)}"


def test_the_plugin_imports_neither_trainer_nor_applications():
    script = (
        "import sys, requinto.bridge\n"
        "print([n for n in sys.modules if n.startswith('requinto.')])\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = ast.literal_eval(result.stdout)
    assert "requinto.stream" in loaded
    assert not [n for n in loaded if n.split(".")[1] in FOLDERS]


def imported_at_the_start(path):
    """Yield the names of what importing a file imports, functions left out."""
    waiting = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def file_of(name):
    """Return the file of a name within requinto, and those of its packages."""
    parts = name.split(".")
    for n in range(1, len(parts) + 1):
        path = PACKAGE.parent.joinpath(*parts[:n])
        yield from (p for p in (path.with_suffix(".py"), path / "__init__.py"))


def test_the_product_needs_only_what_it_installs():
    """Whatever is imported before a command of the workshop is called."""
    dependencies = read_toml(ROOT / "pyproject.toml")["project"]["dependencies"]
    named = {re.split("[<>=;]", name)[0].replace("-", "_") for name in dependencies}
    known = {*sys.stdlib_module_names, *named, "requinto"}
    networks = {"unet", "reference", "beat_network"}  # imported where Keras runs them
    waiting = {PACKAGE / f"{room}.py" for room in {*ROOMS} - networks}
    waiting |= {*(PACKAGE / "apps").glob("*.py")} - {PACKAGE / "apps" / "earlier.py"}
    seen = set()
    while waiting - seen:
        path = (waiting - seen).pop()
        seen.add(path)
        for name in imported_at_the_start(path):
            assert name.split(".")[0] in known, f"{path} imports {name}"
            if name.startswith("requinto."):
                waiting |= {p for p in file_of(name) if p.is_file()}
    assert PACKAGE / "evaluation" / "metrics.py" in seen  # of the demo
    assert PACKAGE / "baselines" / "__init__.py" not in seen


def test_network_files_know_one_library():
    ours = [PACKAGE / f"{room}.py" for room in ("unet", "reference", "beat_network")]
    earlier = [
        *PACKAGE.glob("baselines/*_network.py"),
        PACKAGE / "baselines/plain_u_net.py",
    ]
    assert len(earlier) > 4
    for place in ours + earlier:
        for node in ast.walk(ast.parse(place.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"keras"}
            elif isinstance(node, ast.ImportFrom):
                allowed = ("keras", "requinto", "collections", "typing", "__future__")
                assert node.module.split(".")[0] in allowed


def test_public_names_are_there_and_described():
    for name in requinto.__all__:
        assert getattr(requinto, name).__doc__
