# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system by its name, in the order of the tables."""

from __future__ import annotations

import functools
from collections.abc import Callable

from requinto.errors import ConfigError
from requinto.model_folder import models_folder
from requinto_lab.evaluation.oracles import IdealBinaryMask, IdealRatioMask, Mix
from requinto_lab.evaluation.systems import Requinto, System
from requinto_lab.material.instruments import BACHATA
from requinto_lab.systems import spectrogram_channels
from requinto_lab.systems.bachata2020 import Bachata2020
from requinto_lab.systems.deepconvsep import DeepConvSep
from requinto_lab.systems.denoising_autoencoder import Denoised
from requinto_lab.systems.harmonic_percussive import HarmonicPercussive
from requinto_lab.systems.lstm_separator import LstmSeparator
from requinto_lab.systems.nmf import Nmf
from requinto_lab.systems.recurrent_masker import RecurrentMasker
from requinto_lab.systems.repet_sim import RepetSim
from requinto_lab.systems.spectrogram_channels import SpectrogramChannels
from requinto_lab.systems.spleeter import Spleeter

_AUTOENCODERS = (
    "deepconvsep",
    *(f"denoising-autoencoder-{name}" for name in BACHATA),
)
# Weights that need not be there: `requinto train` makes them again
_WEIGHTS: dict[str, tuple[str, ...]] = {
    "requinto fast": ("fast",),
    "spectrogram-channels": ("spectrogram-channels",),
    "spectrogram-channels (gate)": ("spectrogram-channels",),
    "spectrogram-channels-voice": ("spectrogram-channels-voice",),
    "deepconvsep": ("deepconvsep",),
    "deepconvsep (autoencoders)": _AUTOENCODERS,
    "deepconvsep (autoencoder masks)": _AUTOENCODERS,
    "recurrent-masker": ("recurrent-masker",),
    "recurrent-masker (one output)": ("recurrent-masker-one",),
    "lstm-separator": ("lstm-separator",),
    "lstm-separator-guitar-bass": ("lstm-separator-guitar-bass",),
}

SYSTEMS: dict[str, Callable[[], System]] = {
    "mix": Mix,
    "requinto": Requinto,
    "requinto fast": functools.partial(Requinto, model="fast"),
    "bachata2020": Bachata2020,
    "bachata2020 (mask)": functools.partial(Bachata2020, unstretch="mask"),
    "spectrogram-channels": SpectrogramChannels,
    "spectrogram-channels (gate)": functools.partial(SpectrogramChannels, gate=True),
    "spectrogram-channels-voice": functools.partial(
        SpectrogramChannels, model=spectrogram_channels.VOICE
    ),
    "deepconvsep": DeepConvSep,
    "deepconvsep (autoencoders)": Denoised,
    "deepconvsep (autoencoder masks)": functools.partial(Denoised, way="masks"),
    "recurrent-masker": RecurrentMasker,
    "recurrent-masker (one output)": functools.partial(RecurrentMasker, n_outputs=1),
    "lstm-separator": LstmSeparator,
    "lstm-separator-guitar-bass": functools.partial(
        LstmSeparator, sources=("guitar", "bass")
    ),
    "harmonic-percussive": HarmonicPercussive,
    "nmf": Nmf,
    "repet-sim": RepetSim,
    "spleeter": Spleeter,
    "ideal ratio mask": IdealRatioMask,
    "ideal binary mask": IdealBinaryMask,
}


def usual() -> tuple[str, ...]:
    """Return the names of all systems but those whose weights are not there."""
    folder = models_folder()
    return tuple(
        name
        for name in SYSTEMS
        if all((folder / f"{w}.npz").is_file() for w in _WEIGHTS.get(name, ()))
    )


def checked(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names, or raise `ConfigError` if one is unknown."""
    for name in names:
        if name not in SYSTEMS:
            known = ", ".join(SYSTEMS)
            raise ConfigError(f"unknown system {name!r}; known are {known}")
    return names


def make_systems(names: tuple[str, ...]) -> list[System]:
    """Return systems by their names, ready to be asked.

    Raises
    ------
    ConfigError
        If a name is unknown.
    RequintoError
        If what a system needs is not installed.
    """
    return [SYSTEMS[name]() for name in checked(names)]
