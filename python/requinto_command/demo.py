# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: the built plugin in pedalboard, on a bachata."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

import requinto
from requinto.clips import ClipFrames
from requinto.errors import ModelError, PluginError
from requinto.loader import load_separator
from requinto.metrics import IDEAL_MASK_TRANSFORM, ideal_ratio_mask, si_sdr
from requinto.model_folder import models_folder
from requinto.song_separation import plan
from requinto.spectra import Spectra
from requinto.spectrograms import spectrograms
from requinto_files import audio_writer, output_files

SHOWN = "guitar"  # the target that is written and drawn
FOLDER = Path("requinto-demo")  # what is in it is the demonstration's own
_FILES = ("mixture.wav", f"{SHOWN}.wav", "everything-else.wav", "picture.png")


def run(
    folder: Path, *, as_json: bool = False, overwrite: bool = False
) -> dict[str, Any]:
    """Extract every instrument of the demo song with the plugin, and score it.

    Writes the extracted guitar, everything else, the mixture and a picture to
    `folder`, and prints a table (or JSON). Those of an earlier run are replaced in
    `FOLDER`, which is the demonstration's own, and elsewhere with `overwrite`.

    Returns
    -------
    dict
        What `--json` prints.
    """
    overwrite = overwrite or folder == FOLDER
    paths = _prepare(folder, overwrite=overwrite)
    stems, rate, meta = load_song()
    mixture = sum(stems.values())
    assert isinstance(mixture, np.ndarray)

    plugin = load_plugin()
    plugin.process(mixture[:, : 2 * rate], rate)  # starting is not part of a song
    plugin.beat_source = "Fixed tempo"
    plugin.tempo = meta["tempo_bpm"]
    duration_s = mixture.shape[1] / rate
    rows, extracted = {}, {}
    for name in stems:
        plugin.target = name
        start = time.perf_counter()
        extracted[name] = plugin.process(mixture, rate)
        seconds = time.perf_counter() - start
        rows[name] = _scores(stems, name, mixture, extracted[name])
        rows[name]["real_time_factor"] = seconds / duration_s

    guitar = extracted[SHOWN]
    sounds = (mixture, guitar, mixture - guitar)
    for path, audio in zip(paths, sounds, strict=False):
        audio_writer.write(path, audio, rate, overwrite=overwrite)
    spectrograms(
        {
            "mixture, with the clip grid": mixture,
            f"{SHOWN}, extracted": guitar,
            "everything else": mixture - guitar,
        },
        rate,
        paths[-1],
        joins_s=_joins_s(mixture, rate, meta),
        overwrite=overwrite,
    )
    result = {
        "plugin": str(requinto.plugin_path()),
        "status": plugin.status,
        "duration_s": round(duration_s, 2),
        "instruments": rows,
        "mean_gain_db": float(np.mean([row["gain_db"] for row in rows.values()])),
        "folder": str(folder),
    }
    _show(result, as_json)
    return result


def _prepare(folder: Path, *, overwrite: bool) -> list[Path]:
    """Make the folder; return the files to be written, which may be."""
    output_files.check_output_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in _FILES]
    for path in paths:
        output_files.check_output(path, overwrite=overwrite)
    return paths


def load_song() -> tuple[dict[str, np.ndarray], int, dict[str, Any]]:
    """Return the demo song's stems, their rate in Hz, and what is known of it."""
    folder = models_folder() / "demo"
    try:
        meta = json.loads((folder / "meta.json").read_text())
        stems = {}
        for name in requinto.targets():
            stem, rate = soundfile.read(
                folder / f"{name}.flac", dtype="float32", always_2d=True
            )
            stems[name] = np.ascontiguousarray(stem.T)
    except (OSError, json.JSONDecodeError, soundfile.LibsndfileError) as error:
        raise ModelError(f"the demo song cannot be read: {error}") from error
    return stems, rate, meta


def load_plugin() -> Any:
    """Return the built plugin in pedalboard."""
    from pedalboard import VST3Plugin

    try:
        return VST3Plugin(str(requinto.plugin_path()))
    except (ImportError, RuntimeError) as error:
        raise PluginError(f"pedalboard cannot load the plugin: {error}") from error


def _scores(
    stems: dict[str, np.ndarray], name: str, mixture: np.ndarray, estimate: np.ndarray
) -> dict[str, float]:
    truth = stems[name]
    ideal = ideal_ratio_mask(Spectra(IDEAL_MASK_TRANSFORM), truth, mixture - truth)
    before, after = si_sdr(truth, mixture), si_sdr(truth, estimate)
    return {
        "mixture_db": before,
        "extracted_db": after,
        "gain_db": after - before,
        "ideal_mask_db": si_sdr(truth, ideal),
    }


def _joins_s(mixture: np.ndarray, rate: int, meta: dict[str, Any]) -> list[float]:
    duration_s = mixture.shape[1] / rate
    grid = requinto.Beats.grid(meta["tempo_bpm"], duration_s)
    sizes = ClipFrames.at(load_separator().clips, rate)
    return [clip.start / rate for clip in plan(mixture.shape[1], rate, grid, sizes)]


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, indent=2))
        return
    table = Table(title="SI-SDR in dB, the plugin in pedalboard")
    for heading in ("instrument", "mixture", "extracted", "gain", "ideal mask", "RTF"):
        table.add_column(
            heading, justify="left" if heading == "instrument" else "right"
        )
    for name, row in result["instruments"].items():
        table.add_row(
            name,
            f"{row['mixture_db']:.1f}",
            f"{row['extracted_db']:.1f}",
            f"{row['gain_db']:+.1f}",
            f"{row['ideal_mask_db']:.1f}",
            f"{row['real_time_factor']:.3f}",
        )
    console = Console()
    console.print(table)
    console.print(
        f"mean gain {result['mean_gain_db']:+.1f} dB; plugin status: "
        f"{result['status']}; files in {result['folder']}"
    )
