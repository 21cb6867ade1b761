# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes to sound through FluidSynth and a General MIDI bank, dry.

The library is called directly: a song is rendered in one pass, in memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import functools
from pathlib import Path
from typing import Any

import numpy as np

from requinto.errors import RequintoError
from requinto_lab.material.folders import first_existing

SAMPLE_RATE = 44100
# First frame, end frame, MIDI note and velocity of each
FrameNotes = list[tuple[int, int, int, float]]
BANK_FOLDERS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path.home() / ".local/share/sounds/sf2",
)
BANKS = {
    "fluid": "FluidR3_GM.sf2",
    "tim": "TimGM6mb.sf2",
    "opl3": "OPL-3_FM_128M.sf2",
}
_DRUM_BANK = 128
_WARNING = 2  # level of a message, as FluidSynth numbers them


class BankError(RequintoError):
    """A sound bank, or the library that plays it, is not installed."""


def find_bank(name: str) -> Path:
    """Return the path of a bank.

    Raises
    ------
    BankError
        If it is not in any of `BANK_FOLDERS`.
    """
    file = BANKS.get(name, name)
    folders = ", ".join(str(f) for f in BANK_FOLDERS)
    error = BankError(f"sound bank {file} is not installed (looked in {folders})")
    return first_existing((folder / file for folder in BANK_FOLDERS), error)


@functools.cache
def _library() -> Any:
    path = ctypes.util.find_library("fluidsynth")
    if path is None:
        raise BankError("the FluidSynth library (libfluidsynth) is not installed")
    library = ctypes.CDLL(path)
    # It warns of drum channels that a bank without kits leaves empty
    library.fluid_set_log_function(_WARNING, None, None)
    for name in ("new_fluid_settings", "new_fluid_synth"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


class Synth:
    """A bank in a synthesiser of its own, dry; close it after one song.

    One that is reset keeps traces of what it played before.
    """

    def __init__(self, path: Path) -> None:
        self._lib = lib = _library()
        self._settings = settings = ctypes.c_void_p(lib.new_fluid_settings())
        for name, number in (
            (b"synth.reverb.active", 0),
            (b"synth.chorus.active", 0),
            (b"synth.polyphony", 256),
            (b"synth.dynamic-sample-loading", 1),
        ):
            lib.fluid_settings_setint(settings, name, ctypes.c_int(number))
        for name, value in (
            (b"synth.sample-rate", SAMPLE_RATE),
            (b"synth.gain", 0.4),
        ):
            lib.fluid_settings_setnum(settings, name, ctypes.c_double(value))
        self._handle = ctypes.c_void_p(lib.new_fluid_synth(settings))
        self._font = lib.fluid_synth_sfload(self._handle, str(path).encode(), 1)
        if self._font < 0:
            self.close()
            raise BankError(f"cannot load the sound bank {path}")

    def close(self) -> None:
        """Free the synthesiser; nothing can be played afterwards."""
        self._lib.delete_fluid_synth(self._handle)
        self._lib.delete_fluid_settings(self._settings)

    def select(self, channel: int, program: int, *, drums: bool) -> None:
        """Put a preset, or a kit, on a channel."""
        bank_number = _DRUM_BANK if drums else 0
        if self.send("program_select", channel, self._font, bank_number, program) != 0:
            kind = "kit" if drums else "preset"
            raise BankError(f"the bank has no {kind} {program}")

    def send(self, what: str, *numbers: int) -> int:
        """Call `fluid_synth_WHAT` with whole numbers; return its status."""
        return int(getattr(self._lib, f"fluid_synth_{what}")(self._handle, *numbers))

    def write(self, sound: np.ndarray, start: int, stop: int) -> None:
        """Play on, into the frames from `start` to `stop` of `(2, n_frames)`."""
        if stop <= start:
            return
        left, right = (row.ctypes.data_as(ctypes.c_void_p) for row in sound)
        zero, one = ctypes.c_int(start), ctypes.c_int(1)
        n_frames = ctypes.c_int(stop - start)
        self._lib.fluid_synth_write_float(
            self._handle, n_frames, left, zero, one, right, zero, one
        )


def events_of(notes: FrameNotes) -> list[tuple[int, bool, int, int]]:
    """Return what MIDI would say of notes, in the order of time.

    Returns
    -------
    list of (frame, whether it starts, MIDI note, MIDI velocity)
        Frames from 0, velocities 1 to 127, or 0 where a note ends.
    """
    # Ends come before starts at the same instant, or a repeated note dies
    events = [(max(end, 0), False, pitch, 0.0) for _, end, pitch, _ in notes]
    events += [(max(start, 0), True, pitch, force) for start, _, pitch, force in notes]
    return [
        (frame, starts, pitch, int(np.clip(round(force * 127), starts, 127)))
        for frame, starts, pitch, force in sorted(events)
    ]


class Bank:
    """One bank; use `bank` to get it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def render(
        self,
        notes: FrameNotes,
        n_frames: int,
        program: int,
        *,
        drums: bool = False,
    ) -> np.ndarray:
        """Return notes as sound.

        Parameters
        ----------
        notes : list of (first frame, end frame, MIDI note, velocity 0 to 1)
            What to play.
        n_frames : int
            Length of the result.
        program : int
            Preset, from 0; that of a kit when `drums`.
        drums : bool
            Whether notes choose the sounds of a drum kit.

        Returns
        -------
        np.ndarray, shape=(2, n_frames)
            Without reverb or chorus.
        """
        channel = 9 if drums else 0
        sound = np.zeros((2, n_frames), np.float32)
        here = 0
        with contextlib.closing(Synth(self._path)) as synth:
            synth.select(channel, program, drums=drums)
            for frame, starts, pitch, velocity in events_of(notes):
                frame = min(frame, n_frames)
                synth.write(sound, here, frame)
                here = max(here, frame)
                if starts:
                    synth.send("noteon", channel, pitch, velocity)
                elif not drums:
                    synth.send("noteoff", channel, pitch)
            synth.write(sound, here, n_frames)
        return sound


@functools.cache
def bank(name: str) -> Bank:
    """Return a bank, set up once in each process."""
    return Bank(find_bank(name))
