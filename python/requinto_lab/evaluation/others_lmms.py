# SPDX-License-Identifier: GPL-3.0-or-later
"""Stems of LMMS' demo songs, rendered by LMMS itself.

For each instrument a copy of the project is written with all other tracks muted, so a
stem passes through the same effects as in the song.  What a limiter does to all
together is lost: the mix is the sum of the stems, and the song says how far it is off.
"""

from __future__ import annotations

import copy
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from requinto_files import audio_reader
from requinto_lab.evaluation.others import (
    LONGEST_S,
    SAMPLE_RATE,
    OthersError,
    StemSong,
    audible_stems,
    grid,
)
from requinto_lab.material import lmms
from requinto_lab.material.finishing import fit_length
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.instrument_names import OTHER, instrument_named
from requinto_lab.material.modules import mix_error_db
from requinto_lab.material.tables import read_table

PROJECT_FOLDERS = shared_folders("lmms/projects")
# Licences by project file
PROJECTS: dict[str, str] = read_table("others_lmms", __file__)["projects"]

_TICKS_PER_BEAT = 48  # a bar of 4/4 has 192
_INSTRUMENT, _SAMPLE_TRACK = "0", "2"  # types of tracks
_CLIPS = ("pattern", "bbtco", "sampletco", "automationpattern")
# Names that say nothing: LMMS gives them
_BLANK = re.compile(r"(default|standard)([- ]preset)?", re.IGNORECASE)
_DRUM_FOLDERS = ("drums/", "drumsynth/", "beats/")
# In those folders, what is no part of a drum kit
_NO_DRUMS = re.compile(
    r"shaker|cowbell|clave|tambourine|triangle|wood|zap|fx|sonar|boom|"
    r"misc_perc/|effects/|instrument/|latin/",
    re.IGNORECASE,
)


def songs() -> Iterator[StemSong]:
    """Yield the demo songs of `PROJECTS`.

    Raises
    ------
    OthersError
        If the songs are not installed.
    BankError
        If LMMS is not, or fails.
    """
    for project, licence in PROJECTS.items():
        missing = OthersError(f"{project} is not installed (package lmms-common)")
        path = first_existing((f / project for f in PROJECT_FOLDERS), missing)
        title = path.stem.split("-OriginalBy")[0]
        title = re.sub(r"[^a-z0-9]", "", title.split("-", 1)[-1].lower())
        yield song(f"lmms-{title}", path, licence)


def song(name: str, path: Path, licence: str) -> StemSong:
    """Return the stems of a project file, `.mmp` or `.mmpz`."""
    root = read_project(path)
    _shorten(root)
    stems = {
        part: _render(root, part)
        for part in sorted({_part(track) for track in _leaves(root)})
    }
    mix = _render(root, None)
    # Tails are rendered as long as they sound, so that lengths differ
    longest = max(stem.shape[1] for stem in (mix, *stems.values()))
    n_frames = min(longest, int(LONGEST_S * SAMPLE_RATE))
    stems = {part: fit_length(stem, n_frames) for part, stem in stems.items()}
    beats_s, downbeats_s = _beats(root, n_frames / SAMPLE_RATE)
    return StemSong(
        name,
        audible_stems(stems),
        beats_s,
        downbeats_s,
        f"LMMS demo song {path.name}",
        f"{licence} (lmms-common)",
        mix_error_db(stems, fit_length(mix, n_frames)),
    )


def read_project(path: Path) -> ElementTree.Element:
    """Return the XML of a project; `.mmpz` has four bytes of length, then zlib."""
    data = path.read_bytes()
    try:
        if path.suffix == ".mmpz":
            data = zlib.decompress(data[4:])
        return ElementTree.fromstring(data)
    except (zlib.error, ElementTree.ParseError) as error:
        raise OthersError(f"{path} is no LMMS project: {error}") from error


