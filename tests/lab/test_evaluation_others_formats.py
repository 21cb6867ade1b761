# SPDX-License-Identifier: GPL-3.0-or-later
"""MIDI, modules, Hydrogen's and LMMS' songs become stems in time and in tune."""

from __future__ import annotations

import io
import struct

import mido
import numpy as np
import pytest
import soundfile

from requinto.errors import RequintoError
from requinto_lab.evaluation import (
    others_hydrogen,
    others_lmms,
    others_midi,
    others_modules,
)
from requinto_lab.evaluation.others import SAMPLE_RATE
from requinto_lab.material import samples

SMALL_BANK = "tim"  # any General MIDI bank will do here


def _onset_s(stem: np.ndarray) -> float:
    loud = np.abs(stem).max(axis=0)
    return float(np.argmax(loud > 0.05 * loud.max())) / SAMPLE_RATE


def _pitch_hz(stem: np.ndarray, start_s: float, stop_s: float) -> float:
    part = stem[0, int(start_s * SAMPLE_RATE) : int(stop_s * SAMPLE_RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(part)


def _midi(n: int = 4, unit: int = 4) -> bytes:
    """Return 8 beats at 100 bpm: bass at 0, drum at 1, piano at 2, flute at 4."""
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    file.tracks.append(track)
    sign = mido.MetaMessage("time_signature", numerator=n, denominator=unit)
    track.append(sign)
    track.append(mido.MetaMessage("set_tempo", tempo=600_000))
    last = 0
    for beat, kind, channel, values in (
        (0, "program_change", 0, {"program": 33}),
        (0, "note_on", 0, {"note": 33}),
        (1, "note_off", 0, {"note": 33}),
        (1, "note_on", 9, {"note": 36}),
        (2, "note_on", 1, {"note": 69}),  # no program given: piano
        (3, "note_on", 1, {"note": 69, "velocity": 0}),
        (4, "program_change", 1, {"program": 73}),
        (4, "note_on", 1, {"note": 81}),
        (8, "note_off", 1, {"note": 81}),
    ):
        time = (beat - last) * 96
        track.append(mido.Message(kind, channel=channel, time=time, **values))
        last = beat
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def test_midi_becomes_stems_at_their_times_and_pitches():
    song = others_midi.song("x", _midi(), "this test", SMALL_BANK)
    assert set(song.stems) == {"bass", "drums", "piano", "flute"}
    for part, beat in (("bass", 0), ("drums", 1), ("piano", 2), ("flute", 4)):
        assert _onset_s(song.stems[part]) == pytest.approx(beat * 0.6, abs=0.04)
    assert _pitch_hz(song.stems["piano"], 1.25, 1.75) == pytest.approx(440, rel=0.01)
    assert _pitch_hz(song.stems["flute"], 2.6, 4.0) == pytest.approx(880, rel=0.01)
    assert song.mix_error_db < -90
    np.testing.assert_allclose(song.mix(), sum(song.stems.values()), atol=1e-6)


@pytest.mark.parametrize(
    ("bar", "beat_s", "beats_per_bar"),
    [((4, 4), 0.6, 4), ((3, 4), 0.6, 3), ((6, 8), 0.9, 2), ((7, 8), 0.3, 7)],
)
def test_beats_follow_tempo_and_time_signature(bar, beat_s, beats_per_bar):
    song = others_midi.song("x", _midi(*bar), "this test", SMALL_BANK)
    np.testing.assert_allclose(np.diff(song.beats_s), beat_s, atol=1e-5)
    np.testing.assert_allclose(song.beats_s[::beats_per_bar], song.downbeats_s)
    assert song.tempo_bpm == pytest.approx(60 / beat_s, rel=1e-4)


def test_general_midi_programs_have_our_names():
    known = {
        **{0: "piano", 12: "mallets", 18: "organ", 21: "accordion", 30: "guitar"},
        **{32: "bass", 39: "bass", 40: "strings", 48: "strings", 54: "voice"},
        **{61: "brass", 66: "reed", 73: "flute", 81: "lead", 95: "pad"},
        **dict.fromkeys((7, 22, 47, 96, 105, 127), "other"),
    }
    assert {number: others_midi.instrument_of(number) for number in known} == known


def test_midi_lumps_of_a_game_file_are_read(tmp_path):
    music = _midi()
    rows = [(b"MAP01", b"no music"), (b"D_SONG_A", music), (b"D_OLD", b"MUS\x1a")]
    body, table = b"", b""
    for name, lump in rows:
        table += struct.pack("<ii8s", 12 + len(body), len(lump), name)
        body += lump
    header = struct.pack("<4sii", b"PWAD", len(rows), 12 + len(body))
    (tmp_path / "x.wad").write_bytes(header + body + table)
    assert list(others_midi.lumps(tmp_path / "x.wad")) == [("D_SONG_A", music)]
    (tmp_path / "y.wad").write_bytes(b"RIFF" + bytes(40))
    with pytest.raises(RequintoError, match="not a WAD"):
        list(others_midi.lumps(tmp_path / "y.wad"))


def _module() -> bytes:
    """Return a ProTracker module: bass at row 0, guitar at 8, a greeting at 16."""
    wave = bytes([100] * 32 + [156] * 32)  # one period of a square, signed
    samples_ = b"".join(
        struct.pack(">22sHBBHH", name, len(wave) // 2, 0, 64, 0, len(wave) // 2)
        for name in (b"slap bass", b"guitar", b"greetings")
    ) + 28 * struct.pack(">22sHBBHH", b"", 0, 0, 0, 0, 1)
    rows = bytearray(64 * 16)
    for sample, row, period in ((1, 0, 428), (2, 8, 214), (3, 16, 428)):
        offset = row * 16 + sample * 4
        rows[offset : offset + 4] = bytes([period >> 8, period & 255, sample << 4, 0])
        # Volume 0 (effect C) ends the note four rows on
        rows[offset + 64 : offset + 68] = bytes([0, 0, 12, 0])
    orders = bytes([1, 127]) + bytes(128) + b"M.K."
    return b"a song".ljust(20, b"\0") + samples_ + orders + bytes(rows) + 3 * wave


def test_module_becomes_stems_and_beats_at_their_rows():
    song = others_modules.song("x", _module(), "this test", "none")
    assert set(song.stems) == {"bass", "guitar", "other"}
    row_s = 6 * 2.5 / 125  # ProTracker begins with 6 ticks a row at tempo 125
    for part, row in (("bass", 0), ("guitar", 8), ("other", 16)):
        stem = song.stems[part]
        assert _onset_s(stem) == pytest.approx(row * row_s, abs=0.002)
        after = stem[:, int((row + 4.5) * row_s * SAMPLE_RATE) :]
        assert np.abs(after).max() < 1e-3
    # Middle C of a 64-frame period: 7093789.2 Hz (PAL) / (2 * 428) / 64
    assert _pitch_hz(song.stems["bass"], 0.05, 0.4) == pytest.approx(129.5, rel=0.03)
    assert _pitch_hz(song.stems["guitar"], 1.0, 1.4) == pytest.approx(259, rel=0.03)
    assert song.mix_error_db < -90
    np.testing.assert_allclose(song.beats_s, np.arange(16) * 0.48, atol=0.002)
    np.testing.assert_allclose(song.downbeats_s, np.arange(4) * 1.92, atol=0.002)
    assert song.tempo_bpm == pytest.approx(125, rel=0.001)


def test_nothing_left_for_the_outside_check_is_listed():
    listed = (*others_lmms.PROJECTS, *others_midi.WADS)
    listed += tuple(module.path for module in others_modules.MODULES)
    left = "ReggaeTry ReggaetonTry DearJonDoe AxeFromThe80s InnerRecreation freedoom1"
    left += " monsterz pingus gltron criticalmass heroes penguin-command"
    assert not [name for name in left.split() if name in " ".join(listed)]


def test_what_is_no_module_is_refused():
    with pytest.raises(RequintoError, match="no module"):
        others_modules.song("x", b"not a module at all", "this test", "none")


KIT = "Made-up kit"


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """Return a folder with a kit of one sound, half a second of a decaying tone."""
    folder = tmp_path / KIT
    folder.mkdir()
    time_s = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    tone = 0.5 * np.cos(2 * np.pi * 1000 * time_s) * np.exp(-4 * time_s)
    soundfile.write(folder / "tone.wav", tone, SAMPLE_RATE, "FLOAT")
    monkeypatch.setattr(samples, "KIT_FOLDERS", (tmp_path,))
    return tmp_path


def _hydrogen(folder, notes: str, swing: float = 0.0, group: int = -1):
    rows = "".join(
        f"<instrument><id>{number}</id><name>{name}</name><drumkit>{KIT}</drumkit>"
        f"<volume>1</volume><isMuted>{muted}</isMuted><pan>0</pan><gain>1</gain>"
        f"<muteGroup>{group}</muteGroup><instrumentComponent><layer>"
        "<filename>tone.wav</filename><min>0</min><max>1</max><gain>1</gain>"
        "<pitch>0</pitch></layer></instrumentComponent></instrument>"
        for number, (name, muted) in enumerate(
            [
                ("Kick", "false"),
                ("Conga", "false"),
                ("Cowbell", "false"),
                ("Tom", "true"),
            ]
        )
    )
    path = folder / "A_song.h2song"
    path.write_text(
        f"<song><bpm>120</bpm><swing_factor>{swing}</swing_factor>"
        f"<instrumentList>{rows}</instrumentList><patternList><pattern><name>P</name>"
        f"<size>192</size><noteList>{notes}</noteList></pattern></patternList>"
        "<patternSequence><group><patternID>P</patternID></group>"
        "<group><patternID>P</patternID></group></patternSequence></song>"
    )
    return path


def _note(position, instrument, velocity=0.8, key="C0", length=-1):
    return (
        f"<note><position>{position}</position><velocity>{velocity}</velocity><pan>0"
        f"</pan><key>{key}</key><length>{length}</length>"
        f"<instrument>{instrument}</instrument></note>"
    )


def test_hydrogen_patterns_become_stems(kit):
    notes = _note(0, 0) + _note(48, 1, 0.4) + _note(96, 2) + _note(0, 3)
    song = others_hydrogen.song(_hydrogen(kit, notes))
    assert set(song.stems) == {"drums", "conga", "other"}
    assert song.mix().shape == (2, 4 * SAMPLE_RATE)  # two bars at 120 bpm
    for part, beat in (("drums", 0), ("conga", 1), ("other", 2)):
        assert _onset_s(song.stems[part]) == pytest.approx(beat * 0.5, abs=0.001)
    peaks = {part: np.abs(stem).max() for part, stem in song.stems.items()}
    assert peaks["conga"] == pytest.approx(peaks["drums"] / 2, rel=1e-4)
    for stem in song.stems.values():
        np.testing.assert_allclose(stem[:, 88200:], stem[:, :88200], atol=1e-6)
    assert song.downbeats_s == (0.0, 2.0)


@pytest.mark.parametrize("swing", [0.0, 0.5, 1.0])
def test_swing_delays_every_other_sixteenth(kit, swing):
    song = others_hydrogen.song(_hydrogen(kit, _note(12, 0) + _note(24, 1), swing))
    late_s = (12 + 6 * swing) / 48 * 0.5
    assert _onset_s(song.stems["drums"]) == pytest.approx(late_s, abs=0.001)
    assert _onset_s(song.stems["conga"]) == pytest.approx(0.25, abs=0.001)


def test_keys_transpose_and_lengths_and_groups_cut(kit):
    notes = _note(0, 0, key="C1") + _note(0, 2, length=12) + _note(24, 1)
    free = others_hydrogen.song(_hydrogen(kit, notes))
    assert _pitch_hz(free.stems["drums"], 0.01, 0.2) == pytest.approx(2000, rel=0.02)
    assert np.abs(free.stems["other"][:, int(0.14 * 44100) : 80000]).max() == 0
    kick = _note(0, 0) + _note(24, 1)
    for group, silent in ((-1, False), (1, True)):
        song = others_hydrogen.song(_hydrogen(kit, kick, group=group))
        rest = song.stems["drums"][:, int(0.27 * SAMPLE_RATE) : 20000]
        assert (np.abs(rest).max() < 1e-6) == silent


def _lmms(path, names=("Bass", "Lead", "Default preset")):
    """Write two bars at 120 bpm; track n sounds a beat, from beat n on."""
    tracks = "".join(
        f'<track type="0" name="{name}" muted="0" solo="0"><instrumenttrack vol="80" '
        'pan="0" pitch="0" basenote="57" fxch="0" usemasterpitch="1" pitchrange="1">'
        '<instrument name="tripleoscillator"><tripleoscillator vol0="33" vol1="0" '
        'vol2="0" wavetype0="0"/></instrument></instrumenttrack><pattern type="1" '
        f'pos="0" len="384" steps="16" muted="0" name=""><note pos="{48 * number}" '
        f'len="48" key="{45 + 12 * number}" vol="100" pan="0"/></pattern></track>'
        for number, name in enumerate(names)
    )
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE lmms-project><lmms-project version="1.0" '
        'creator="LMMS" creatorversion="1.2.2" type="song"><head bpm="120" '
        'timesig_numerator="4" timesig_denominator="4" mastervol="100" '
        f'masterpitch="0"/><song><trackcontainer type="song">{tracks}'
        "</trackcontainer></song></lmms-project>"
    )
    return path


def test_lmms_renders_stems_that_add_up(tmp_path):
    song = others_lmms.song("x", _lmms(tmp_path / "x.mmp"), "none")
    assert set(song.stems) == {"bass", "lead", "other"}
    for beat, part in enumerate(("bass", "lead", "other")):
        stem = song.stems[part]
        assert _onset_s(stem) == pytest.approx(beat * 0.5, abs=0.01)
        # Key 57 is A, 440 Hz in LMMS
        measured_hz = _pitch_hz(stem, beat * 0.5 + 0.1, beat * 0.5 + 0.4)
        assert measured_hz == pytest.approx(220 * 2**beat, rel=0.02)
    assert song.mix_error_db < -60
    assert song.downbeats_s[:2] == (0.0, 2.0)


def test_a_damaged_lmms_project_is_refused(tmp_path):
    (tmp_path / "x.mmpz").write_bytes(b"\0\0\0\1 not zlib")
    with pytest.raises(RequintoError, match=r"x\.mmpz is no LMMS project"):
        others_lmms.read_project(tmp_path / "x.mmpz")
