# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the built plugin, and make presets that it loads."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from requinto import audio as sound
from requinto.arguments import check_rate, check_reference, check_target
from requinto.arithmetic import plain_arithmetic
from requinto.checks import is_number, show
from requinto.errors import AudioError, PluginError, TargetError
from requinto_files import output_files

MAX_FILE_SIZE = 64 << 20  # bytes of a reference; that of references.h
LEARNED = "Learned"  # the target that a reference becomes
_CLASS_ID = b"52657175696E746F4578747261637421"  # of vst3_factory.c
# What the library takes from 0 to 1; so little of a percent is surely a mistake
_PERCENT = ("sensitivity",)


class Parameter(NamedTuple):
    """A parameter of the plugin that a preset may hold."""

    name: str
    kind: Literal["list", "switch", "number"]
    range: tuple[float, float] = (0.0, 1.0)  # of a number
    default: float = 0.0  # of a list, an index
    items: tuple[str, ...] = ()  # of a list or a switch


def parameters() -> dict[str, Parameter]:
    """Return the parameters that a preset may hold, by name.

    They are those of `plugin/params.c`.
    """
    rows = (
        Parameter("output", "list", items=("Extracted", "Everything else")),
        Parameter("amount", "number", (0.0, 100.0), 100.0),
        Parameter("beat_source", "list", items=("Host", "Detect", "Fixed tempo")),
        Parameter("tempo", "number", (40.0, 240.0), 120.0),
        Parameter("quality", "list", items=("Standard", "Fast")),
        Parameter("clip", "list", items=("4 beats", "2 beats", "1 beat")),
        Parameter("sensitivity", "number", (0.0, 100.0), 50.0),
        Parameter("bypass", "switch", items=("Off", "On")),
    )
    return {row.name: row for row in rows}


def plugin_path() -> Path:
    """Return the built `Requinto.vst3` bundle.

    Raises
    ------
    PluginError
        If it was not built with this package.
    """
    return built_folder("Requinto.vst3")


def built_folder(name: str) -> Path:
    """Return a folder that the build put beside this package, or raise."""
    package = Path(__file__).parent
    elsewhere = [Path(entry) / "requinto" / name for entry in sys.path]
    candidates = [package / name, *elsewhere]
    for folder in candidates:
        if folder.is_dir():
            return folder.resolve()
    raise PluginError(
        f"{candidates[0]} is not there: the plugin is built by `pip install`, "
        "not by running from the sources"
    )


@plain_arithmetic
def preset(
    target: str | None = None,
    *,
    reference: np.ndarray | None = None,
    reference_sample_rate: float | None = None,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    **parameters: str | float | bool,
) -> bytes:
    """Return a preset that VST3 hosts, and pedalboard's `load_preset`, load.

    Parameters
    ----------
    target : str, optional
        One of `targets()`, in whatever case; "guitar" unless a reference is given.
    reference : np.ndarray, shape=(n_channels, n_frames) or (n_frames,), optional
        Half a second or more of the instrument to extract; the preset carries it.
    reference_sample_rate : float, optional
        Hz; needed with a reference.
    path : str or path, optional
        Where to write the preset too; such files end in `.vstpreset`.
    overwrite : bool
        Whether a file that is there may be replaced.
    **parameters
        Other parameters by their names in pedalboard, such as `output="Everything
        else"`, `clip="1 beat"`, `amount=80.0`, `bypass=True`.  Amount and sensitivity
        are in percent, 0 to 100, as in the plugin; the library's sensitivity is a
        hundredth of it.

    Returns
    -------
    bytes
        The file, also for `plugin.preset_data` of pedalboard.

    Raises
    ------
    TargetError
        If the target is unknown, or a reference is given as well.
    AudioError
        If the reference is not one, or too long, or its rate is not given.
    PluginError
        If a parameter or its value is not the plugin's, or the path is none.
    AudioFileError
        If the file cannot be written, or is there and may not be replaced.

    Examples
    --------
    >>> bass = preset("bass", output="Everything else")
    >>> bass[:4]
    b'VST3'
    """
    _check_file(path, overwrite)
    if reference is not None and target is not None:
        raise TargetError("give a target or a reference, not both")
    if target is not None:
        target = check_target(target)
    chosen = target or ("guitar" if reference is None else LEARNED)
    lines = [f"{name}={_text(name, value)}" for name, value in parameters.items()]
    state = "\n".join(["requinto 1", f"target={chosen}", *lines, ""]).encode()
    if reference is not None:
        file = _encoded(reference, reference_sample_rate)
        state += f"sound={len(file)} {LEARNED}\n".encode() + file + b"\n"
    whole = _vst3_preset(state)
    if path is not None:
        output_files.check_output(path, (".vstpreset",), overwrite=overwrite)
        with output_files.whole_file(path, overwrite=overwrite) as unfinished:
            Path(unfinished).write_bytes(whole)
    return whole


def _check_file(path: Any, overwrite: Any) -> None:
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if path is not None and (not isinstance(name, str) or not name or "\0" in name):
        raise PluginError(
            f"path must be where to write a file, as str or Path, got {show(path)}"
        )
    if not isinstance(overwrite, (bool, np.bool_)):
        raise PluginError(f"overwrite must be True or False, got {show(overwrite)}")


def _encoded(reference: np.ndarray, sample_rate: float | None) -> bytes:
    if sample_rate is None:
        raise AudioError("reference_sample_rate must be given, in Hz")
    sample_rate = check_rate(sample_rate, "reference")
    checked = check_reference(reference, sample_rate, "reference")
    file = sound.encode_flac(checked, sample_rate)
    if len(file) > MAX_FILE_SIZE:
        raise AudioError(
            f"the reference makes a file of {len(file) / 2**20:.0f} MiB, and the "
            f"plugin takes {MAX_FILE_SIZE / 2**20:.0f} at most: give some of it"
        )
    return file


def _text(name: str, value: str | float | bool) -> str:
    """Return a value as states hold it, or raise `PluginError`."""
    known = parameters()
    if name not in known:
        raise PluginError(
            f"unknown parameter {name!r}; known are target, {', '.join(known)}"
        )
    parameter = known[name]
    return (_number if parameter.kind == "number" else _item)(parameter, value)


def _item(parameter: Parameter, value: str | float | bool) -> str:
    if parameter.kind == "switch" and isinstance(value, (bool, np.bool_)):
        return parameter.items[bool(value)]
    if isinstance(value, str) and value in parameter.items:
        return str(value)
    raise PluginError(
        f"{parameter.name} must be one of {parameter.items}, got {show(value)}"
    )


def _number(parameter: Parameter, value: str | float | bool) -> str:
    name, (low, high) = parameter.name, parameter.range
    if not (is_number(value) and low <= value <= high):
        raise PluginError(
            f"{name} must be a number from {low} to {high}, got {show(value)}"
        )
    number = float(value)
    if name in _PERCENT and 0 < number <= 1:
        raise PluginError(
            f"{name} is in percent here, 0 to 100: {value!r} of 0 to 1 is "
            f"{100 * number:g}"
        )
    return f"{number:.6f}"


def _vst3_preset(state: bytes) -> bytes:
    """Return a component's state as a preset file.

    Source: Steinberg, "VST 3 Preset Format", VST 3 Developer Portal: a header of 48
    bytes, the chunks, and a list of where they are.
    """
    header = struct.pack("<4si32sq", b"VST3", 1, _CLASS_ID, 48 + len(state))
    return header + state + struct.pack("<4si4sqq", b"List", 1, b"Comp", 48, len(state))
