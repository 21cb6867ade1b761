# SPDX-License-Identifier: GPL-3.0-or-later
"""Percussion of drum machines: DrumSynth's presets as LMMS renders them.

LMMS is started once, with a project that plays every preset after another; their
sounds are kept in the cache folder.  It seeds their noise by the clock: what is in
the cache stays, but another machine's snare is another stroke on the same drum.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import soundfile

from requinto_lab.material import lmms
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.sampler import StrokeSet, load_or_make
from requinto_lab.material.soundfonts import SAMPLE_RATE, BankError
from requinto_lab.material.tables import read_table

# Instrument, kit, stroke: preset
KITS: dict[str, dict[str, dict[str, str]]] = read_table("drum_machines")
FOLDERS = shared_folders("lmms/samples/drumsynth")
_SLOT_S = 2.0  # a bar of four beats at 120 in a minute
_TICKS = 192  # in a bar
_QUIET = 1e-4

# Seconds in which a stroke dies, if the kit has no preset for it alone
_SHORTENED = {"tip": 0.03, "slap": 0.06, "mute": 0.03, "short": 0.04}


@functools.cache
def _presets() -> dict[str, np.ndarray]:
    """Return the sound of every preset in `KITS`, shape `(1, n_frames)`."""
    names = sorted(
        {
            file
            for kits in KITS.values()
            for row in kits.values()
            for file in row.values()
        }
    )
    packages = "Debian has them in lmms and lmms-common"
    missing = BankError(f"DrumSynth's presets are not installed: {packages}")
    folder = first_existing(FOLDERS, missing)
    project = _project([folder / f"{name}.ds" for name in names])
    digest = hashlib.sha256(project.encode()).hexdigest()[:12]
    sounds = load_or_make(f"drumsynth-{digest}", lambda: _render(project, names))
    return {name: sounds[name.replace("/", ":")] for name in names}


@functools.cache
def kit(instrument: str, name: str) -> StrokeSet:
    """Return a kit, ready to play.

    Parameters
    ----------
    instrument : str
        A key of `KITS`.
    name : str
        One of its kits.

    Raises
    ------
    BankError
        If there is no such kit, or LMMS or its presets are not installed.
    """
    known = KITS.get(instrument, {})
    if name not in known:
        raise BankError(
            f"no drum machine {name!r} of {instrument!r}; known are {', '.join(known)}"
        )
    presets, files = _presets(), known[name]
    strokes = {}
    for stroke, file in files.items():
        sound = presets[file]
        if stroke in _SHORTENED and list(files.values()).count(file) > 1:
            seconds = np.arange(sound.shape[1], dtype=np.float32) / SAMPLE_RATE
            sound = sound * np.exp(-seconds / np.float32(_SHORTENED[stroke]))
        strokes[stroke] = [sound]
    return StrokeSet(strokes)


def _render(project: str, names: list[str]) -> dict[str, np.ndarray]:
    """Return the sounds of a project, one from each bar."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "all.mmp", Path(folder) / "all.wav"
        source.write_text(project)
        lmms.render(source, target)
        sound, _ = soundfile.read(target, dtype="float32", always_2d=True)
    slot = int(_SLOT_S * SAMPLE_RATE)
    sounds = {}
    for i, name in enumerate(names):
        one = sound[i * slot : (i + 1) * slot, 0]
        loud = np.flatnonzero(np.abs(one) > _QUIET)
        if len(loud) == 0:
            raise BankError(f"LMMS renders silence for DrumSynth's preset {name}")
        # A zip file takes no slash in a name on every system
        sounds[name.replace("/", ":")] = one[None, loud[0] : loud[-1] + 1]
    return sounds


def _project(files: list[Path]) -> str:
    """Return an LMMS project in which each file plays in its own bar."""
    tracks = "".join(_track(file, i * _TICKS) for i, file in enumerate(files))
    return (
        '<?xml version="1.0"?><!DOCTYPE lmms-project>'
        '<lmms-project version="1.0" type="song" creator="LMMS"'
        ' creatorversion="1.2.2"><head bpm="120" mastervol="100" masterpitch="0"'
        ' timesig_numerator="4" timesig_denominator="4"/><song>'
        f'<trackcontainer type="song">{tracks}</trackcontainer></song></lmms-project>'
    )


def _track(file: Path, tick: int) -> str:
    # Key 57 is the one at which a file is played as it is
    return (
        '<track type="0" name="t" muted="0" solo="0"><instrumenttrack vol="100"'
        ' pan="0" basenote="57" pitch="0" pitchrange="1" fxch="0"'
        ' usemasterpitch="0"><instrument name="audiofileprocessor">'
        f"<audiofileprocessor src={quoteattr(str(file))}"
        ' amp="100" sframe="0" lframe="0" eframe="1" looped="0" reversed="0"'
        ' stutter="0" interp="1"/></instrument></instrumenttrack>'
        f'<pattern pos="{tick}" len="{_TICKS}" type="1" muted="0" steps="16"'
        f' name="p"><note pos="0" len="{_TICKS - 8}" key="57" vol="100" pan="0"/>'
        "</pattern></track>"
    )
