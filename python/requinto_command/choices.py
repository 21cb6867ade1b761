# SPDX-License-Identifier: GPL-3.0-or-later
"""What `requinto extract` is called with, checked before any song is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from requinto.arguments import (
    DEFAULT_OPTIONS,
    Options,
    check_options,
    check_target,
    suggestion,
)
from requinto.errors import ConfigError, TargetError
from requinto.model_folder import DEFAULT_TARGET
from requinto_command.completion import CHANNELS, FORMATS
from requinto_command.options import STDIN
from requinto_command.times import parse_time_s
from requinto_command.titles import make_distinct
from requinto_command.workshop import OWN_SYSTEM, check_workshop, read_systems
from requinto_files.output_files import refer_to_one_file


class Request(NamedTuple):
    """The arguments and options; those not given are None, or empty."""

    songs: tuple[Path, ...]
    targets: tuple[str, ...]
    references: tuple[Path, ...]
    output: str | None
    rest: str | None
    plot: str | None
    start: str | None
    end: str | None
    format: str | None
    bit_depth: int | None
    channels: str
    model: str | None
    beats_per_clip: int | None
    sensitivity: float | None
    system: str | None
    overwrite: bool
    as_json: bool


class InstrumentChoice(NamedTuple):
    """An instrument to extract: a target, a reference, or the default where neither."""

    title: str
    target: str | None = None
    reference: Path | None = None


class Choices(NamedTuple):
    """What a request chooses of an extraction."""

    instruments: tuple[InstrumentChoice, ...]
    options: Options
    system: str
    start_s: float
    end_s: float | None
    ending: str | None  # of sounds, where `--format` says it
    bit_depth: int | None
    downmix: bool

    @property
    def is_own(self) -> bool:
        """Whether our system extracts, not an earlier one."""
        return self.system == OWN_SYSTEM

    @property
    def titles(self) -> tuple[str, ...]:
        """Of the instruments."""
        return tuple(instrument.title for instrument in self.instruments)


def check_choices(request: Request) -> Choices:
    """Return what a request chooses, or raise `RequintoError`."""
    system = OWN_SYSTEM if request.system is None else request.system
    options = options_of(request.model, request.beats_per_clip, request.sensitivity)
    if system == OWN_SYSTEM:
        options = check_options(options)
    else:
        _check_earlier_system(system, options)
    start_s, end_s = _check_times(request.start, request.end)
    return Choices(
        instruments=_check_instruments(request, system),
        options=options,
        system=system,
        start_s=start_s,
        end_s=end_s,
        ending=check_format(request.format) if request.format is not None else None,
        bit_depth=request.bit_depth,
        downmix=_check_channels(request.channels),
    )


def options_of(
    model: str | None, beats_per_clip: int | None, sensitivity: float | None
) -> Options:
    """Return options of an extraction: the default of each that is None."""
    given = {
        "model": model,
        "beats_per_clip": beats_per_clip,
        "sensitivity": sensitivity,
    }
    chosen: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    return DEFAULT_OPTIONS._replace(**chosen)


def _check_earlier_system(system: str, options: Options) -> None:
    """Raise unless there is such a system, and it has these options."""
    known = read_systems()
    if system not in known:
        raise ConfigError(
            f"unknown system {system!r}; known are {', '.join(known)}"
            + suggestion(system, known)
        )
    check_workshop()
    from requinto_lab.systems.registry import check_extracts

    check_extracts(system)
    if options.model != DEFAULT_OPTIONS.model:
        raise ConfigError(
            f"--model is only for system {OWN_SYSTEM}, got {options.model!r} for "
            f"{system!r}"
        )
    if options != DEFAULT_OPTIONS:
        raise ConfigError(f"--beats-per-clip and --sensitivity are not of {system!r}")


def _check_instruments(request: Request, system: str) -> tuple[InstrumentChoice, ...]:
    names = [_check_target_of(system, name) for name in request.targets]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise TargetError(f"--target {name} is given twice")
    references = request.references
    if STDIN in references:
        raise ConfigError("--reference must be a file, got -; a song can be that")
    for i, path in enumerate(references):
        if any(refer_to_one_file(path, other) for other in references[:i]):
            raise TargetError(f"--reference {path} is given twice")
    titles = _reference_titles(references, names)
    chosen = [InstrumentChoice(name, target=name) for name in names]
    for title, path in zip(titles, references, strict=True):
        chosen.append(InstrumentChoice(title, reference=path))
    return tuple(chosen) or (InstrumentChoice(DEFAULT_TARGET),)


def _check_target_of(system: str, name: str) -> str:
    if system == OWN_SYSTEM:
        return check_target(name)
    from requinto_lab.systems.registry import instrument_name

    return instrument_name(name)


def _reference_titles(references: Sequence[Path], names: Sequence[str]) -> list[str]:
    if len(references) == 1:
        return make_distinct(["reference"], names)
    return make_distinct([path.stem for path in references], names)


def _check_times(start: str | None, end: str | None) -> tuple[float, float | None]:
    start_s = 0.0 if start is None else parse_time_s(start, "--start")
    end_s = None if end is None else parse_time_s(end, "--end")
    if end_s is not None and end_s <= start_s:
        begin = "0, where songs begin" if start is None else f"--start {start}"
        raise ConfigError(f"--end must be after {begin}, got {end}")
    return start_s, end_s


def check_format(name: str) -> str:
    """Return the ending of a kind of sound file, or raise `ConfigError`."""
    plain = name.casefold().removeprefix(".")
    return f".{_check_choice('format', plain, FORMATS)}"


def _check_channels(name: str) -> bool:
    """Return whether more than two channels are mixed down."""
    return _check_choice("choice of --channels", name, CHANNELS) == "downmix"


def _check_choice(what: str, name: str, known: Sequence[str]) -> str:
    if name in known:
        return name
    raise ConfigError(
        f"unknown {what} {name!r}; known are {', '.join(known)}"
        + suggestion(name, known)
    )
