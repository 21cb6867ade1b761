# SPDX-License-Identifier: GPL-3.0-or-later
"""Melodies sung by the voices of Asterisk's prompts, through the WORLD vocoder.

Syllables are cut from recorded speech, taken apart by WORLD (M. Morise, F. Yokomori,
K. Ozawa, IEICE Trans. Inf. Syst. E99-D(7), 2016, doi:10.1587/transinf.2015EDP7457)
and put together again at the pitch and length of a note.  The recordings are
telephone prompts in G.722: nothing sounds above 8 kHz.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import soxr

from requinto_lab.material.finishing import fit_length
from requinto_lab.material.folders import shared_folders
from requinto_lab.material.sampler import load_or_make
from requinto_lab.material.soundfonts import SAMPLE_RATE, BankError, FrameNotes
from requinto_lab.material.tables import look_up, read_table

FOLDERS = shared_folders("asterisk/sounds")


class Voice(NamedTuple):
    """A speaker, and how much longer the throat is than the one recorded."""

    folder: str
    size: float = 1.0


VOICES = {name: Voice(**row) for name, row in read_table("singers").items()}
_RATE = 16000
_STEP_S = 0.005  # from one frame of WORLD to the next
_N_BANDS = 48  # of a coded spectrum
_FFT = 1024
_N_PROMPTS = 60
_PROMPT_BYTES = (12_000, 48_000)  # 1.5 to 6 s
_SYLLABLE_S = (0.12, 0.7)
_N_SYLLABLES = 80
_SILENT = 1e-14
_VERSION = 1  # of what the cache holds


def sing(
    notes: FrameNotes, n_frames: int, voice: str, rng: np.random.Generator
) -> np.ndarray:
    """Return a melody as a voice sings it, one syllable to a note.

    Notes that overlap are sung by as many singers as that takes.

    Parameters
    ----------
    notes : list of (first frame, end frame, MIDI note, velocity 0 to 1)
        What to sing, at 44100 frames a second.
    n_frames : int
        Length of the result.
    voice : str
        A key of `VOICES`.
    rng : np.random.Generator
        Chooses syllables, vibrato and the way from note to note.

    Returns
    -------
    np.ndarray, shape=(1, n_frames)
        Nothing above 8 kHz.

    Raises
    ------
    ConfigError
        If there is no such voice.
    BankError
        If pyworld, ffmpeg or the prompts are not installed.
    """
    singer = look_up(VOICES, voice, "no voice")
    syllables = _syllables(singer.folder)
    n_steps = int(n_frames / SAMPLE_RATE / _STEP_S) + 40
    sound = np.zeros((1, n_frames), np.float32)
    for line in _lines(notes):
        score = _Score(n_steps)
        for i, note in enumerate(line):
            last = line[i - 1][2] if i else note[2]
            syllable = syllables[int(rng.integers(len(syllables)))]
            score.add(note, last, syllable, rng)
        sung = score.sound(singer.size)
        wide = soxr.resample(sung, _RATE, SAMPLE_RATE)
        sound += fit_length(wide[None].astype(np.float32), n_frames)
    return sound


class _Syllable(NamedTuple):
    """Coded spectra, coded aperiodicity and power of each frame."""

    spectra: np.ndarray  # (n_steps, _N_BANDS)
    breath: np.ndarray  # (n_steps, n_bands)
    power: np.ndarray  # (n_steps,), 1 at the loudest


class _Score:
    """What one singer sings, frame by frame of WORLD."""

    def __init__(self, n_steps: int) -> None:
        self._pitch_hz = np.zeros(n_steps)
        self._spectra = np.zeros((n_steps, _N_BANDS))
        self._breath = np.zeros((n_steps, 1))
        self._gain = np.full(n_steps, _SILENT)

    def add(
        self,
        note: tuple[int, int, int, float],
        last: int,
        syllable: _Syllable,
        rng: np.random.Generator,
    ) -> None:
        """Sing a syllable to a note, sliding from the pitch of the last one."""
        start, end, pitch, velocity = note
        first = round(start / SAMPLE_RATE / _STEP_S)
        n = max(round((end - start) / SAMPLE_RATE / _STEP_S), 12)
        first, n = max(first, 0), min(n + 8, len(self._gain) - max(first, 0))
        if n <= 2:
            return
        position = _stretch(len(syllable.power), n)
        here = slice(first, first + n)
        semitones = pitch + _bend(n, last - pitch, rng)
        self._pitch_hz[here] = 440 * 2 ** ((semitones - 69) / 12)
        self._spectra[here] = _between(syllable.spectra, position)
        if self._breath.shape[1] != syllable.breath.shape[1]:
            self._breath = np.zeros((len(self._gain), syllable.breath.shape[1]))
        self._breath[here] = _between(syllable.breath, position)
        power = np.interp(position, np.arange(len(syllable.power)), syllable.power)
        # A sung vowel holds its level where a spoken one falls
        power = np.maximum(power, 0.3) * velocity**1.5
        self._gain[here] = np.maximum(power * _swell(n), _SILENT)

    def sound(self, size: float) -> np.ndarray:
        """Return all of it, at 16 kHz; `size` is of the throat."""
        world = _world()
        spectra = world.decode_spectral_envelope(
            np.ascontiguousarray(self._spectra), _RATE, _FFT
        )
        bins = np.arange(spectra.shape[1])
        if size != 1.0:
            away = np.minimum(bins * size, bins[-1])
            spectra = np.ascontiguousarray(_between(spectra.T, away).T)
        # Coded spectra have lost their level: give every frame about the same
        spectra /= _audible(spectra, self._pitch_hz)[:, None]
        spectra = np.maximum(spectra * self._gain[:, None], 1e-16)
        breath = world.decode_aperiodicity(
            np.ascontiguousarray(self._breath), _RATE, _FFT
        )
        return np.asarray(
            world.synthesize(
                self._pitch_hz,
                np.ascontiguousarray(spectra),
                np.ascontiguousarray(np.clip(breath, 0.001, 0.999)),
                _RATE,
                1000 * _STEP_S,
            )
        )


def _audible(spectra: np.ndarray, pitch_hz: np.ndarray) -> np.ndarray:
    """Return the power of each frame where its partials are.

    A high voice has few partials, and a vowel between them would be silent: so half
    (in decibels) of what is lost there counts.
    """
    partials = np.arange(1, 41) * np.maximum(pitch_hz, 100.0)[:, None]
    bins = np.round(partials * _FFT / _RATE).astype(int)
    inside = bins < spectra.shape[1]
    bins = np.minimum(bins, spectra.shape[1] - 1)
    power = np.take_along_axis(spectra, bins, axis=1) * inside
    at_partials = power.sum(axis=1) / inside.sum(axis=1) * 20
    return np.asarray(np.sqrt(at_partials * spectra.sum(axis=1)) + 1e-20)


def _bend(n: int, leap: int, rng: np.random.Generator) -> np.ndarray:
    """Return semitones above a note: a slide into it, drift and vibrato."""
    seconds = np.arange(n) * _STEP_S
    slide = float(np.clip(leap, -5, 5)) * np.exp(-seconds / rng.uniform(0.015, 0.04))
    drift = rng.uniform(0.0, 0.06) * np.sin(
        2 * np.pi * rng.uniform(0.3, 0.9) * seconds + rng.uniform(0, 6.28)
    )
    depth = rng.uniform(0.15, 0.4) * np.clip((seconds - 0.2) / 0.3, 0, 1)
    phase = 2 * np.pi * rng.uniform(4.8, 6.2) * seconds
    return np.asarray(slide + drift + depth * np.sin(phase))


def _swell(n: int) -> np.ndarray:
    """Return power over a note: in within 25 ms, out over the last 40 ms."""
    time = np.arange(n)
    return np.asarray(np.clip((time + 1) / 5, 0, 1) * np.clip((n - time) / 8, 0, 1))


def _stretch(n: int, wanted: int) -> np.ndarray:
    """Return the frame of a syllable of `n` for each of `wanted`.

    Its beginning and end keep their speed where they can; the middle is held.
    """
    head, tail = min(n // 3, wanted // 3), min(n // 4, wanted // 4)
    knots = [0, head, wanted - 1 - tail, wanted - 1]
    return np.asarray(
        np.interp(np.arange(wanted), knots, [0, head, n - 1 - tail, n - 1])
    )


def _between(rows: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return rows at fractional positions."""
    low = position.astype(int)
    high = np.minimum(low + 1, len(rows) - 1)
    part = (position - low)[:, None]
    return np.asarray(rows[low] * (1 - part) + rows[high] * part)


