# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded one-shots: acoustic drum kits, hand percussion, Sonic Pi's samples."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TypeVar

import numpy as np

from requinto.errors import ConfigError
from requinto_lab.material import samples
from requinto_lab.material.sampler import Sample, SampleSet, StrokeSet
from requinto_lab.material.soundfonts import SAMPLE_RATE, Bank, BankError, find_bank

_T = TypeVar("_T")

SONIC_PI_FOLDERS = (
    Path("/usr/share/sonic-pi/samples"),
    Path("/usr/local/share/sonic-pi/samples"),
)
AVL_BANKS = {
    "black-pearl": "Black_Pearl_4_LV2.sf2",
    "red-zeppelin": "Red_Zeppelin_4_LV2.sf2",
}
AVL_KEYS = {
    "kick": 36,
    "snare": 38,
    "rim": 37,
    "clap": 39,
    "hat": 42,
    "open": 48,
    "ride": 51,
    "crash": 49,
    "tom": 45,
    "floor": 41,
    "bell": 56,
}
_AVL_LAYERS = (0.1, 0.3, 0.5, 0.7, 0.95)
_AVL_STROKE_S = 2.5
_HAND_LAYERS = (0.1, 0.3, 0.5, 0.7, 0.9)
# Strokes of the kit of hands, as its files begin
HAND: dict[str, dict[str, str]] = {
    "cajon": {
        "kick": "CajonThumps",
        "snare": "CajonSlaps",
        "rim": "Clave",
        "clap": "HandClap",
        "hat": "Maraca",
        "open": "Tambourine",
        "bell": "Cowbell",
    },
    "maraca": {"shake": "Maraca"},
    "tambourine": {"shake": "Tambourine"},
}
# Instrument, kit, stroke: files of Sonic Pi, from soft to loud
SONIC_PI: dict[str, dict[str, dict[str, tuple[str, ...]]]] = {
    "drums": {
        "acoustic": {
            "kick": ("drum_bass_soft", "drum_bass_hard"),
            "snare": ("drum_snare_soft", "drum_snare_hard"),
            "hat": ("drum_cymbal_closed",),
            "open": ("drum_cymbal_open",),
            "ride": ("drum_cymbal_soft",),
            "crash": ("drum_splash_soft", "drum_splash_hard"),
            "tom": ("drum_tom_hi_soft", "drum_tom_hi_hard"),
            "floor": ("drum_tom_lo_soft", "drum_tom_lo_hard"),
            "clap": ("perc_snap",),
            "bell": ("drum_cowbell",),
        },
        "electric": {
            "kick": ("elec_soft_kick", "elec_hollow_kick"),
            "snare": ("elec_lo_snare", "elec_mid_snare", "elec_hi_snare"),
            "rim": ("elec_wood",),
            "hat": ("elec_tick",),
            "open": ("elec_cymbal",),
            "tom": ("elec_fuzz_tom",),
            "bell": ("elec_bell",),
        },
        "house": {
            "kick": ("bd_haus",),
            "snare": ("sn_dub",),
            "hat": ("drum_cymbal_pedal",),
            "clap": ("perc_snap2",),
            "open": ("drum_cymbal_open",),
        },
        "club": {
            "kick": ("bd_klub",),
            "snare": ("sn_dolf",),
            "hat": ("drum_cymbal_pedal",),
            "open": ("elec_filt_snare",),
        },
        "heavy": {
            "kick": ("drum_heavy_kick",),
            "snare": ("sn_generic",),
            "hat": ("drum_cymbal_closed",),
            "open": ("drum_cymbal_hard",),
        },
    },
    # Never trained on: the strokes keep the names of its syllables
    "tabla": {
        "tabla": {
            "na": ("tabla_na",),
            "tin": ("tabla_tun1", "tabla_tun2"),
            "te": ("tabla_te1", "tabla_te2"),
            "ke": ("tabla_ke1", "tabla_ke2"),
            "ge": ("tabla_ghe2", "tabla_ghe5"),
            "re": ("tabla_re",),
            "tas": ("tabla_tas1", "tabla_tas2"),
        }
    },
}
# Instrument, name: file of Sonic Pi, and what it sounds (measured by
# autocorrelation) as a MIDI note with its fraction
SONIC_PI_NOTES: dict[str, dict[str, tuple[str, float]]] = {
    "bass": {
        "dnb": ("bass_dnb_f", 29.07),
        "hard": ("bass_hard_c", 23.93),
        "thick": ("bass_thick_c", 35.92),
        "trance": ("bass_trance_c", 35.95),
        "voxy": ("bass_voxy_c", 36.04),
        "voxy-hit": ("bass_voxy_hit_c", 36.01),
        "woodsy": ("bass_woodsy_c", 35.92),
    },
    "pad": {"glass-hum": ("ambi_glass_hum", 45.04)},
}


