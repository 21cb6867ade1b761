# SPDX-License-Identifier: GPL-3.0-or-later
"""Studies of separators train what they say, once, and measure it."""

import dataclasses

import numpy as np
import pytest

import quartet
from requinto_lab import studies
from requinto_lab.studies import maskers, separators
from requinto_lab.systems import lstm_separator, recurrent_masker
from requinto_lab.systems import spectrogram_channels as channels
from requinto_lab.systems.fixed_outputs import GateConfig
from requinto_lab.systems.lstm_separator import (
    LstmSeparatorConfig,
    LstmSeparatorTraining,
)
from requinto_lab.systems.recurrent_masker import (
    RecurrentMaskerConfig,
    RecurrentMaskerTraining,
)
from requinto_lab.systems.spectrogram_channels import (
    SpectrogramChannelsConfig,
    SpectrogramChannelsTraining,
)
from requinto_lab.training import system_fit
from sounds import noise

STUDIES = {s.name: s for s in (*separators.STUDIES, *maskers.STUDIES)}
PAIR = ("guitar", "accompaniment")  # that the tests' library has
GATES = list(STUDIES["denoising-gate"].variants.values())


def small_runs(monkeypatch, module, training, **changes):
    """Let a study's runs be as small as they can be."""

    def make(**values):
        return training(**{**values, "minutes": 1e-6, **changes})

    monkeypatch.setattr(module, training.__name__, make)


def epochs(path):
    return len(system_fit.read_log(path))


def check_pictures(report, folder):
    for file, caption in report.pictures:
        assert (folder / file).stat().st_size > 5000 and caption


class Scores:
    """What `gains_db` returns, told apart by when it was called."""

    def __init__(self, measure):
        self._measure, self.measured, self.counts, self.returned = measure, [], [], []

    def __call__(self, system, excerpts, n):
        gains = self._measure(system, excerpts, n)
        self.measured.append(gains)
        self.counts.append(n)
        first = 10 * len(self.counts)
        self.returned.append({name: first + i for i, name in enumerate(gains)})
        return self.returned[-1]


@pytest.fixture
def scores(monkeypatch):
    """Let a study measure, and report numbers that differ."""
    scores = Scores(separators.gains_db)
    monkeypatch.setattr(separators, "gains_db", scores)
    return scores


def test_deepconvsep_is_trained_with_each_change(monkeypatch, scores, tmp_path):
    monkeypatch.setattr(separators.deepconvsep_training, "LoopLibrary", quartet.Loops)
    trained = []
    monkeypatch.setattr(separators.deepconvsep_training, "train", trained.append)
    stand = quartet.Stand(np.full((4, quartet.TINY.n_bins), 0.25))
    monkeypatch.setattr(separators, "load_network", lambda *_: (quartet.TINY, stand))
    study = STUDIES["deepconvsep-augmentation-and-loss"]
    options = {"runs": tmp_path / "runs", "minutes": 2.0, "n_eval": 2}
    report = studies.run(study, tmp_path, tmp_path, options)
    runs = dict(zip(study.variants, trained, strict=True))
    assert next(iter(runs)) == "as released"
    for name, run in runs.items():
        assert run.resume and run.run.endswith(name.replace(" ", "-"))
        changed = {
            key: value
            for key, value in dataclasses.asdict(run).items()
            if value != getattr(runs["as released"], key) and key != "run"
        }
        assert changed == study.variants[name]
        assert run.minutes == 2
    run = runs["square error alone"]
    assert (run.alpha, run.beta, run.beta_lead, run.dropped) == (0, 0, 0, 0.1)
    in_songs, in_mixed_songs = scores.returned[::2], scores.returned[1::2]
    assert report.rows == tuple(
        (
            name,
            *(gains["mean_gain_db"] for gains in (songs, mixed)),
            *(songs[f"{source}_gain_db"] for source in run.sources),
        )
        for name, songs, mixed in zip(runs, in_songs, in_mixed_songs, strict=True)
    )
    assert set(scores.counts) == {2}
    # A quarter of the mixture for each is no better than the mixture
    for gains in scores.measured:
        np.testing.assert_allclose(list(gains.values()), 0, atol=1e-3)
    check_pictures(report, tmp_path)


