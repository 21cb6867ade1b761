# SPDX-License-Identifier: GPL-3.0-or-later
"""Make presets that the plugin loads."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from requinto.arguments import check_one_query, check_reference, check_target
from requinto.arithmetic import plain_arithmetic
from requinto.audio import check_rate, encode_flac
from requinto.checks import check_number, show
from requinto.errors import AudioError, PluginError
from requinto.model_folder import DEFAULT_TARGET
from requinto.plugin_table import (
    Parameter,
    learned_target,
    max_reference_bytes,
    parameters,
)
from requinto_files import output_files

_CLASS_ID = b"52657175696E746F4578747261637421"  # of vst3/factory.c
# What the library takes from 0 to 1; so little of a percent is surely a mistake
_FROM_0_TO_1 = ("sensitivity",)


@plain_arithmetic
def preset(
    target: str | None = None,
    *,
    reference: np.ndarray | None = None,
    reference_sample_rate: float | None = None,
    path: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    **values: str | float | bool,
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
    **values
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
        If a parameter or its value is not the plugin's, or the path is none; with a
        parameter or a reference also if the plugin was not built with this package,
        or the table of its parameters is damaged.
    AudioFileError
        If the file cannot be written, or is there and may not be replaced.

    Examples
    --------
    >>> bass = preset("bass", output="Everything else")
    >>> bass[:4]
    b'VST3'
    """
    _check_file(path, overwrite)
    check_one_query(target, reference)
    if target is not None:
        target = check_target(target)
    chosen = target or (DEFAULT_TARGET if reference is None else learned_target())
    lines = [f"{name}={_text(name, value)}" for name, value in values.items()]
    state = "\n".join(["requinto 1", f"target={chosen}", *lines, ""]).encode()
    if reference is not None:
        file = _encode(reference, reference_sample_rate)
        state += f"sound={len(file)} {chosen}\n".encode() + file + b"\n"
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


def _encode(reference: np.ndarray, sample_rate: float | None) -> bytes:
    if sample_rate is None:
        raise AudioError("reference_sample_rate must be given, in Hz")
    sample_rate = check_rate(sample_rate, "reference")
    checked = check_reference(reference, sample_rate, "reference")
    file = encode_flac(checked, sample_rate)
    limit = max_reference_bytes()
    if len(file) > limit:
        raise AudioError(
            f"the reference makes a file of {len(file) / 2**20:.0f} MiB, and the "
            f"plugin takes {limit / 2**20:.0f} at most: give some of it"
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
    name = parameter.name
    number = check_number(value, *parameter.range, name, PluginError)
    if name in _FROM_0_TO_1 and 0 < number <= 1:
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
