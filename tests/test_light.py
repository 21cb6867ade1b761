# SPDX-License-Identifier: GPL-3.0-or-later
"""On the way to the first sound nothing heavy is imported."""

import subprocess
import sys

import pytest

HEAVY = {
    *("librosa", "numba", "sklearn", "scipy", "matplotlib", "pedalboard"),
    *("tensorflow", "keras", "rich", "typer"),
}
REPORT = f"""
import sys
print(sorted({HEAVY!r} & set(sys.modules)))
"""
# All of a clip's path but the network: to the view that it gets, and from its mask
SEPARATE = """
import numpy as np
import requinto.bridge
from requinto.beats import Beats
from requinto.config import DecodingConfig, EvidenceConfig, RhythmConfig, SpectraConfig
from requinto.decoding import choose_bars, choose_beats, refined
from requinto.evidence import Evidence
from requinto.inaudible import without_infrasound, without_whine
from requinto.rhythm import features
from requinto.separator import _resampled
from requinto.spectra import Spectra

rng = np.random.default_rng(0)
time_s = np.arange(96000) / 48000
song = 0.1 * rng.standard_normal((2, 96000)) + 0.3 + np.sin(2 * np.pi * 19000 * time_s)
clip = _resampled(song.astype(np.float32), 48000, 44100, 88200)
spectra = Spectra(SpectraConfig(limit_inaudible=True))
evidence = Evidence(EvidenceConfig(placement=True), spectra)
spectrum = without_whine(spectra.analyse(without_infrasound(clip, 44100)), 44100 / 4096)
power = evidence.power(spectrum)
view = evidence.view(power, evidence.templates(power), evidence.balance(power))
estimate = spectra.synthesise(spectra.apply(view[..., :2], spectrum), 88200)
assert np.isfinite(_resampled(estimate, 44100, 48000, 96000)).all()
assert np.isfinite(features(clip, 44100, RhythmConfig())).all()
probability = rng.random(500)
columns = choose_beats(probability, DecodingConfig(), 50.0)
choose_bars(probability[columns], DecodingConfig())
refined(probability, columns)
"""


@pytest.mark.parametrize(
    "script", ["import requinto", SEPARATE], ids=["import", "clip"]
)
def test_nothing_heavy_is_imported(script):
    result = subprocess.run(
        [sys.executable, "-c", script + REPORT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
