# SPDX-License-Identifier: GPL-3.0-or-later
"""A packed run trains from what was packed alone."""

import dataclasses

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from models import SMALL
from recorded import write_song
from requinto.config import read_toml
from requinto.errors import ConfigError
from requinto_lab.evaluation.items import read_items
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.training.fit import TrainingConfig, training_config
from requinto_lab.training.generators import MaterialConfig, build_generator
from requinto_lab.training.mixing_config import MixingConfig
from requinto_lab.training.pack import main, pack


@pytest.fixture
def config(library, bench, tmp_path):
    recorded = tmp_path / "recorded"
    for index in range(3):
        write_song(recorded, f"song{index}", "ada", 300.0 + 200 * index)
    return TrainingConfig(
        loops=str(library),
        validation=str(bench),
        run=str(tmp_path / "run"),
        model=SMALL,
        mixing=MixingConfig(n_frames=30_000, reference_frames=20_000),
        material=MaterialConfig(
            recorded=str(recorded),
            songs=(str(library),),
            recorded_pairs=1,
            song_stems=1,
        ),
    )


def test_a_packed_run_is_the_same_run_over_less(config, tmp_path, monkeypatch):
    folder = tmp_path / "excerpt"
    pack(config, folder, 4_000_000)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    assert size < 8_000_000  # the last song of each kind may go beyond its share
    packed = training_config(read_toml(folder / "run.toml"))
    assert packed.model == config.model
    assert packed.mixing == config.mixing
    assert packed.material.pairs == config.material.pairs

    monkeypatch.chdir(folder)
    generator, checksums = build_generator(
        packed.loops, packed.mixing, packed.material, split="train"
    )
    assert set(checksums) == {"loops", "recorded", "songs"}
    kinds = set()
    for seed in range(12):
        for example in generator.examples(np.random.default_rng(seed)):
            kinds.add(example.instrument)
            assert np.isfinite(example.mixture).all() and example.mixture.any()
    assert "song" in kinds and len(kinds) > 2
    assert 0 < len(read_items(folder / "items")) <= 4


def test_what_is_packed_sounds_as_it_did(config, tmp_path):
    folder = tmp_path / "excerpt"
    pack(config, folder, 4_000_000)
    packed = LoopLibrary(folder / "loops", "train").stems[0]
    whole = LoopLibrary(config.loops, "train")
    (stem,) = [
        s
        for s in whole.stems
        if (s.song, s.timbre, s.part)
        == (packed.song.rsplit("-", 1)[0], packed.timbre, packed.part)
    ]
    loud = int(stem.beats[len(stem.beats) // 2])
    one, other = (
        LoopLibrary(path, "train").read(s, loud, 40_000)
        for path, s in ((config.loops, stem), (folder / "loops", packed))
    )
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_a_folder_that_is_there_is_left_alone(config, tmp_path):
    (tmp_path / "excerpt").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        pack(config, tmp_path / "excerpt", 1_000_000)


def test_a_model_travels_with_the_run_that_begins_with_it(config, tmp_path):
    from requinto_lab.networks.weights import build_networks, save_networks

    save_networks(tmp_path / "start", "standard", SMALL, build_networks(SMALL), {})
    config = dataclasses.replace(config, start_from=str(tmp_path / "start"))
    pack(config, tmp_path / "excerpt", 1_000_000)
    names = {f.name for f in (tmp_path / "excerpt" / "model").iterdir()}
    assert names == {"standard.json", "standard.npz"}
    assert read_toml(tmp_path / "excerpt" / "run.toml")["start_from"] == "model"


def test_a_bad_command_is_one_line(tmp_path):
    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["nothing.toml", "-o", str(tmp_path / "x")])
    assert result.exit_code == 2
    assert "nothing.toml cannot be used" in result.output
    assert "Traceback" not in result.output