def _leaves(root: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the tracks that sound, those inside beat tracks among them."""
    return [
        track
        for track in root.iter("track")
        if track.get("type") in (_INSTRUMENT, _SAMPLE_TRACK)
    ]


def _part(track: ElementTree.Element) -> str:
    """Return the instrument a track plainly is, or "other"."""
    plugin = track.find(".//instrument")
    kind = plugin.get("name", "") if plugin is not None else ""
    sample = next((e.get("src", "") for e in track.iter("audiofileprocessor")), "")
    if kind == "audiofileprocessor" and sample.startswith(_DRUM_FOLDERS):
        named = instrument_named(Path(sample).stem)
        if named not in (OTHER, "bass"):
            return named
        return OTHER if _NO_DRUMS.search(sample) else "drums"
    # The preset says what the name may not; where they differ it is unclear
    texts = (track.get("name", ""), Path(sample).stem, *_preset(track))
    labels = {
        instrument_named(text) for text in texts if text and not _BLANK.fullmatch(text)
    }
    labels.discard(OTHER)
    return labels.pop() if len(labels) == 1 else OTHER


def _preset(track: ElementTree.Element) -> list[str]:
    """Return what a ZynAddSubFX preset calls itself."""
    return [
        row.text or ""
        for info in track.iter("INFO")
        for row in info.findall("string")
        if row.get("name") == "name"
    ]


def _shorten(root: ElementTree.Element) -> None:
    """Drop clips and notes that begin after what we want of the song."""
    last = int(LONGEST_S * _tempo(root)[0] / 60 * _TICKS_PER_BEAT)
    for track in root.findall("./song/trackcontainer/track"):
        for clip in [row for row in track if row.tag in _CLIPS]:
            left = last - int(float(clip.get("pos", 0)))
            if left <= 0:
                track.remove(clip)
                continue
            if int(float(clip.get("len", 0))) > left:
                clip.set("len", str(left))
            for note in clip.findall("note"):
                if int(note.get("pos", 0)) >= left:
                    clip.remove(note)


def _render(root: ElementTree.Element, part: str | None) -> np.ndarray:
    """Return one part as LMMS renders it, or all if None, shape `(2, n_frames)`."""
    root = copy.deepcopy(root)
    for track in _leaves(root):
        track.set("solo", "0")
        if part is not None and _part(track) != part:
            track.set("muted", "1")
            # A value of its own takes the place of the attribute
            for row in track.findall("muted"):
                track.remove(row)
    with tempfile.TemporaryDirectory() as folder:
        project, result = Path(folder) / "part.mmp", Path(folder) / "part.wav"
        ElementTree.ElementTree(root).write(project, "utf-8", xml_declaration=True)
        lmms.render(project, result, "-x", "1")
        audio, rate = audio_reader.read(result)
    if rate != SAMPLE_RATE:
        raise OthersError(f"LMMS rendered at {rate} Hz, asked for {SAMPLE_RATE}")
    return np.broadcast_to(audio, (2, audio.shape[1]))[
        :, : int(LONGEST_S * SAMPLE_RATE)
    ]


def _head(root: ElementTree.Element) -> ElementTree.Element:
    head = root.find("head")
    if head is None:
        raise OthersError("an LMMS project has no head")
    return head


def _tempo(root: ElementTree.Element) -> tuple[float, bool]:
    """Return the tempo in beats per minute, and whether it stays."""
    head = _head(root)
    own = head.find("bpm")
    if own is None:
        return float(head.get("bpm", 140)), True
    driven = {row.get("id") for row in root.iter("object")}
    return float(own.get("value", 140)), own.get("id") not in driven


def _beats(
    root: ElementTree.Element, duration_s: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    tempo_bpm, steady = _tempo(root)
    if not steady:
        return (), ()
    head = _head(root)
    unit = head.get("timesig_denominator")
    per_bar = int(head.get("timesig_numerator", 4))
    # A signature of 1/1 says nothing of bars
    return grid(tempo_bpm, duration_s, per_bar if unit == "4" and per_bar > 1 else None)
