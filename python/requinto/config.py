# SPDX-License-Identifier: GPL-3.0-or-later
"""Every number that shapes a model, in frozen dataclasses saved beside its weights."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from requinto.checks import list_choices
from requinto.errors import ConfigError, reason_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Config = TypeVar("Config")

# Seconds of the longest clip, and after it: the plugin's latency holds both, and is in
# `plugin/core/clip.c` too
LONGEST_CLIP_S = {1: 0.5, 2: 2.0, 4: 4.0}  # by beats
_RIGHT_CONTEXT_S, _RIGHT_CONTEXT_OF_ONE_S = 0.5, 0.3

# Of an extraction, unless its caller says otherwise
DEFAULT_BEATS_PER_CLIP = 4
DEFAULT_SENSITIVITY = 0.5  # at which masks are as trained


@dataclass(frozen=True)
class ClipConfig:
    """How audio is cut at beats into clips, and joined again."""

    # Fewer where these last longer than longest_clip_s
    beats_per_clip: int = DEFAULT_BEATS_PER_CLIP
    longest_clip_s: float = LONGEST_CLIP_S[DEFAULT_BEATS_PER_CLIP]
    left_context_s: float = 1.0  # that the network sees before a clip
    right_context_s: float = _RIGHT_CONTEXT_S  # and after it
    crossfade_s: float = 0.1  # centred on each join

    def __post_init__(self) -> None:
        if self.beats_per_clip not in LONGEST_CLIP_S:
            raise ConfigError(
                f"beats_per_clip must be {list_choices(LONGEST_CLIP_S)}, "
                f"got {self.beats_per_clip}"
            )
        for name in ("longest_clip_s", "crossfade_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("left_context_s", "right_context_s"):
            if getattr(self, name) < self.crossfade_s / 2:
                raise ConfigError(
                    f"{name} must cover half a crossfade ({self.crossfade_s / 2} s), "
                    f"got {getattr(self, name)}"
                )

    def of_beats(self, beats_per_clip: int) -> ClipConfig:
        """Return how clips of so many beats are cut for the same network.

        Those of one beat are whole at 120 bpm and faster; slower beats are divided.

        Raises
        ------
        ConfigError
            If there are no such clips.
        """
        if beats_per_clip == self.beats_per_clip:
            return self
        is_one = beats_per_clip == 1
        return dataclasses.replace(
            self,
            beats_per_clip=beats_per_clip,
            longest_clip_s=LONGEST_CLIP_S.get(beats_per_clip, 0.0),
            right_context_s=_RIGHT_CONTEXT_OF_ONE_S if is_one else self.right_context_s,
        )


@dataclass(frozen=True)
class SpectraConfig:
    """The transform, and the bands in which the network sees it."""

    sample_rate: int = 44100  # Hz
    n_fft: int = 4096  # samples of the Hann window
    hop: int = 2048  # samples between columns
    n_bands: int = 256  # rows the network sees, a multiple of 16
    n_linear_bands: int = 128  # the lowest, one bin wide each; the rest logarithmic
    n_columns_step: int = 16  # clips are padded to a multiple of this
    # What is inaudible does not steer the network: see `Spectra.limit_inaudible`
    limit_inaudible: bool = False

    def __post_init__(self) -> None:
        if self.n_fft % (2 * self.hop):
            raise ConfigError(
                f"hop must divide half of n_fft ({self.n_fft}), got {self.hop}"
            )

    @property
    def n_bins(self) -> int:
        """Frequency bins of the transform."""
        return self.n_fft // 2 + 1

    def n_columns(self, n_frames: int) -> int:
        """Return how many columns `n_frames` of sound have."""
        return -(-n_frames // self.hop) + 1


@dataclass(frozen=True)
class TemplateConfig:
    """How the spectra of a reference are matched against a mixture."""

    n_templates: int = 16  # spectra fitted to a reference; 0: no matching
    n_free: int = 32  # spectra left to everything else
    n_learning: int = 30  # iterations that fit them to the reference
    n_iterations: int = 15  # on the mixture
    # For each share, by how many semitones either way templates are moved
    reaches: tuple[int, ...] = (0, 6)
    # Wider reaches than this drop most spectra after `n_trial` iterations; 0: none do
    prune_above: int = 0
    n_trial: int = 4  # iterations with all of them
    n_kept: int = 160  # spectra that stay: those that explain the mixture best
    placement: bool = False  # a view of closeness to the reference's stereo position

    def __post_init__(self) -> None:
        if not self.reaches or min(self.reaches) < 0:
            raise ConfigError(f"reaches must be 0 or more, got {list(self.reaches)}")
        for name in ("n_trial", "n_kept"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"{name} must be 1 or more, got {getattr(self, name)}"
                )


@dataclass(frozen=True)
class UNetConfig:
    """Shape of the network."""

    widths: tuple[int, ...] = (32, 64, 112, 160, 224)  # channels by depth
    # Mixing across bands, by depth: numbers in between, 0 where there is none
    across_frequency: tuple[int, ...] = (32, 32, 32, 16, 16)
    # Heads of self-attention, by depth, 0 where there is none
    attention: tuple[int, ...] = (0, 0, 0, 4, 0)
    recurrence: int = 128  # units of the recurrence at the bottom; 0: none
    reference_widths: tuple[int, ...] = (16, 32, 64, 96)
    reference_size: int = 64  # length of the reference embedding
    mask_ceiling: float = 2.0  # 22 % of ideal mask values exceed 1
    # Share of the mask that is the template shares themselves, so that a network that
    # is wrong about an unknown sound leaves it faint instead of silent
    template_weight: float = 0.1
    # Shares that are blended into the mask, the first ones: wide reaches match too much
    n_blended_shares: int = 2

    EARLIER_NAMES: ClassVar = {"evidence_weight": "template_weight"}

    def __post_init__(self) -> None:
        if self.n_blended_shares < 1:
            raise ConfigError(
                f"n_blended_shares must be 1 or more, got {self.n_blended_shares}"
            )
        if not 0 <= self.template_weight < 1:
            raise ConfigError(
                f"template_weight must be in [0, 1), got {self.template_weight}"
            )
        for name in ("across_frequency", "attention"):
            if (n := len(getattr(self, name))) != len(self.widths):
                raise ConfigError(
                    f"{name} needs {len(self.widths)} numbers, as widths has, got {n}"
                )


@dataclass(frozen=True)
class ModelConfig:
    """All a model needs to be rebuilt."""

    clips: ClipConfig = field(default_factory=ClipConfig)
    spectra: SpectraConfig = field(default_factory=SpectraConfig)
    templates: TemplateConfig = field(default_factory=TemplateConfig)
    unet: UNetConfig = field(default_factory=UNetConfig)

    EARLIER_NAMES: ClassVar = {"evidence": "templates"}

    @property
    def n_views(self) -> int:
        """Channels that the U-Net sees of a mixture: see `templates.py`."""
        return 2 + self.n_shares + self.templates.placement

    @property
    def n_shares(self) -> int:
        """Shares of templates among these channels."""
        return len(self.templates.reaches) if self.templates.n_templates else 0


@dataclass(frozen=True)
class RhythmConfig:
    """What the beat network sees of a sound: see `rhythm.py`."""

    sample_rate: int = 22050  # Hz
    hop: int = 441  # samples between columns: 50 a second
    n_fft: int = 1024  # samples of the window that shows onsets
    n_bands: int = 64  # mel bands of it
    lowest_hz: float = 30.0
    highest_hz: float = 10000.0
    n_fft_harmony: int = 4096  # samples of the window that shows chords
    bass_hz: float = 250.0  # below which chords are the bass's
    change_s: tuple[float, ...] = (0.25, 0.5, 1.0)  # before and after, compared

    @property
    def columns_per_s(self) -> float:
        """Columns a second."""
        return self.sample_rate / self.hop

    @property
    def n_features(self) -> int:
        """Numbers a column: bands, then changes of harmony."""
        return self.n_bands + 2 * len(self.change_s)


@dataclass(frozen=True)
class BeatNetworkConfig:
    """Shape of the network that predicts beats and downbeats."""

    front_widths: tuple[int, ...] = (16, 32, 48)  # channels; bands shrink by 4 each
    n_channels: int = 48  # of the layers in time
    kernel: int = 5  # columns
    n_dilations: int = 9  # layers in time, each reaching twice as far
    dropout: float = 0.1


@dataclass(frozen=True)
class DecodingConfig:
    """How beats and bars are chosen from activations."""

    slowest_bpm: float = 42.0
    fastest_bpm: float = 230.0
    min_beat: float = 0.4  # activation that counts neither for nor against a beat
    min_downbeat: float = 0.25  # the same of a downbeat
    tempo_change_cost: float = 100.0  # for each octave, squared, from beat to beat
    jump_cost: float = 8.0  # the most that a change costs: a held beat
    bars: tuple[int, ...] = (2, 3, 4)  # beats of a bar that are thought of
    half_bar_cost: float = 3.0
    short_bar_cost: float = 8.0  # of another length than half
    metre_change_cost: float = 9.0
    min_confidence: float = 0.2  # below it the beats are replaced by a plain grid

    EARLIER_NAMES: ClassVar = {
        "least_beat": "min_beat",
        "least_downbeat": "min_downbeat",
        "least_confidence": "min_confidence",
    }


@dataclass(frozen=True)
class TrackerConfig:
    """All that the beat tracker needs to be rebuilt."""

    rhythm: RhythmConfig = field(default_factory=RhythmConfig)
    network: BeatNetworkConfig = field(default_factory=BeatNetworkConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    ConfigError
        If it cannot be read.
    """
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be used: {reason_of(error)}") from error


