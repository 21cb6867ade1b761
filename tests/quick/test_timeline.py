# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds at a frame of a stream depends on its events alone."""

import itertools

import numpy as np
import pytest

from requinto.clips import ClipFrames
from requinto.config import ClipConfig
from requinto.host_position import Position
from requinto.separator import Extraction
from requinto.timeline import BEAT_SOURCES, BeatSettings, Grid, Settings, Timeline

RATE = 100  # frames a second, so that a beat at 120 bpm lasts 50 frames
SIZES = ClipFrames.at(ClipConfig(), RATE)
LAST = 4000
MODEL, OTHER_MODEL = object(), object()


def settings(frame, source="fixed", tempo_bpm=120.0, target="bass", model=MODEL):
    extraction = Extraction(model, target, target, 0.5)
    return Settings(frame, extraction, BeatSettings(source, tempo_bpm))


def timeline_of(events):
    """Return a timeline of settings, and of `(frame, position, is_seam)`."""
    timeline = Timeline(RATE)
    for event in events:
        if isinstance(event, Settings):
            timeline.configure(event)
        else:
            frame, position, is_seam = event
            timeline.locate(frame, position, is_seam=is_seam)
    return timeline


def beats(timeline, first=0, last=LAST, start=0, known=LAST):
    grid = timeline.beats_between(first, last, start=start, known=known)
    return None if grid is None else [row.tolist() for row in grid]


def clips(timeline, forget=False):
    """Return where clips begin on a timeline, cut as a stream does."""
    starts = [0]
    while (start := starts[-1]) < LAST - 1000:
        known = start + SIZES.lookahead
        grid = timeline.beats_between(start, known + 200, start=start, known=known)
        starts.append(timeline.clip_end(start, known, grid, SIZES))
        if forget:
            timeline.forget(starts[-1], starts[-1])
    return starts


PLAYED = [
    settings(0),
    (0, Position(0.0, 120.0), True),
    settings(330, "host"),
    (700, Position(3.5, 60.0, 0.5, 3), True),
    settings(1010, "host", target="guitar"),
    (1010, Position(11.0, 75.0), False),
    (1555, Position(64.0, 150.0), True),
    settings(1800, "fixed", 96.0, "guitar", OTHER_MODEL),
    settings(2222, "host", 96.0, "guitar", OTHER_MODEL),
]


def test_settings_hold_until_the_next():
    timeline = timeline_of([settings(10), settings(10, target="guitar"), settings(30)])
    assert timeline.settings_at(9) is None
    for frame, expected in [(10, "guitar"), (29, "guitar"), (30, "bass"), (99, "bass")]:
        assert timeline.settings_at(frame).extraction.target == expected


@pytest.mark.parametrize("frames", [(), (0,), (5,), (5, 5, 70), (0, 40, 41)])
def test_seams_are_where_the_sound_breaks_off(frames):
    timeline = timeline_of([(frame, None, True) for frame in frames])
    timeline.locate(99, None)  # no seam
    expected = sorted({0, *frames})
    assert list(timeline.seams) == expected
    for frame in range(100):
        assert timeline.seam_before(frame) == max(s for s in expected if s <= frame)
        later = [s for s in expected if s > frame]
        assert timeline.end_of_take(frame, 50) == min([*later, 50])


@pytest.mark.parametrize("source", BEAT_SOURCES)
@pytest.mark.parametrize("is_located", [True, False])
def test_beats_are_detected_where_nobody_says_where_they_are(source, is_located):
    position = Position(0.0, 120.0) if is_located else None
    timeline = timeline_of([settings(0, source), (0, position, True)])
    is_given = source == "fixed" or (source == "host" and is_located)
    assert (beats(timeline) is not None) is is_given


def test_before_any_settings_the_host_says_where_beats_are():
    assert beats(timeline_of([])) is None
    assert beats(timeline_of([(0, Position(0.0, 120.0), True)]), last=99) == [
        [0, 50],
        [0],
    ]


@pytest.mark.parametrize("source", ["fixed", "host"])
@pytest.mark.parametrize("tempo_bpm", [60, 75, 120, 240])  # whole frames a beat
@pytest.mark.parametrize("seam", [0, 1, 333])
def test_a_grid_is_counted_from_its_seam(source, tempo_bpm, seam):
    timeline = timeline_of(
        [settings(0, source, tempo_bpm), (seam, Position(0.0, tempo_bpm), True)]
    )
    length = 60 * RATE // tempo_bpm
    for first, last in [(seam, LAST), (seam + 1, LAST), (500, 501), (1234, 1999)]:
        expected = [f for f in range(seam, last + 1, length) if f >= first]
        bars = [f for f in range(seam, last + 1, 4 * length) if f >= first]
        assert beats(timeline, first, last, start=seam) == [expected, bars]


