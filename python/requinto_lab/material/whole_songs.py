# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole songs for beat tracking: any tempo, moving, with parts that rest.

The separator is trained on loops at a steady tempo; a beat tracker needs songs as
people play them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy.ndimage

from requinto_lab.material import tempo
from requinto_lab.material.augmentation import AugmentationConfig, augment
from requinto_lab.material.finishing import active_power
from requinto_lab.material.instruments import PERCUSSION
from requinto_lab.material.loops import choose
from requinto_lab.material.mastering import master
from requinto_lab.material.patterns import play
from requinto_lab.material.rendering import frame_of
from requinto_lab.material.songs import Song, generator, plan_song
from requinto_lab.material.soundfonts import SAMPLE_RATE
from requinto_lab.material.style import STYLES, Part, Style, parse_form
from requinto_lab.material.timbres import Timbre

_FASTER = 1.2  # than a style's own tempi, or slower, at most
_RARE_METRES = 2.0  # times as likely as each style in four
_DESK = AugmentationConfig(mix_equaliser=0.6, mix_room=0.25, mix_coded=0.15)
_FADE = SAMPLE_RATE // 50  # frames over which a part falls silent
_LOUDEST_PEAK = 0.9


@dataclass(frozen=True)
class WholeSongConfig:
    """How songs are sampled; numbers are probabilities unless said otherwise."""

    seconds: float = 70.0  # about this long
    bachata: float = 0.2
    borrowed: float = 0.3  # a part is another style's, in half of the songs
    any_tempo: float = 0.5  # somewhat slower or faster than the style is played
    drift: float = 0.5
    ritardando: float = 0.25
    rubato: float = 0.12
    change: float = 0.08
    pauses: float = 0.12
    no_percussion: float = 0.12  # throughout
    percussion_rests: float = 0.35  # for some bars
    one_part: float = 0.15  # for some bars
    silence: float = 0.1  # for a bar or two
    late_start: float = 0.15  # up to eight seconds of nothing before the song
    level_db: float = 5.0  # standard deviation of each part's

    @classmethod
    def steady(cls, **others: float) -> WholeSongConfig:
        """Return a configuration in which nothing happens but what is named."""
        fields = dataclasses.fields(cls)
        zeros = {f.name: 0.0 for f in fields if f.name != "seconds"}
        return cls(**{**zeros, "level_db": 2.0, **others})


def plan_whole_song(
    seed: int,
    config: WholeSongConfig,
    style: Style | None = None,
    tempo_bpm: float | None = None,
    pickup_beats: int | None = None,
) -> Song:
    """Return the plan of a song; what is not given is random.

    Parameters
    ----------
    seed : int
        Everything random comes from it.
    config : DrawingConfig
    style : Style, optional
    tempo_bpm : float, optional
    pickup_beats : int, optional
        0 to 7.
    """
    rng = generator(seed, "whole song")
    if style is None:
        style = _style(config, rng)
    if tempo_bpm is None:
        tempo_bpm = _tempo_bpm(style, config, rng)
    n_bars = config.seconds * tempo_bpm / 60 / style.beats_per_bar
    song = plan_song(style, seed, pickup_beats, _form(style, n_bars, rng))
    song = dataclasses.replace(song, tempo_bpm=round(tempo_bpm, 1))
    for manner in tempo.MANNERS:
        if rng.random() < getattr(config, manner):
            song = tempo.vary_tempo(song, manner, rng)
    return song


def _style(config: WholeSongConfig, rng: np.random.Generator) -> Style:
    others = [style for style in STYLES.values() if style.name != "bachata"]
    weights = np.array([1.0 if s.beats_per_bar == 4 else _RARE_METRES for s in others])
    chosen = others[int(rng.choice(len(others), p=weights / weights.sum()))]
    if rng.random() < config.bachata:
        chosen = STYLES["bachata"]
    if rng.random() < 0.5:
        return chosen
    return _with_borrowed(chosen, config.borrowed, rng)


def _with_borrowed(style: Style, share: float, rng: np.random.Generator) -> Style:
    """Return a style some of whose parts are of styles in the same metre."""
    others = [
        part
        for other in STYLES.values()
        for part in other.parts
        if (other.beats_per_bar, other.compound)
        == (style.beats_per_bar, style.compound)
        and other.name != style.name
    ]
    parts: dict[str, Part] = {}
    for part in style.parts:
        alike = [other for other in others if other.manner == part.manner]
        if alike and rng.random() < share:
            taken = alike[int(rng.integers(len(alike)))]
            part = dataclasses.replace(taken, name=f"{taken.name} for {part.name}")
        parts[part.name] = part
    return dataclasses.replace(style, parts=tuple(parts.values()))


