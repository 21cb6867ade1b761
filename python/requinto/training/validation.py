# SPDX-License-Identifier: GPL-3.0-or-later
"""Score a model on mixes of held-out timbres and patterns.

python -m requinto.training.validation LOOPS [--items 18] [--json]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from requinto.evaluation.metrics import ideal_ratio_mask, si_sdr
from requinto.separator import NetworkSeparator
from requinto.spectra import Spectra
from requinto.training.mixing import Mixer, MixingConfig, ValidationItem

Scores = dict[str, dict[str, float]]  # by instrument, then by name, in dB


def validation_items(
    loops: Path, config: MixingConfig, n_items: int, seed: int = 0
) -> list[ValidationItem]:
    """Return the mixes of the validation split that a seed stands for."""
    return list(
        Mixer(loops, config, split="validation", seed=seed).validation_set(n_items)
    )


def scores(
    separator: NetworkSeparator, items: list[ValidationItem], *, ideal: bool = False
) -> Scores:
    """Return means over the mixes, by instrument, in dB.

    Parameters
    ----------
    separator : NetworkSeparator
    items : list of ValidationItem
    ideal : bool
        Score the ideal ratio mask as well.

    Returns
    -------
    dict of str to dict
        SI-SDR of the `mixture`, of what was `extracted`, its `gain` and, if asked
        for, that of the `ideal_mask`.
    """
    spectra = Spectra(separator.config.spectra)
    rate = separator.config.spectra.sample_rate
    rows: dict[str, list[dict[str, float]]] = {}
    for item in items:
        for name, stem in item.stems.items():
            embedding = separator.embed(item.references[name], rate)
            estimate = separator.separate(item.mixture, rate, embedding)
            row = {
                "mixture": si_sdr(stem, item.mixture),
                "extracted": si_sdr(stem, estimate),
            }
            row["gain"] = row["extracted"] - row["mixture"]
            if ideal:
                best = ideal_ratio_mask(spectra, stem, item.mixture - stem)
                row["ideal_mask"] = si_sdr(stem, best)
            rows.setdefault(name, []).append(row)
    return {
        name: {key: float(np.mean([row[key] for row in found])) for key in found[0]}
        for name, found in rows.items()
    }


def main(
    loops: Annotated[Path, typer.Argument(help="A folder of rendered loops.")],
    items: Annotated[int, typer.Option(help="How many mixes.")] = 18,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print how well the released model does on the validation split."""
    from requinto.weights import load_separator

    found = scores(
        load_separator(), validation_items(loops, MixingConfig(), items), ideal=True
    )
    mean_db = float(np.mean([row["gain"] for row in found.values()]))
    if as_json:
        print(json.dumps({"instruments": found, "mean_gain": mean_db}, indent=2))
        return
    table = Table(title=f"SI-SDR in dB, {items} mixes of held-out timbres and patterns")
    table.add_column("instrument")
    for heading in ("mixture", "extracted", "gain", "ideal mask"):
        table.add_column(heading, justify="right")
    for name, row in found.items():
        cells = (row[key] for key in ("mixture", "extracted", "gain", "ideal_mask"))
        table.add_row(name, *(f"{cell:.1f}" for cell in cells))
    Console().print(table)
    print(f"mean gain {mean_db:+.1f} dB")


if __name__ == "__main__":
    typer.run(main)
