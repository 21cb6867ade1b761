# SPDX-License-Identifier: GPL-3.0-or-later
"""Stems of Freedoom's music: MIDI from its game files, through a bank of our choice.

Package `freedoom` holds freedoom2.wad and `freedm` freedm.wad; freedoom1.wad is left
alone.  The bank, `opl3-soundfont`, is never trained on.  A WAD file is a header,
lumps, and a directory of 16-byte rows (The Unofficial Doom Specs, M. Fell, 1994).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np

from requinto_lab.evaluation.others import (
    LONGEST_S,
    SAMPLE_RATE,
    OthersError,
    StemSong,
    audible_stems,
)
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.modules import mix_error_db
from requinto_lab.material.soundfonts import Synth, find_bank
from requinto_lab.material.tables import read_table

BANK = "OPL-3_FM_128M.sf2"
WADS = ("freedoom2.wad", "freedm.wad")
WAD_FOLDERS = shared_folders("games/doom")
LICENCE = "BSD-3-Clause (Freedoom); bank CC-BY-SA-4.0 (OPL-3_FM_128M)"

_DRUM_CHANNEL = 9
_TAIL_S = 2.0  # after the last event, for notes to die away
# Ticks a beat in files converted from Doom's own format, where beats are unknown
_MUS_TICKS = 89
# First General MIDI program, from 0, of each run of one instrument
_PROGRAMS: tuple[tuple[int, str], ...] = read_table("others_midi", __file__)["programs"]
_BEND_CENTRE = 8192

Events = list[tuple[float, mido.Message]]  # seconds, ascending


def instrument_of(program: int) -> str:
    """Return our name for a General MIDI program, 0 to 127, or "other"."""
    return [name for first, name in _PROGRAMS if first <= program][-1]


def songs() -> Iterator[StemSong]:
    """Yield every different song of the game files.

    Raises
    ------
    OthersError
        If a game file is not installed.
    BankError
        If the bank or FluidSynth is not.
    """
    seen: set[str] = set()
    folders = ", ".join(map(str, WAD_FOLDERS))
    for wad in WADS:
        missing = OthersError(f"{wad} is not installed (looked in {folders})")
        path = first_existing((folder / wad for folder in WAD_FOLDERS), missing)
        for name, data in lumps(path):
            digest = hashlib.sha256(data).hexdigest()
            if digest not in seen:
                seen.add(digest)
                title = f"{Path(wad).stem}-{name[2:].lower().replace('_', '')}"
                yield song(f"midi-{title}", data, f"{wad}, {name}")


def lumps(wad: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each MIDI lump of a WAD file."""
    data = wad.read_bytes()
    if data[:4] not in (b"IWAD", b"PWAD"):
        raise OthersError(f"{wad} is not a WAD file: it begins with {data[:4]!r}")
    n_lumps, directory = struct.unpack_from("<ii", data, 4)
    for row in range(n_lumps):
        offset, size, raw = struct.unpack_from("<ii8s", data, directory + 16 * row)
        lump = data[offset : offset + size]
        if raw.startswith(b"D_") and lump.startswith(b"MThd"):
            yield raw.rstrip(b"\0").decode("ascii"), lump


def song(name: str, data: bytes, source: str, bank: str = BANK) -> StemSong:
    """Return the stems of a MIDI file.

    Parameters
    ----------
    name, source : str
        What to call it, and where it comes from.
    data : bytes
        The file; format 0 or 1.
    bank : str
        Sound bank, as `requinto_lab.material.soundfonts.find_bank` takes it.
    """
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    events, ticks_s, bars = _read_events(file)
    end_s = min(LONGEST_S, events[-1][0] + _TAIL_S) if events else 1.0
    n_frames = int(end_s * SAMPLE_RATE)
    parts = _parts(events)
    stems = {
        part: _render(bank, events, parts, n_frames, part)
        for part in sorted(set(parts.values()))
    }
    error_db = mix_error_db(stems, _render(bank, events, parts, n_frames, None))
    beats_s, downbeats_s = _beats(file.ticks_per_beat, ticks_s, bars, end_s)
    return StemSong(
        name,
        audible_stems(stems),
        beats_s,
        downbeats_s,
        f"Freedoom, {source}, through opl3-soundfont",
        LICENCE,
        error_db,
    )


