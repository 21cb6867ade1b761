# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes to sound through the freepats patches and TiMidity++, dry.

For testing only: nothing is ever trained on these patches.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from requinto_lab.material.finishing import fit_length
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.soundfonts import (
    SAMPLE_RATE,
    BankError,
    FrameNotes,
    events_of,
)

FOLDERS = shared_folders("midi/freepats")
_PATIENCE_S = 300
_QUARTER = 22050  # ticks, of one frame each, in a quarter note of 0.5 s
_DRUM_CHANNEL = 9
_SILENT_KEY = 71  # a whistle whose recording is empty


def _folder() -> Path:
    missing = "the patches are not installed: Debian has them in freepats"
    return first_existing(FOLDERS, BankError(missing))


@functools.cache
def programs() -> dict[int, str]:
    """Return the presets there are, by their number in General MIDI, from 0."""
    return _by_number("Tone_000")


@functools.cache
def drum_keys() -> dict[int, str]:
    """Return the percussion there is, by its key in General MIDI."""
    return {key: n for key, n in _by_number("Drum_000").items() if key != _SILENT_KEY}


def _by_number(part: str) -> dict[int, str]:
    paths = sorted((_folder() / part).glob("[0-9][0-9][0-9]_*.pat"))
    return {int(path.stem[:3]): path.stem[4:] for path in paths}


def render(
    notes: FrameNotes, n_frames: int, program: int, *, drums: bool = False
) -> np.ndarray:
    """Return notes as sound, with the arguments of `soundfonts.Bank.render`.

    Raises
    ------
    BankError
        If patches, TiMidity++, the preset or a percussion key are not there.
    """
    folder = _folder()
    if shutil.which("timidity") is None:
        raise BankError("TiMidity++ is not installed: Debian has it in timidity")
    wanted = {pitch for _, _, pitch, _ in notes} if drums else {program}
    missing = wanted - set(drum_keys() if drums else programs())
    if missing:
        kind = "percussion key" if drums else "preset"
        raise BankError(f"freepats has no {kind} {min(missing)}")
    if not notes:
        return np.zeros((2, n_frames), np.float32)
    # TiMidity++ leaves out whatever is before the first note
    silence = max(min(start for start, *_ in notes), 0)
    with tempfile.TemporaryDirectory() as work:
        song, target = Path(work) / "song.mid", Path(work) / "song.wav"
        _write_midi(song, notes, silence, n_frames, program, drums=drums)
        config = Path(work) / "freepats.cfg"
        config.write_text(_config(folder))
        command = ["timidity", str(song), "-c", str(config), "-Ow", "-o", str(target)]
        command += ["--output-24bit", "-s", str(SAMPLE_RATE), "-p", "256", "-A", "30"]
        command += ["-EFreverb=d", "-EFchorus=d", "-EFdelay=d", "--quiet=2"]
        command += ["--no-polyphony-reduction"]
        done = subprocess.run(
            command, capture_output=True, timeout=_PATIENCE_S, check=False
        )
        if not target.exists():
            raise BankError(f"TiMidity++ renders nothing: {done.stderr[-300:]!r}")
        sound, _ = soundfile.read(target, dtype="float32", always_2d=True)
    if not sound.any():
        raise BankError("TiMidity++ renders silence")
    return fit_length(np.pad(sound.T, ((0, 0), (silence, 0))), n_frames)


def _config(folder: Path) -> str:
    """Return a configuration with these patches and no others."""
    lines = [f"dir {folder}", "bank 0"]
    lines += [f"{n} Tone_000/{n:03d}_{name}.pat" for n, name in programs().items()]
    lines += ["drumset 0"]
    lines += [f"{n} Drum_000/{n:03d}_{name}.pat" for n, name in drum_keys().items()]
    return "\n".join(lines) + "\n"


def _write_midi(
    path: Path,
    notes: FrameNotes,
    begin: int,
    n_frames: int,
    program: int,
    *,
    drums: bool,
) -> None:
    """Write notes to a MIDI file in which a tick is a frame from `begin` on."""
    try:
        import mido
    except ImportError:
        raise BankError(
            "mido is not installed: pip install 'requinto[train]' brings it"
        ) from None
    channel = _DRUM_CHANNEL if drums else 0
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    if not drums:
        track.append(mido.Message("program_change", channel=channel, program=program))
    now = begin
    for frame, starts, pitch, velocity in events_of(notes):
        frame = min(max(frame, begin), n_frames)
        kind = "note_on" if starts else "note_off"
        fields = {"channel": channel, "note": pitch, "velocity": velocity}
        track.append(mido.Message(kind, **fields, time=frame - now))
        now = frame
    track.append(mido.MetaMessage("end_of_track", time=max(n_frames - now, 0)))
    mido.MidiFile(type=0, ticks_per_beat=_QUARTER, tracks=[track]).save(path)