@functools.cache
def sonic_pi_kit(instrument: str, name: str) -> StrokeSet:
    """Return a kit of Sonic Pi's samples, of those in `SONIC_PI`.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If the samples are not installed.
    """
    kit = _named(SONIC_PI.get(instrument, {}), name, f"kit of {instrument!r}")
    layers = {stroke: [_sonic_pi(f) for f in files] for stroke, files in kit.items()}
    return StrokeSet(layers)


@functools.cache
def sonic_pi_notes(instrument: str, name: str) -> SampleSet:
    """Return a pitched one-shot of Sonic Pi's, of those in `SONIC_PI_NOTES`.

    Raises
    ------
    ConfigError
        If there is no such sound.
    BankError
        If the samples are not installed.
    """
    known = SONIC_PI_NOTES.get(instrument, {})
    file, pitch = _named(known, name, f"sample of {instrument!r}")
    return SampleSet([Sample(_sonic_pi(file), pitch)])


@functools.cache
def avl_kit(name: str) -> StrokeSet:
    """Return one of the two acoustic kits of avldrums, of those in `AVL_BANKS`.

    Five recorded layers of each stroke, brought to one peak.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If it is not installed.
    """
    file = _named(AVL_BANKS, name, "kit")
    try:
        path = find_bank(file)
    except BankError as error:
        text = f"{error}: Debian has it in avldrums.lv2-soundfont"
        raise BankError(text) from None
    bank = Bank(path)
    size = round(_AVL_STROKE_S * SAMPLE_RATE)
    layers: dict[str, list[np.ndarray]] = {}
    for stroke, key in AVL_KEYS.items():
        takes = [bank.render([(0, size, key, v)], size, 0) for v in _AVL_LAYERS]
        peak = max(float(np.abs(take).max()) for take in takes)
        layers[stroke] = [
            take * np.float32(peak / np.abs(take).max()) for take in takes
        ]
    return StrokeSet(layers)


@functools.cache
def hand_kit(name: str) -> StrokeSet:
    """Return percussion played by hand, of those in `HAND`.

    Raises
    ------
    ConfigError
        If there is no such kit.
    BankError
        If Hydrogen's kits are not installed.
    """
    kit = _named(HAND, name, "kit")
    try:
        samples.find_kit(samples.HAND_KIT)
    except BankError as error:
        raise BankError(f"{error}: Debian has it in hydrogen-drumkits") from None
    return StrokeSet(
        {
            stroke: [samples.hand_stroke(file, v) for v in _HAND_LAYERS]
            for stroke, file in kit.items()
        }
    )


def _sonic_pi(name: str) -> np.ndarray:
    for folder in SONIC_PI_FOLDERS:
        path = folder / f"{name}.flac"
        if path.exists():
            sound = samples.read(path)
            return np.asarray(sound / np.abs(sound).max(), np.float32)
    raise BankError(
        f"sample {name!r} is not installed: Debian has it in sonic-pi-samples"
    )


def _named(table: dict[str, _T], name: str, what: str) -> _T:
    if name not in table:
        raise ConfigError(f"no {what} {name!r}; known are {', '.join(table)}")
    return table[name]