@pytest.mark.parametrize("source", ["fixed", "host"])
@pytest.mark.parametrize("middle", [1, 250, 1555, 1556, 3999])
def test_two_stretches_have_the_beats_of_both(source, middle):
    events = [settings(0, source, 75.0), (0, Position(-1.0, 75.0), True)]
    events += [(1555, Position(64.0, 150.0), True)]
    timeline = timeline_of(events)
    before, after = beats(timeline, 0, middle), beats(timeline, middle + 1, LAST)
    both = [one + other for one, other in zip(before, after, strict=True)]
    assert both == beats(timeline)


@pytest.mark.parametrize("n_events", range(2, len(PLAYED) + 1))
def test_later_events_change_nothing(n_events):
    whole = timeline_of(PLAYED)
    known = PLAYED[n_events][0] - 1 if n_events < len(PLAYED) else LAST
    early = timeline_of([e for e in PLAYED if e[0] <= known])
    for start in range(0, max(1, known - 450), 37):
        answers = []
        for timeline in (whole, early):
            answers.append(beats(timeline, start, known + 200, start, known))
            grid = Grid(*map(np.array, answers[-1]))
            answers.append(timeline.clip_end(start, known, grid, SIZES))
        assert answers[:2] == answers[2:]


def test_what_is_forgotten_is_not_needed():
    assert clips(timeline_of(PLAYED), forget=True) == clips(timeline_of(PLAYED))
    whole, short = timeline_of(PLAYED), timeline_of(PLAYED)
    for start in range(0, 3000, 50):
        first = max(0, start - 120)
        short.forget(start, first)
        for later in (start, start + 333):
            known = later + SIZES.lookahead
            assert short.settings_at(later) == whole.settings_at(later)
            assert short.seam_before(later) == whole.seam_before(later)
            assert beats(short, first, LAST, later, known) == beats(
                whole, first, LAST, later, known
            )


@pytest.mark.parametrize("n_frames", [1, 50, 1001])
def test_a_song_that_begins_later_is_the_same_later(n_frames):
    def shift(event):
        if isinstance(event, Settings):
            return event._replace(frame=event.frame + n_frames)
        return event[0] + n_frames, *event[1:]

    late = timeline_of([shift(event) for event in PLAYED])
    timeline = timeline_of(PLAYED)
    for start in range(0, 3000, 111):
        known = start + SIZES.lookahead
        expected = timeline.beats_between(start, LAST, start=start, known=known)
        later = late.beats_between(
            *(start + n_frames, LAST + n_frames),
            start=start + n_frames,
            known=known + n_frames,
        )
        for row, later_row in zip(expected, later, strict=True):
            np.testing.assert_array_equal(row + n_frames, later_row)


def test_no_clip_runs_across_a_break_that_leaves_room_for_a_join():
    starts = clips(timeline_of(PLAYED))
    gaps = np.diff(starts)
    assert gaps.min() >= SIZES.shortest and gaps.max() <= SIZES.longest
    # Seams, another target, and another model, are where clips begin
    assert {700, 1010, 1555, 1800} <= set(starts)
    assert not {330, 2222} & set(starts)  # where only the source of beats changes


@pytest.mark.parametrize(
    ("change", "is_break"),
    [
        ({}, False),
        ({"source": "host"}, False),
        ({"tempo_bpm": 96.0}, False),
        ({"target": "guitar"}, True),
        ({"model": OTHER_MODEL}, True),
    ],
)
def test_a_break_is_where_something_else_is_extracted(change, is_break):
    timeline = timeline_of([settings(0), settings(130, **change)])
    grid = Grid(*map(np.array, beats(timeline)))
    end = timeline.clip_end(0, LAST, grid, SIZES)
    assert end == (130 if is_break else 200)


def test_a_query_is_the_same_only_if_it_is_one_object():
    queries = [np.zeros(2), np.zeros(2)]
    for one, other in itertools.product(queries, queries):
        extraction = settings(0, target=one).extraction
        later = settings(9, target=other).extraction
        assert later.continues(extraction) is (one is other)
    same = settings(0, target="ba" + "ss").extraction
    assert same.continues(settings(0).extraction)