def _render(
    bank: str, events: Events, parts: dict[int, str], n_frames: int, part: str | None
) -> np.ndarray:
    """Return one part, or all if None, shape `(2, n_frames)`.

    Controllers reach every channel whatever the part, so that parts add up.
    """
    sound = np.zeros((2, n_frames), np.float32)
    here = 0
    with contextlib.closing(Synth(find_bank(bank))) as synth:
        for number, (time_s, message) in enumerate(events):
            frame = min(round(time_s * SAMPLE_RATE), n_frames)
            synth.write(sound, here, frame)
            here = max(here, frame)
            if number not in parts or part in (None, parts[number]):
                _send(synth, message)
        synth.write(sound, here, n_frames)
    return sound


def _send(synth: Synth, message: mido.Message) -> None:
    channel = getattr(message, "channel", 0)
    if message.type == "note_on" and message.velocity > 0:
        synth.send("noteon", channel, message.note, message.velocity)
    elif message.type in ("note_on", "note_off"):
        synth.send("noteoff", channel, message.note)
    elif message.type == "program_change" and channel != _DRUM_CHANNEL:
        # The bank has one drum kit only
        synth.send("program_change", channel, message.program)
    elif message.type == "pitchwheel":
        synth.send("pitch_bend", channel, message.pitch + _BEND_CENTRE)
    # Bank selects would leave General MIDI
    elif message.type == "control_change" and message.control not in (0, 32):
        synth.send("cc", channel, message.control, message.value)


def _read_events(
    file: mido.MidiFile,
) -> tuple[Events, list[tuple[int, float, int]], list[tuple[int, int, int]]]:
    """Return events, tempo changes (tick, second, µs a beat), bars (tick, n, unit)."""
    events: Events = []
    tempi = [(0, 0.0, 500_000)]
    bars: list[tuple[int, int, int]] = []
    tick = 0
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        time_s = _seconds(tick, tempi, file.ticks_per_beat)
        if message.type == "set_tempo":
            tempi.append((tick, time_s, message.tempo))
        elif message.type == "time_signature":
            bars.append((tick, message.numerator, message.denominator))
        elif not message.is_meta and time_s < LONGEST_S:
            events.append((time_s, message))
    return events, tempi, bars


def _seconds(
    tick: float, tempi: list[tuple[int, float, int]], ticks_per_beat: int
) -> float:
    first, start_s, tempo = [row for row in tempi if row[0] <= tick][-1]
    return start_s + (tick - first) * tempo / ticks_per_beat / 1e6


def _parts(events: Events) -> dict[int, str]:
    """Return the instrument of each event that starts a note, by its number."""
    programs: dict[int, int] = {}
    parts = {}
    for number, (_, message) in enumerate(events):
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type == "note_on" and message.velocity > 0:
            melodic = instrument_of(programs.get(message.channel, 0))
            parts[number] = "drums" if message.channel == _DRUM_CHANNEL else melodic
    return parts


def _beats(
    ticks_per_beat: int,
    tempi: list[tuple[int, float, int]],
    bars: list[tuple[int, int, int]],
    end_s: float,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return beats and downbeats; no downbeats where no time signature is given."""
    if ticks_per_beat == _MUS_TICKS:
        return (), ()
    beats_s: list[float] = []
    downbeats_s: list[float] = []
    tick, in_bar, signatures = 0.0, 0, {first: (n, unit) for first, n, unit in bars}
    per_bar, step = 0, float(ticks_per_beat)
    ahead = sorted(signatures)
    while (time_s := _seconds(tick, tempi, ticks_per_beat)) < end_s:
        while ahead and ahead[0] <= tick:
            per_bar, unit = signatures[ahead.pop(0)]
            step, in_bar = ticks_per_beat * 4 / unit, 0
            if unit == 8 and per_bar % 3 == 0:
                # Compound time is counted in dotted quarters
                step, per_bar = step * 3, per_bar // 3
        beats_s.append(round(time_s, 6))
        if per_bar and in_bar % per_bar == 0:
            downbeats_s.append(round(time_s, 6))
        tick, in_bar = tick + step, in_bar + 1
    return tuple(beats_s), tuple(downbeats_s)
