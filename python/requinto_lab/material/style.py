# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles of music, our own writing: `styles/*.toml`, in rows of letters.

A row holds layers separated by `/`, that sound together.  A layer holds bars
separated by `|`, played in turn.  A bar holds steps, one letter each, that
divide it evenly: sixteen letters in 4/4 are sixteenths, eight are eighths.
In every row `.` is a rest and `-` lets the sound before it last; what the other
letters mean depends on the manner of the part (see `patterns.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from requinto.config import from_values
from requinto.errors import ConfigError
from requinto_lab.material.instruments import INSTRUMENTS, STROKES
from requinto_lab.material.tables import look_up, read_table

MANNERS: dict[str, str] = {
    "strokes": "",  # letters of the instrument, see `instruments.STROKES`
    "bass": "Rr35678a",
    "arpeggio": "0123456789RB",
    "strum": "DdUux",
    "chords": "Xx",
    "melody": "x",
    "riff": "XxmnR1234567",
}
SECTIONS = ("intro", "verse", "chorus", "mambo", "bridge", "outro")


@dataclass(frozen=True, eq=False)
class Part:
    """What one player does in a style."""

    name: str
    instruments: tuple[str, ...]  # that may play it, likeliest first
    manner: str  # one of `MANNERS`
    rows: tuple[str, ...]  # choices, wherever a section has none of its own
    by_section: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fills: tuple[str, ...] = ()  # choices for the last of four bars
    lowest: tuple[int, int] = (0, 0)  # where the part may lie, MIDI notes
    n_voices: int = 6  # notes of a chord it may reach
    share: float = 1.0  # of songs that have it
    silent_in: tuple[str, ...] = ()  # sections it sits out
    leads: bool = False  # plays the pickup, and runs

    def __post_init__(self) -> None:
        if self.manner not in MANNERS:
            raise ConfigError(
                f"part {self.name!r}: unknown manner {self.manner!r}; known are "
                f"{', '.join(MANNERS)}"
            )
        if not self.rows or not self.instruments:
            raise ConfigError(f"part {self.name!r} needs rows and instruments")
        for instrument in self.instruments:
            self._check_letters(instrument)

    def _check_letters(self, instrument: str) -> None:
        known = MANNERS[self.manner]
        if instrument not in INSTRUMENTS:
            raise ConfigError(f"part {self.name!r}: unknown instrument {instrument!r}")
        if self.manner == "strokes":
            known = "".join(STROKES.get(instrument, ""))
        for row in self.all_rows():
            if unknown := set(row) - set(known + ".-|/"):
                raise ConfigError(
                    f"part {self.name!r}: {instrument} knows {known!r}, "
                    f"not {''.join(sorted(unknown))!r}"
                )
            if any(not bar for layer in layers(row) for bar in layer):
                raise ConfigError(f"part {self.name!r}: an empty bar in {row!r}")

    def all_rows(self) -> tuple[str, ...]:
        """Return every row of the part."""
        rows = self.rows + self.fills
        return rows + tuple(r for some in self.by_section.values() for r in some)


@dataclass(frozen=True, eq=False)
class Style:
    """A style of music: metre, tempo, harmony, form and players."""

    name: str
    tempo_bpm: tuple[float, float]  # of a beat
    parts: tuple[Part, ...]
    minor_progressions: tuple[str, ...]  # Roman numerals, bars separated by `|`
    major_progressions: tuple[str, ...]
    forms: tuple[str, ...]  # sections and their bars: "intro:4 verse:8 ..."
    minor: float = 0.5  # share of songs in minor
    beats_per_bar: int = 4
    swing: tuple[float, float] = (0.0, 0.1)  # delay of the off-step, in steps
    swung_beats: float = 0.25  # length of the step that swings
    compound: bool = False  # beats divide by three

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise ConfigError(f"style {self.name!r} has two parts of one name")
        if self.minor > 0 and not self.minor_progressions:
            raise ConfigError(f"style {self.name!r} has no progression in minor")
        if self.minor < 1 and not self.major_progressions:
            raise ConfigError(f"style {self.name!r} has no progression in major")
        for form in self.forms:
            parse_form(form)

    def part(self, name: str) -> Part:
        """Return a part by name.

        Raises
        ------
        ConfigError
            If the style has no such part.
        """
        for part in self.parts:
            if part.name == name:
                return part
        known = ", ".join(part.name for part in self.parts)
        raise ConfigError(f"{self.name} has no part {name!r}; known are {known}")


def parse_form(form: str) -> tuple[tuple[str, int], ...]:
    """Return the sections of a form, each with its bars.

    Raises
    ------
    ConfigError
        If a section is unknown, or has no bars.
    """
    sections = []
    for word in form.split():
        name, _, n_bars = word.partition(":")
        if name not in SECTIONS or not n_bars.isdigit() or int(n_bars) < 1:
            raise ConfigError(f"{word!r} is not a section and its number of bars")
        sections.append((name, int(n_bars)))
    return tuple(sections)


def layers(row: str) -> tuple[tuple[str, ...], ...]:
    """Return the layers of a row, each a tuple of bars."""
    return tuple(tuple(layer.split("|")) for layer in row.split("/"))


def _read_styles(*files: str) -> dict[str, Style]:
    """Return the styles of some files by their names."""
    styles = []
    for file in files:
        table = read_table(f"styles/{file}")
        rows = table.pop("parts", ())
        parts = tuple(from_values(Part, row, f"{file}: a part") for row in rows)
        styles.append(from_values(Style, {**table, "parts": parts}, file))
    return {style.name: style for style in styles}


STYLES = _read_styles(
    *("bachata", "bolero", "salsa", "merengue", "cumbia", "bossa", "reggae"),
    *("rock", "funk", "hip_hop", "house", "folk", "ballad", "waltz"),
    *("slow_rock", "bembe"),
)
# Written later: not in `STYLES`, because test sets and beat material choose from it
# by order, and what they render must stay as it is
LATER_STYLES = _read_styles("hard_rock", "metal", "pop")


def style(name: str) -> Style:
    """Return a style by name.

    Raises
    ------
    ConfigError
        If it is unknown.
    """
    return look_up({**STYLES, **LATER_STYLES}, name, "unknown style")
