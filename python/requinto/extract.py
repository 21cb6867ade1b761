# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline path from a mixture to one instrument, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from requinto.arguments import (
    DEFAULT_OPTIONS,
    Instrument,
    Options,
    Progress,
    Reference,
    check_audio,
    check_beats,
    check_instrument,
    check_options,
    check_progress,
    check_references,
)
from requinto.arithmetic import plain_arithmetic, plain_iterations
from requinto.audio import check_rate
from requinto.beats import Beats
from requinto.clips import ClipFrames
from requinto.config import DEFAULT_BEATS_PER_CLIP, DEFAULT_SENSITIVITY, ClipConfig
from requinto.loader import load_separator, load_tracker
from requinto.model_folder import DEFAULT_TARGET, STANDARD
from requinto.sections import Section
from requinto.sections import sections as label
from requinto.separator import Extraction, Query, Separator
from requinto.song import ArraySong, Song
from requinto.song_features import SongFeatures
from requinto.song_separation import Stretch, separate_song
from requinto.stream import Stream
from requinto.timeline import BeatSettings
from requinto_files.audio_reader import SampleBuffer

_BLOCK_S = 10.0  # seconds of each block when the plugin's path is walked
_TRACKING_SHARE = 0.15  # of the work, to say how far it is


class _Task(NamedTuple):
    """What is extracted, by what."""

    options: Options
    separator: Separator
    clips: ClipConfig
    queries: tuple[Query, ...]
    progress: Progress