def from_values(kind: type[Config], values: dict[str, Any], of: str) -> Config:
    """Return a dataclass made of named values.

    Parameters
    ----------
    kind : type
        The dataclass. Its `EARLIER_NAMES`, if any, are what records and recipes that
        were saved before call some of its fields.
    values : dict
        As TOML or JSON gives them; lists become tuples, and a dictionary for a field
        whose default is a dataclass becomes one.
    of : str
        What they configure, for an error.

    Raises
    ------
    ConfigError
        If a name is unknown, one that is needed is missing, or a value cannot be used.
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values = current_names(kind, values)
    if unknown := set(values) - set(fields):
        raise ConfigError(
            f"{of}: unknown names {sorted(unknown)}; known are {sorted(fields)}"
        )
    needed = {
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    if missing := needed - set(values):
        raise ConfigError(f"{of}: {sorted(missing)} must be given")
    given = {name: _field_value(fields[name], value) for name, value in values.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise ConfigError(f"{of}: {error}") from error


def current_names(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    """Return named values, saved at any time, by the names that their fields have."""
    earlier_names: dict[str, str] = getattr(kind, "EARLIER_NAMES", {})
    for earlier, name in earlier_names.items():
        if earlier in values and name not in values:
            values = {name if key == earlier else key: values[key] for key in values}
    return values


def _field_value(of: dataclasses.Field[Any], value: Any) -> Any:
    part = of.default_factory
    if isinstance(part, type) and dataclasses.is_dataclass(part):
        if not isinstance(value, dict):
            raise ConfigError(f"{of.name} must be a table of values, got {value!r}")
        return from_values(part, value, of.name)
    return tuple(value) if isinstance(value, list) else value
