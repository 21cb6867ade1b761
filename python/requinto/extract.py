# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline path from a mixture to one instrument, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from requinto.arguments import (
    check_audio,
    check_beats,
    check_beats_per_clip,
    check_model,
    check_progress,
    check_rate,
    check_references,
    check_sensitivity,
    check_target,
)
from requinto.arithmetic import plain_arithmetic
from requinto.beats import Beats
from requinto.clips import Clip, ClipFrames, Joiner, cut, lead, next_end
from requinto.config import ClipConfig
from requinto.errors import TargetError
from requinto.sections import Section
from requinto.sections import sections as label
from requinto.separator import Query, Separator
from requinto.stream import Stream
from requinto.tracker import load_tracker
from requinto.weights import STANDARD, load_separator

_BLOCK_S = 10.0  # seconds of each block when the plugin's path is walked
N_TOGETHER = 4  # clips; more are hardly faster

Progress = Callable[[float], None]
Reference = np.ndarray | Sequence[np.ndarray]


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
    beats_per_clip: int = 4,
    sensitivity: float = 0.5,
    model: str = STANDARD,
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
        Detect beats as the plugin does, hearing only its latency ahead.
    beats_per_clip : int
        Beats that are separated at a time, 4, 2 or 1: the plugin's Clip.
    sensitivity : float
        From 0 to 1, the plugin's Sensitivity divided by 100: more lets more of the
        target through, and more of what is not.
    model : str
        One of `models()`.
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
        If there are no clips of so many beats, or the sensitivity is out of range.
    ModelError
        If the model is unknown, missing or damaged.
    ForkError
        If this process was forked from one in which a network has run.
    """
    check_beats(beats, live)
    check_progress(progress)
    sensitivity = check_sensitivity(sensitivity)
    beats_per_clip = check_beats_per_clip(beats_per_clip)
    model = check_model(model)
    target = _check_question(target, reference, not_like)
    sample_rate = check_rate(sample_rate)
    mixture = check_audio(audio, sample_rate)
    reference_rate = sample_rate
    if reference_sample_rate is not None:
        reference_rate = check_rate(reference_sample_rate, "reference")
    wanted = check_references(reference, reference_rate)
    unwanted = check_references(not_like, reference_rate, "not_like")
    separator = load_separator(model)
    query = _query(separator, target, wanted, unwanted, reference_rate)
    if sensitivity != 0.5:
        query = query._replace(sensitivity=sensitivity)
    clips = separator.clips.of_beats(beats_per_clip)
    notify = progress or _ignore
    if live:
        extracted = _walk(mixture, sample_rate, separator, clips, query, notify)
    else:
        grid = beats or load_tracker().track(mixture, sample_rate)
        sizes = ClipFrames.at(clips, sample_rate)
        extracted = _cut_and_join(
            mixture, sample_rate, separator, sizes, query, grid, notify
        )
    return extracted.reshape(np.shape(audio))


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
    beats_per_clip: int = 4,
    sensitivity: float = 0.5,
    model: str = STANDARD,
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
        progress=progress,
    )
    return extracted, np.asarray(audio, np.float32) - extracted


@plain_arithmetic
def beats(audio: np.ndarray, sample_rate: float) -> Beats:
    """Track the beats of a song; arguments and errors as in `extract`."""
    sample_rate = check_rate(sample_rate)
    mixture = check_audio(audio, sample_rate)
    return load_tracker().track(mixture, sample_rate)


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
    grid = beats or load_tracker().track(mixture, sample_rate)
    return label(mixture, sample_rate, grid)


def plan(
    n_frames: int, sample_rate: float, beats: Beats, sizes: ClipFrames
) -> list[Clip]:
    """Return the clips that cover `n_frames` of a song, cut at its beats."""
    longer = beats.continued((n_frames + sizes.longest) / sample_rate + 2.0)
    beat_frames = np.round(longer.times_s * sample_rate).astype(int)
    bar_frames = np.round(longer.downbeats_s * sample_rate).astype(int)
    clips: list[Clip] = []
    start = 0
    while start < n_frames + sizes.half_fade:
        first, last = np.searchsorted(beat_frames, [start, start + sizes.longest + 1])
        bars = slice(*np.searchsorted(bar_frames, [start, start + sizes.longest + 1]))
        end = next_end(start, beat_frames[first : last + 1], bar_frames[bars], sizes)
        clips.append(Clip(start, end))
        start = end
    return clips


def _cut_and_join(
    mixture: np.ndarray,
    sample_rate: float,
    separator: Separator,
    sizes: ClipFrames,
    query: Query,
    beats: Beats,
    notify: Progress,
) -> np.ndarray:
    n_channels, n_frames = mixture.shape
    joiner = Joiner(sizes, n_channels)
    extracted = np.zeros((n_channels, n_frames), np.float32)
    n_done = 0
    clips = plan(n_frames, sample_rate, beats, sizes)
    n_lead = lead(clips[0], sizes)
    clips[0] = Clip(-n_lead, clips[0].end)
    for i in range(0, len(clips), N_TOGETHER):
        some = clips[i : i + N_TOGETHER]
        pieces = [cut(mixture, clip, sizes) for clip in some]
        separated = separator.separate_all(pieces, sample_rate, query)
        for clip, piece in zip(some, separated, strict=True):
            finished = joiner.join(piece, clip)[:, n_lead:]
            finished, n_lead = finished[:, : n_frames - n_done], 0
            extracted[:, n_done : n_done + finished.shape[1]] = finished
            n_done += finished.shape[1]
        notify(n_done / n_frames)
    return extracted


def _walk(
    mixture: np.ndarray,
    sample_rate: float,
    separator: Separator,
    clips: ClipConfig,
    query: Query,
    notify: Progress,
) -> np.ndarray:
    """Extract as the plugin would, block by block, and undo its latency."""
    n_channels, n_frames = mixture.shape
    stream = Stream(clips, sample_rate=sample_rate, n_channels=n_channels)
    stream.configure(query, separator=separator, sensitivity=query.sensitivity)
    extracted = np.zeros((n_channels, n_frames), np.float32)
    first = -stream.latency_frames
    for block in _blocks(mixture, stream.latency_frames, round(_BLOCK_S * sample_rate)):
        heard = stream.exchange(block)
        last = first + heard.shape[1]
        if last > 0:
            extracted[:, max(first, 0) : last] = heard[:, max(-first, 0) :]
            notify(last / n_frames)
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


def _check_question(
    target: str | None, reference: Reference | None, not_like: Reference | None
) -> str | None:
    """Return the target's own name; raise unless one thing is asked for."""
    if reference is not None and target is not None:
        raise TargetError("give a target or a reference, not both")
    if reference is None and not_like is not None:
        raise TargetError("not_like is compared with a reference: give one as well")
    return None if target is None else check_target(target)


def _query(
    separator: Separator,
    target: str | None,
    wanted: list[np.ndarray],
    unwanted: list[np.ndarray],
    sample_rate: float,
) -> Query:
    if not wanted:
        return separator.target(target or "guitar")
    query = separator.query(wanted if len(wanted) > 1 else wanted[0], sample_rate)
    if unwanted:
        unlike = separator.query(unwanted, sample_rate).templates
        query = query._replace(unlike=unlike)
    return query


def _ignore(share: float) -> None:
    """Take no notice of progress."""