def _tempo_bpm(
    style: Style, config: WholeSongConfig, rng: np.random.Generator
) -> float:
    low, high = style.tempo_bpm
    if rng.random() < config.any_tempo:
        # No farther: at twice its tempo a style is another, and its beats are too
        low, high = low / _FASTER, high * _FASTER
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _form(style: Style, n_bars: float, rng: np.random.Generator) -> str:
    """Return a form of the style, its sections made shorter or fewer to fit."""
    sections = parse_form(style.forms[int(rng.integers(len(style.forms)))])
    share = n_bars / sum(n for _, n in sections)
    if share < 0.5:
        kept = int(rng.integers(2, 1 + max(2, round(2 * share * len(sections)))))
        first = (
            int(rng.integers(len(sections) - kept + 1)) if len(sections) > kept else 0
        )
        sections = sections[first : first + kept]
        share = n_bars / sum(n for _, n in sections)
    share = min(share, 1.0)
    return " ".join(f"{name}:{max(1, round(n * share))}" for name, n in sections)


def render_stems(song: Song, split: str) -> dict[tuple[Part, Timbre], np.ndarray]:
    """Return what each player of a song plays, shape `(n_channels, n_frames)`."""
    stems = {}
    for part, timbre in choose(song, split, 1):
        sound = timbre.render(play(song, part, timbre.instrument), song)
        if active_power(sound) > 0:
            stems[part, timbre] = sound
    return stems


def mix_song(
    stems: dict[tuple[Part, Timbre], np.ndarray],
    song: Song,
    config: WholeSongConfig,
    rng: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """Return a mix of a song, and the seconds of nothing before it.

    Returns
    -------
    mixture : np.ndarray, shape=(2, n_frames), float32
    late_s : float
    """
    n_frames = max(stem.shape[1] for stem in stems.values())
    gains = _gains(stems, song, n_frames, config, rng)
    mixture = np.zeros((2, n_frames), np.float32)
    for stem, gain in zip(stems.values(), gains, strict=True):
        level = 10 ** (rng.normal(0, config.level_db) / 20)
        mixture += augment(stem, _DESK, rng) * (gain * np.float32(level))
    mixture, _ = master(mixture, [], _DESK, rng)
    peak = max(float(np.abs(mixture).max()), 1e-6)
    mixture *= np.float32(_LOUDEST_PEAK / peak)
    late = int(rng.random() < config.late_start) * rng.uniform(0.5, 8)
    n_late = round(late * SAMPLE_RATE)
    return np.pad(mixture, ((0, 0), (n_late, 0))), n_late / SAMPLE_RATE


def _gains(
    stems: dict[tuple[Part, Timbre], np.ndarray],
    song: Song,
    n_frames: int,
    config: WholeSongConfig,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return what each stem is multiplied by, shape `(n_stems, n_frames)`."""
    gains = np.ones((len(stems), n_frames), np.float32)
    strikes = np.array([timbre.instrument in PERCUSSION for _, timbre in stems])
    if not strikes.all():
        if rng.random() < config.no_percussion:
            gains[strikes] = 0
        if rng.random() < config.percussion_rests:
            gains[strikes, _bars(song, (4, 12), rng)] = 0
        if rng.random() < config.one_part:
            alone = rng.choice(np.flatnonzero(~strikes))
            gains[np.arange(len(stems)) != alone, _bars(song, (2, 8), rng)] = 0
    if rng.random() < config.silence:
        gains[:, _bars(song, (1, 2), rng)] = 0
    return np.asarray(scipy.ndimage.uniform_filter1d(gains, _FADE, axis=1))


def _bars(song: Song, numbers: tuple[int, int], rng: np.random.Generator) -> slice:
    """Return the frames of some bars in a row."""
    n_bars = min(int(rng.integers(numbers[0], numbers[1] + 1)), len(song.bars) - 1)
    first = int(rng.integers(len(song.bars) - n_bars))
    ends = [bar.start for bar in song.bars] + [float(song.n_beats)]
    return slice(frame_of(ends[first], song), frame_of(ends[first + n_bars], song))
