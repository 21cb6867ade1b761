# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin inside DawDreamer, which has a tempo and a position that moves."""

import subprocess
import sys

import pytest

import requinto
from shell import SUPPORT

pytestmark = pytest.mark.plugin

IN_DAWDREAMER = """
import importlib, sys
import numpy as np, dawdreamer, requinto
from requinto import bridge
from unchanged import Unchanged

class Marking(Unchanged):
    def separate(self, clip, sample_rate, query, sensitivity=0.5):
        return clip * np.float32(0.5 + clip.shape[1] / 1e6)

    def separate_all(self, clips, sample_rate, query, sensitivity=0.5):
        return [self.separate(clip, sample_rate, query, sensitivity) for clip in clips]

RATE, separator = 44100, Marking()
bridge.load_separator = lambda *_: separator
importlib.import_module("requinto.extract").load_separator = bridge.load_separator
sound = np.random.default_rng(0).uniform(-1, 1, (2, 14 * RATE)).astype(np.float32)
for block, bpm in ((512, 100.0), (333, 137.0)):
    engine = dawdreamer.RenderEngine(RATE, block)
    engine.set_bpm(bpm)
    plugin = engine.make_plugin_processor("requinto", sys.argv[1])
    names = [row["name"] for row in plugin.get_parameters_description()]
    assert names[:6] == [
        "Target", "Output", "Amount", "Beat source", "Tempo", "Status"], names
    assert names[6:13] == [
        "Quality", "Clip", "Learn", "Sensitivity", "Bypass", "Dropouts",
        "Compare"], names
    engine.load_graph([
        (engine.make_playback_processor("song", sound), []), (plugin, ["song"])])
    engine.render(14.0)
    found = engine.get_audio()[:, plugin.get_latency_samples():]
    n = found.shape[1]
    assert n > 8 * RATE
    for tempo in (bpm, 120.0):
        grid = requinto.Beats.grid(tempo, 14.0)
        wanted = requinto.extract(sound, RATE, beats=grid)[:, :n]
        apart = np.abs(found - wanted).max()
        assert (apart < 1e-6) == (tempo == bpm), (bpm, tempo, apart)
"""


def test_dawdreamers_tempo_and_position_are_followed():
    # In its own process: it and pedalboard each bring a whole JUCE
    result = subprocess.run(
        [sys.executable, "-c", IN_DAWDREAMER, str(requinto.plugin_path())],
        cwd=SUPPORT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
