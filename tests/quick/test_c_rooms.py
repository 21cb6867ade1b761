# SPDX-License-Identifier: GPL-3.0-or-later
"""C includes point one way, and so do calls as far as includes show."""

import re

from shell import ROOT

PLUGIN = ROOT / "plugin"
# A file may include those before it, in its folder and in the folders below it.  A file
# and its header are one; `.` is the top of `plugin/`
FLOORS = {
    "os": [
        *("attributes", "os", "posix", "linux", "macos"),
        *("win32_text", "win32", "win32_files", "memory", "path", "running_clock"),
        *("ticker", "ticker_none", "ticker_macos", "ticker_win32"),
    ],
    "python": [
        *("bridge", "bridge_table", "gate", "start", "calls"),
        *("env_layout", "env_posix", "env_win32", "env", "loader"),
    ],
    "core": [
        *("integer", "block", "clip", "status", "number_text", "utf8", "utf16"),
        *("params", "settings", "reference_name", "sound_file"),
        *("references_folder", "references", "reference_file", "state", "ring"),
        *("scope", "transport", "scope_feed"),
        *("session", "outbox", "lateness", "loudness", "mixer", "engine"),
        *("service", "worker", "instance"),
    ],
    ".": ["ardour"],  # all that is done differently for it
    "window": [
        *("table", "window", "native", "uri_list", "sound_names", "xlib"),
        *("connection", "xdnd", "sofd", "x_dialog", "x11"),
        *("native_none", "win32", "win32_backend", "pugl_events", "pugl_window"),
    ],
    "editor": [
        *("font_data", "font", "text", "pixels", "shapes", "canvas", "colours"),
        *("play_clock", "standstill", "song", "spectrum_colours", "song_bitmap"),
        *("song_view", "meters", "thumbnail"),
        *("theme", "controls", "layout", "scene", "words", "tooltip", "edits"),
        *("entry", "popup", "pointer", "keys", "panel", "scene_key"),
        *("symbols", "text_lines", "paint_controls", "paint_slot", "paint_overlay"),
        *("paint", "display", "countdown", "reference_check", "reader"),
        "editor",
    ],
    "vst3": [
        *("vst3", "entry", "plugin", "changes", "processor", "component"),
        *("run_loop", "view", "controller", "factory"),
    ],
    "clap": [
        *("types", "plugin", "edits", "params", "process", "gui_window", "gui"),
        *("extensions", "entry"),
    ],
    "lv2": [
        *("features", "ports", "position", "plugin", "lv2", "ui"),
        *("describe_params", "describe_turtle", "describe"),
    ],
}
FORMATS = {"vst3", "clap", "lv2"}
GENERATED = {"targets.h"}  # by CMake, from models/targets.txt
# Headers that other files implement: one for each system, and Python
CONTRACTS = {
    "os/os.h": {"posix", "linux", "macos", "win32", "win32_files"},
    "os/ticker.h": {"ticker_none", "ticker_macos", "ticker_win32"},
    "python/env_layout.h": {"env_posix", "env_win32"},
    "python/bridge.h": {"calls"},
    "window/native.h": {"x11", "native_none", "win32", "win32_backend"},
    "window/table.h": {"pugl_window"},
}

SOURCES = sorted([*PLUGIN.rglob("*.c"), *PLUGIN.rglob("*.h")])


def unit_of(path):
    """Return a file without its suffix, as `folder/name`."""
    return f"{path.parent.relative_to(PLUGIN).as_posix()}/{path.stem}"


def included(path):
    """Return the files of ours that one includes."""
    return [
        PLUGIN / name
        for name in re.findall(r'^#\s*include "([^"]+)"', path.read_text(), re.M)
        if name not in GENERATED
    ]


def code_of(path):
    """Return a file without comments and texts."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, " ", path.read_text(), flags=re.S)


def before(unit):
    """Return the units that one may include."""
    folder, name = unit.split("/")
    folders = list(FLOORS)
    below = folders[: folders.index(folder)]
    rooms = [f"{f}/{n}" for f in below if f not in FORMATS for n in FLOORS[f]]
    own = FLOORS[folder]
    return {*rooms, *(f"{folder}/{n}" for n in own[: own.index(name)])}


def test_every_file_has_its_room():
    rooms = [f"{folder}/{name}" for folder, names in FLOORS.items() for name in names]
    assert len(rooms) == len(set(rooms))
    assert {unit_of(path) for path in SOURCES} == set(rooms)


def test_files_include_only_those_before_them():
    for path in SOURCES:
        unit = unit_of(path)
        allowed = {unit, *before(unit)}
        for header in included(path):
            assert header.is_file(), f"{unit} includes {header}"
            assert unit_of(header) in allowed, f"{unit} includes {header}"


def test_files_include_their_own_header():
    for path in PLUGIN.rglob("*.c"):
        if path.with_suffix(".h").is_file():
            assert path.with_suffix(".h") in included(path)


def test_a_header_is_implemented_by_the_file_of_its_name():
    """So that a call goes where an include points, and the two have one order."""
    for path in PLUGIN.rglob("*.h"):
        code = code_of(path)
        declared = set(re.findall(r"^(\w+)\([^;{]*\)[\sA-Z_]*;", code, re.M))
        declared |= set(re.findall(r"^extern [^;]*?(\w+);", code, re.M))
        declared = {n for n in declared if not n.isupper() and n != "_Static_assert"}
        name = path.relative_to(PLUGIN).as_posix()
        others = CONTRACTS.get(name, {path.stem})
        defining = "".join(
            code_of(path.parent / f"{other}.c") for other in others if declared
        )
        if name == "python/bridge.h":  # by macros
            declared = {name.removeprefix("requinto_") for name in declared}
        missing = {
            n for n in declared if not re.search(rf"\b(requinto_)?{n}\b", defining)
        }
        assert not missing, path