def test_weights_of_errors_are_compared_and_trained_once(
    library, monkeypatch, scores, tmp_path
):
    tiny = SpectrogramChannelsConfig(
        n_fft=128, hop=32, segment_frames=1408, n_poolings=1, first_width=8
    )
    monkeypatch.setattr(
        SpectrogramChannelsTraining,
        "model_config",
        lambda run: dataclasses.replace(tiny, sources=run.sources),
    )
    small_runs(
        monkeypatch,
        separators,
        SpectrogramChannelsTraining,
        **{"batch_size": 2, "steps_per_epoch": 2, "n_validation_batches": 1},
    )
    study = dataclasses.replace(
        STUDIES["spectrogram-channels-weights"],
        variants={
            "0.5 0.5": separators.Weighted(PAIR, (0.5, 0.5)),
            "1 0": separators.Weighted(PAIR, (1.0, 0.0)),
        },
    )
    options = {"runs": tmp_path / "runs", "n_eval": 1}
    report = studies.run(study, library, tmp_path, options)
    assert [row[:3] for row in report.rows] == [
        ("2: 0.5 0.5", "guitar", 0.5),
        ("2: 0.5 0.5", "accompaniment", 0.5),
        ("2: 1 0", "guitar", 1.0),
        ("2: 1 0", "accompaniment", 0.0),
    ]
    rows_of_variants = (report.rows[:2], report.rows[2:])
    for folder, gains, rows in zip(
        ("0.5-0.5", "1-0"), scores.returned, rows_of_variants, strict=True
    ):
        (line,) = system_fit.read_log(tmp_path / "runs" / folder)
        assert [row[3:] for row in rows] == [
            (line[f"validation_{source}_l1"], gains[f"{source}_gain_db"])
            for source in PAIR
        ]
    check_pictures(report, tmp_path)
    studies.run(study, library, tmp_path, options)
    assert scores.measured[2:] == scores.measured[:2]
    assert epochs(tmp_path / "runs" / "1-0") == 1


class Leaky:
    """A system that has the truth, and estimates a bit of all with it."""

    sample_rate = 4410
    sources = ("guitar", "bass")
    truth = None

    def separate(self, samples):
        return self.truth + np.float32(0.005) * samples


class Songs:
    """Two sources of noise that never pause."""

    def draw(self, rng):
        size = round(12 * Leaky.sample_rate)
        return np.stack([noise(size, 1, seed=1), noise(size, 1, seed=2)])


def test_each_source_rests_for_four_seconds():
    stems = Songs().draw(None)
    quiet, rests = separators.add_rests(stems, 4410, np.random.default_rng(0))
    np.testing.assert_array_equal(rests.sum(axis=1), 4 * 4410)
    for stem, part, rest in zip(stems, quiet, rests, strict=True):
        assert not part[:, rest].any()
        np.testing.assert_array_equal(part[:, ~rest], stem[:, ~rest])
        assert np.count_nonzero(np.diff(rest.astype(int))) <= 2


def test_the_gates_effects_are_measured(monkeypatch, tmp_path):
    system, add_rests = Leaky(), separators.add_rests

    def keep(stems, rate, rng):
        system.truth, rests = add_rests(stems, rate, rng)
        return system.truth, rests

    monkeypatch.setattr(separators, "add_rests", keep)
    effects = list(separators.gate_effects(system, Songs(), 2, GATES))
    assert len(effects) == 2 * 2 * len(GATES)
    for effect in effects:
        if effect.softness == 0:
            assert effect.leak_db == pytest.approx(-46, abs=0.1)
        if effect.softness == GateConfig().softness:
            assert effect.leak_db < -60 and effect.gain_db > 40
    result = separators.gate_result(effects)
    softnesses = [gate.softness for gate in GATES]
    assert [row[:2] for row in result.rows] == [
        (source, softness) for source in Leaky.sources for softness in softnesses
    ]
    assert result.rows[0][2] == pytest.approx(-46, abs=0.1)
    studies.plots.draw(result.pictures[0].plot, tmp_path / "gate.png")
    assert (tmp_path / "gate.png").stat().st_size > 5000


def test_the_gate_is_measured_on_a_model_of_a_folder(library, tmp_path):
    config = SpectrogramChannelsConfig(
        ("guitar", "bass"), 8000, 64, 32, 640, n_poolings=1, first_width=4
    )
    network = channels.build(config)
    channels.weights.save_networks(
        tmp_path / "model", channels.NAME, config, (network,), {}
    )
    study = dataclasses.replace(
        STUDIES["denoising-gate"], variants={"0": GATES[0], "0.5": GATES[-1]}
    )
    options = {"model": str(tmp_path / "model"), "n_eval": 1}
    report = studies.run(study, library, tmp_path, options)
    assert "model" not in report.command
    assert {row[1] for row in report.rows} == {0.0, 0.5}
    assert np.isfinite([row[2:] for row in report.rows]).all()


