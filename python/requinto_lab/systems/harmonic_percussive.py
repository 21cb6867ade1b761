# SPDX-License-Identifier: GPL-3.0-or-later
"""Harmonic and percussive parts by median filtering: no training, no reference."""

from __future__ import annotations

from dataclasses import dataclass

import librosa
import numpy as np

from requinto.config import SpectraConfig
from requinto.spectra import Spectra
from requinto_lab.evaluation.systems import Task
from requinto_lab.material.instruments import PERCUSSION


@dataclass(frozen=True)
class HarmonicPercussiveConfig:
    """Its numbers, the best of twelve sets tried on rendered validation mixes."""

    n_fft: int = 4096  # samples of the Hann window
    hop: int = 1024  # samples between columns
    kernel: int = 17  # columns of the one median, bins of the other


class HarmonicPercussive:
    """Median filtering along time keeps tones, along frequency keeps strokes.

    The two filtered spectrograms make soft masks (squared, as librosa has it).
    An instrument of `PERCUSSION` is answered with the percussive part of the
    mixture, any other with the harmonic part: all tones, whoever plays them.
    The reference is not heard.

    References
    ----------
    Fitzgerald, "Harmonic/percussive separation using median filtering", DAFx
    2010; librosa.decompose.hpss.
    """

    name = "harmonic-percussive"
    n_parameters = 0
    uses_reference = False

    def __init__(self, config: HarmonicPercussiveConfig | None = None) -> None:
        self.config = config or HarmonicPercussiveConfig()
        self._spectra = Spectra(
            SpectraConfig(n_fft=self.config.n_fft, hop=self.config.hop)
        )

    def applies(self, instrument: str) -> bool:
        """Whether it can be asked: always."""
        return True

    def estimate(self, task: Task) -> np.ndarray:
        """Return the part that the instrument is of, shaped as the mixture."""
        spectrum = self._spectra.analyse(task.mixture)
        harmonic, percussive = librosa.decompose.hpss(
            np.abs(spectrum), kernel_size=self.config.kernel, mask=True
        )
        mask = percussive if task.instrument in PERCUSSION else harmonic
        return self._spectra.synthesise(mask * spectrum, task.mixture.shape[-1])