def _lines(notes: FrameNotes) -> list[FrameNotes]:
    """Share notes out to singers, so that no two of one overlap."""
    lines: list[FrameNotes] = []
    for start, end, pitch, velocity in sorted(notes):
        free = [line for line in lines if line[-1][1] <= start]
        if free:
            nearest = min(free, key=lambda line: abs(line[-1][2] - pitch))
            nearest.append((start, end, pitch, velocity))
        else:
            lines.append([(start, end, pitch, velocity)])
    return lines


@functools.cache
def _syllables(folder: str) -> tuple[_Syllable, ...]:
    """Return the syllables of a speaker, analysed once and then cached."""
    files = _prompts(folder)
    digest = hashlib.sha256("\n".join(f.name for f in files).encode()).hexdigest()[:8]
    rows = load_or_make(f"singer-{folder}-{_VERSION}-{digest}", lambda: _analyse(files))
    ends = np.cumsum(rows["lengths"])[:-1]
    parts = (np.split(rows[key], ends) for key in ("spectra", "breath", "power"))
    return tuple(_Syllable(*row) for row in zip(*parts, strict=True))


def _prompts(folder: str) -> list[Path]:
    path = next((f / folder for f in FOLDERS if (f / folder).is_dir()), None)
    files = sorted(path.glob("*.g722")) if path else []
    low, high = _PROMPT_BYTES
    files = [f for f in files if low < f.stat().st_size < high]
    # From the whole alphabet, or most would begin with the same words
    files = files[:: max(len(files) // _N_PROMPTS, 1)][:_N_PROMPTS]
    if not files:
        language = folder[:2]
        raise BankError(
            f"the prompts of {folder} are not installed: "
            f"Debian has them in asterisk-core-sounds-{language}-g722"
        )
    return files


def _analyse(files: list[Path]) -> dict[str, np.ndarray]:
    """Return the syllables of prompts as rows, and the length of each."""
    world = _world()
    spectra, breath, power = [], [], []
    lengths: list[int] = []
    for file in files:
        if len(lengths) == _N_SYLLABLES:
            break
        sound = _read(file)
        pitch_hz, seconds = world.dio(
            sound, _RATE, f0_floor=70, f0_ceil=400, frame_period=1000 * _STEP_S
        )
        pitch_hz = world.stonemask(sound, pitch_hz, seconds, _RATE)
        envelope = world.cheaptrick(sound, pitch_hz, seconds, _RATE, fft_size=_FFT)
        noise = world.d4c(sound, pitch_hz, seconds, _RATE, fft_size=_FFT)
        loudness = envelope.sum(axis=1)
        for first, end in _voiced_spans(pitch_hz, loudness):
            if len(lengths) == _N_SYLLABLES:
                break
            part = np.ascontiguousarray(envelope[first:end])
            part /= part.sum(axis=1, keepdims=True)
            spectra.append(world.code_spectral_envelope(part, _RATE, _N_BANDS))
            noise_part = np.ascontiguousarray(noise[first:end])
            breath.append(world.code_aperiodicity(noise_part, _RATE))
            power.append(loudness[first:end] / loudness[first:end].max())
            lengths.append(end - first)
    if not lengths:
        raise BankError(f"no syllables in {files[0].parent.name}")
    return {
        "spectra": np.concatenate(spectra).astype(np.float32),
        "breath": np.concatenate(breath).astype(np.float32),
        "power": np.concatenate(power).astype(np.float32),
        "lengths": np.array(lengths),
    }


def _voiced_spans(pitch_hz: np.ndarray, loudness: np.ndarray) -> list[tuple[int, int]]:
    """Return the voiced stretches that are loud and as long as a syllable."""
    clear = (pitch_hz > 0) & (loudness > 0.01 * loudness.max())
    edges = np.flatnonzero(np.diff(np.concatenate([[0], clear.astype(int), [0]])))
    low, high = (round(s / _STEP_S) for s in _SYLLABLE_S)
    spans = []
    for first, end in edges.reshape(-1, 2):
        if end - first >= low + 4:
            # The outermost frames are half voiced
            spans.append((int(first) + 2, int(min(end - 2, first + 2 + high))))
    return spans


def _read(file: Path) -> np.ndarray:
    """Return a prompt at 16 kHz; libsndfile does not know G.722."""
    if shutil.which("ffmpeg") is None:
        raise BankError("ffmpeg is not installed: Debian has it in ffmpeg")
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(file)]
    command += ["-f", "f32le", "-ar", str(_RATE), "-ac", "1", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise BankError(f"ffmpeg cannot read {file}: {done.stderr[-200:]!r}")
    return np.frombuffer(done.stdout, np.float32).astype(np.float64)


def _world() -> ModuleType:
    try:
        import pyworld
    except ImportError:
        raise BankError(
            "pyworld is not installed: pip install 'requinto[train]' brings it"
        ) from None
    return pyworld