def test_the_broken_mask_and_the_cure_are_measured(library, monkeypatch, tmp_path):
    tiny = RecurrentMaskerConfig(
        PAIR, n_fft=64, hop=32, n_bins=32, n_columns=8, n_units=8
    )
    monkeypatch.setattr(
        RecurrentMaskerTraining,
        "model_config",
        lambda run: dataclasses.replace(tiny, n_outputs=run.n_outputs),
    )
    small_runs(
        monkeypatch,
        maskers,
        RecurrentMaskerTraining,
        **{"batch_size": 2, "n_pieces": 3, "steps_per_epoch": 2, "n_eval": 1},
        **{"learning_rate": 1e-2, "n_validation_batches": 1},
    )
    study = STUDIES["recurrent-masker"]
    options = {"runs": tmp_path / "runs", "n_eval": 1}
    report = studies.run(study, library, tmp_path, options)
    assert [row[0] for row in report.rows] == list(study.variants)
    untrained, one, limited, two = report.rows
    assert untrained[1] > 0 and one[1] > 0 and one[4] > 1
    assert limited[1] == limited[2] == 0 and limited[4] == 1
    assert two[1] == two[2] == 0 and two[4] <= 1
    assert untrained[5] != one[5]
    for n_outputs, name in recurrent_masker.NAMES.items():
        (line,) = system_fit.read_log(tmp_path / "runs" / name)
        assert (line["largest_mask"] > 1) == (n_outputs == 1)
        assert (line["share_above_one"] > 0) == (n_outputs == 1)
    check_pictures(report, tmp_path)


def test_what_the_lstm_separator_learns_from_is_compared(
    library, monkeypatch, tmp_path
):
    tiny = LstmSeparatorConfig(
        *(("guitar", "bass"), 16000, 64, 32, 33, 8),
        **{"n_units": 8, "n_hidden": 12},
    )
    monkeypatch.setattr(LstmSeparatorTraining, "model_config", lambda run: tiny)
    small_runs(
        monkeypatch,
        maskers,
        LstmSeparatorTraining,
        **{"batch_size": 2, "n_pieces": 3, "steps_per_epoch": 2, "n_eval": 1},
        **{"n_validation_batches": 1},
    )
    study = STUDIES["lstm-separator"]
    options = {"runs": tmp_path / "runs", "n_eval": 1}
    trained, train = {}, lstm_separator.train

    def spy(run):
        trained[run.run] = (run.remixed, run.noisy)
        return train(run)

    monkeypatch.setattr(lstm_separator, "train", spy)
    report = studies.run(study, library, tmp_path, options)
    assert report.name == "lstm-separator-guitar-bass"
    assert [row[0] for row in report.rows] == list(study.variants)
    assert np.isfinite([row[1:] for row in report.rows]).all()
    assert list(trained.values()) == list(study.variants.values())
    for path in (tmp_path / "runs").iterdir():
        assert str(path) in trained and epochs(path) == 1
    check_pictures(report, tmp_path)


def test_noise_at_a_level_is_in_each_mixture_and_in_no_source():
    run = LstmSeparatorTraining("", "", sources=("guitar", "bass"))

    class Half:
        def separate(self, samples):
            return np.stack([samples / 2] * 2)

    class Stems:
        def draw(self, rng):
            return noise(8000, 2, seed=1)[:, None]

    clean = maskers.noisy_gain_db(Half(), Stems(), maskers._with_noise(run, None), 2)
    assert clean == pytest.approx(0, abs=1e-3)
    mixtures = []

    class Watching(Half):
        def separate(self, samples):
            mixtures.append(samples)
            return super().separate(samples)

    maskers.noisy_gain_db(Watching(), Stems(), maskers._with_noise(run, -20.0), 2)
    clean = noise(8000, 2, seed=1).sum(axis=0)
    for mixture in mixtures:
        power = np.mean(np.square(mixture[0] - clean)) / np.mean(np.square(clean))
        assert 10 * np.log10(power) == pytest.approx(-20, abs=0.3)