@plain_arithmetic
def extract(
    audio: np.ndarray,
    sample_rate: float,
    target: str | None = None,
    *,
    reference: Reference | None = None,
    reference_sample_rate: float | None = None,
    not_like: Reference | None = None,
    beats: Beats | None = None,
    live: bool = False,
    beats_per_clip: int = DEFAULT_BEATS_PER_CLIP,
    sensitivity: float = DEFAULT_SENSITIVITY,
    model: str = STANDARD,
    runtime: str | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Extract one instrument from a mixture.

    Parameters
    ----------
    audio : np.ndarray, shape=(n_channels, n_frames) or (n_frames,)
        One or two channels of float samples, half a second or more.
    sample_rate : float
        Hz.
    target : str, optional
        One of `targets()`, in whatever case, with accents or without; "guitar" unless
        a reference is given.
    reference : np.ndarray, or list of np.ndarray, optional
        Half a second or more of the instrument to extract, shaped as `audio`; several
        where they show more of it: other notes, other registers.
    reference_sample_rate : float, optional
        Hz, of all references; that of `audio` unless given.
    not_like : np.ndarray, or list of np.ndarray, optional
        Likewise, of what is not wanted although it sounds alike; beside a reference.
    beats : Beats, optional
        Where clips are cut; tracked in `audio` unless given.
    live : bool
        Detect beats as the plugin does, which looks ahead by its latency at most.
    beats_per_clip : int
        Beats that are separated at a time, 4, 2 or 1: the plugin's Clip.
    sensitivity : float
        From 0 to 1, the plugin's Sensitivity divided by 100: more lets more of the
        target through, and more of what is not.
    model : str
        One of `models()`.
    runtime : str, optional
        What runs the networks: "litert", or "tensorflow" where it is installed; what
        `REQUINTO_RUNTIME` says unless given, else "litert", or "tensorflow" for a
        model that is not exported.
    progress : callable, optional
        Called with the share of the work that is done, from 0 to 1.

    Returns
    -------
    np.ndarray, float32
        The instrument, of the same shape, rate and alignment as `audio`.

    Raises
    ------
    AudioError
        If `audio` or `reference` is empty, too short, not finite or of the
        wrong shape, or the reference is silent.
    TargetError
        If the target is unknown, or a reference is given as well, or `not_like` is
        given without a reference.
    BeatsError
        If `beats` are given although `live` detects them.
    ConfigError
        If there are no clips of so many beats, the sensitivity is out of range, or
        there is no such runtime.
    ModelError
        If the model is unknown, missing or damaged, or the runtime is not installed.
    ForkError
        If this process was forked from one in which TensorFlow has run, and it is to
        run again.
    """
    check_beats(beats, live)
    check_progress(progress)
    options = check_options(Options(beats_per_clip, sensitivity, model, runtime))
    instrument = check_instrument(
        Instrument("", target, reference, reference_sample_rate, not_like)
    )
    sample_rate = check_rate(sample_rate)
    mixture = check_audio(audio, sample_rate)
    task = _load_task(options, [instrument], sample_rate, progress)
    extracted = (
        _extract_live(mixture, sample_rate, task)
        if live
        else _extract_whole(ArraySong(mixture, sample_rate), task, beats)
    )
    return extracted.reshape(np.shape(audio))


@plain_iterations
def extract_song(
    song: Song,
    instruments: Sequence[Instrument],
    *,
    options: Options = DEFAULT_OPTIONS,
    beats: Beats | None = None,
    progress: Progress | None = None,
    masks: Path | None = None,
) -> Iterator[Stretch]:
    """Yield a song and some instruments of it, from start to end.

    Each instrument is what `extract` returns, to the bit. The song is not held, its
    beats are tracked once and the model is loaded once. Errors are those of `extract`.

    Parameters
    ----------
    song : Song
        Of samples that `audio.check_samples` would accept.
    instruments : sequence of Instrument
        One or more.
    options : Options
    beats : Beats, optional
        Where clips are cut; tracked in the song unless given.
    progress : callable, optional
        Called with the share of the work that is done, from 0 to 1.
    masks : Path, optional
        A file for the masks, which do not depend on the sensitivity: where it holds
        those of a clip, neither template matching nor the network runs. Those that it
        lacks are computed, and a pass that ends then replaces the file.

    Raises
    ------
    AudioFileError
        If there is no room for the masks, or no file can be at their path.
    """
    check_beats(beats)
    check_progress(progress)
    checked = [check_instrument(instrument) for instrument in instruments]
    task = _load_task(check_options(options), checked, song.sample_rate, progress)
    return _stretches(song, task, beats, masks)


@plain_arithmetic
def separate(
    audio: np.ndarray,
    sample_rate: float,
    target: str | None = None,
    *,
    reference: Reference | None = None,
    reference_sample_rate: float | None = None,
    not_like: Reference | None = None,
    beats: Beats | None = None,
    live: bool = False,
    beats_per_clip: int = DEFAULT_BEATS_PER_CLIP,
    sensitivity: float = DEFAULT_SENSITIVITY,
    model: str = STANDARD,
    runtime: str | None = None,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split a mixture into one instrument and everything else.

    Parameters and errors are those of `extract`.

    Returns
    -------
    extracted, rest : np.ndarray, float32
        Both shaped as `audio`, which is their sum, to rounding.
    """
    extracted = extract(
        audio,
        sample_rate,
        target,
        reference=reference,
        reference_sample_rate=reference_sample_rate,
        not_like=not_like,
        beats=beats,
        live=live,
        beats_per_clip=beats_per_clip,
        sensitivity=sensitivity,
        model=model,
        runtime=runtime,
        progress=progress,
    )
    return extracted, np.asarray(audio, np.float32) - extracted


@plain_arithmetic
def beats(audio: np.ndarray, sample_rate: float) -> Beats:
    """Track the beats of a song; arguments and errors as in `extract`."""
    rate = check_rate(sample_rate)
    return track_song(ArraySong(check_audio(audio, rate), rate))


@plain_arithmetic
def track_song(
    song: Song, progress: Progress | None = None, runtime: str | None = None
) -> Beats:
    """Track the beats of a song that is not held."""
    tracker = load_tracker(runtime)
    rhythm = tracker.config.rhythm
    with SongFeatures(song, rhythm, progress or _ignore) as columns:
        return tracker.track_features(columns, song.n_frames / song.sample_rate)


@plain_arithmetic
def sections(
    audio: np.ndarray, sample_rate: float, *, beats: Beats | None = None
) -> list[Section]:
    """Label the sections of a song: intro, verse, chorus, bridge, outro.

    Parameters
    ----------
    audio, sample_rate
        As in `extract`.
    beats : Beats, optional
        Of the song; tracked unless given.

    Returns
    -------
    list of Section
        From the song's start to its end, each with a name, a group (sections of one
        letter sound alike), and seconds.
    """
    check_beats(beats)
    sample_rate = check_rate(sample_rate)
    mixture = check_audio(audio, sample_rate)
    grid = beats or track_song(ArraySong(mixture, sample_rate))
    return label(mixture, sample_rate, grid)


def _load_task(
    options: Options,
    instruments: Sequence[Instrument],
    sample_rate: float,
    progress: Progress | None,
) -> _Task:
    """Load the model, and make the query of each instrument.

    References have the sample rate, in Hz, unless they come with one.
    """
    sounds = [_check_sounds(instrument, sample_rate) for instrument in instruments]
    separator = load_separator(options.model, options.runtime)
    queries = [
        _query(separator, *pair) for pair in zip(instruments, sounds, strict=True)
    ]
    clips = separator.clips.of_beats(options.beats_per_clip)
    return _Task(options, separator, clips, tuple(queries), progress or _ignore)


class _Sounds(NamedTuple):
    """The references of one instrument, and what it is not like, checked."""

    references: list[np.ndarray]
    others: list[np.ndarray]
    sample_rate: float  # Hz


def _check_sounds(instrument: Instrument, sample_rate: float) -> _Sounds:
    given = instrument.reference_sample_rate
    rate = check_rate(sample_rate if given is None else given, "reference")
    return _Sounds(
        check_references(instrument.reference, rate),
        check_references(instrument.not_like, rate, "not_like"),
        rate,
    )


def _query(separator: Separator, instrument: Instrument, sounds: _Sounds) -> Query:
    references, others, rate = sounds
    if not references:
        return separator.target(instrument.target or DEFAULT_TARGET)
    query = separator.query(references if len(references) > 1 else references[0], rate)
    if others:
        query = query._replace(unlike=separator.query(others, rate).templates)
    return query


def _stretches(
    song: Song, task: _Task, beats: Beats | None, masks: Path | None = None
) -> Iterator[Stretch]:
    """Yield a song and what it holds of the target; beats are tracked unless given."""
    notify, share_before = task.progress, 0.0
    if beats is None:

        def tracking(share: float) -> None:
            notify(_TRACKING_SHARE * share)

        beats = track_song(song, tracking, task.options.runtime)
        share_before = _TRACKING_SHARE
    sizes = ClipFrames.at(task.clips, song.sample_rate)
    n_done = 0
    for stretch in separate_song(
        *(song, task.separator, sizes, task.queries, beats),
        *(task.options.sensitivity, masks),
    ):
        yield stretch
        n_done += stretch.mixture.shape[1]
        notify(share_before + (1 - share_before) * n_done / song.n_frames)


def _extract_whole(song: Song, task: _Task, beats: Beats | None) -> np.ndarray:
    buffer = SampleBuffer(song.n_channels, song.n_frames)
    for stretch in _stretches(song, task, beats):
        buffer.append(stretch.extracted[0])
    return buffer.samples()


def _extract_live(mixture: np.ndarray, sample_rate: float, task: _Task) -> np.ndarray:
    """Extract as the plugin would, block by block, and undo its latency."""
    n_channels, n_frames = mixture.shape
    stream = Stream(
        task.clips,
        sample_rate=sample_rate,
        n_channels=n_channels,
        runtime=task.options.runtime,
    )
    extraction = Extraction.of(
        task.queries[0], task.separator, task.options.sensitivity
    )
    stream.configure(extraction, BeatSettings("detect"))
    extracted = np.zeros((n_channels, n_frames), np.float32)
    first = -stream.latency_frames
    for block in _blocks(mixture, stream.latency_frames, round(_BLOCK_S * sample_rate)):
        output = stream.exchange(block)
        last = first + output.shape[1]
        if last > 0:
            extracted[:, max(first, 0) : last] = output[:, max(-first, 0) :]
            task.progress(last / n_frames)
        first = last
    return extracted


def _blocks(
    mixture: np.ndarray, n_trailing: int, n_frames: int
) -> Iterator[np.ndarray]:
    """Yield a mixture and then silence, to the same end as a host's bounce."""
    for start in range(0, mixture.shape[1], n_frames):
        yield mixture[:, start : start + n_frames]
    silence = np.zeros((len(mixture), n_trailing), np.float32)
    for start in range(0, n_trailing, n_frames):
        yield silence[:, start : start + n_frames]


def _ignore(share: float) -> None:
    """Take no notice of progress."""
