# SPDX-License-Identifier: GPL-3.0-or-later
"""Score a model on test items of the validation split, while it trains or after.

`python -m requinto_lab.training.validation FOLDER --model NAME` prints the mean gain of
each group of sets for a saved model: released and new models are compared by it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import soundfile
import typer
from rich.console import Console
from rich.table import Table

from requinto.errors import AudioFileError, RequintoError, reason_of
from requinto.loader import load_single
from requinto.metrics import si_sdr
from requinto.model_folder import STANDARD, models_folder
from requinto.separator import NetworkSeparator
from requinto_files import output_files
from requinto_lab.evaluation.items import Item, read_items
from requinto_lab.evaluation.level_scores import level_db, snr
from requinto_lab.grouping import group_pairs

SCORE = "si_sdr_improvement_db"  # the mean of the groups' means: what chooses models
RENDERED = "rendered"  # the group of all sets that are no group of their own
OWN_GROUPS = (
    *("other_register", "recorded_pairs", "alike_pairs", "recorded_backings"),
    *("module_stems", "recorded_notes"),
)
_LONGEST_S = 8.0  # of an item that is scored
_SILENT_PEAK = 1e-3


@dataclass(frozen=True)
class TestItem:
    """The first seconds of an item; its sounds are read whenever they are used.

    Parameters
    ----------
    item : Item
    reference_item : Item
        Whose reference is the query: the item itself, or another of its instrument.
    """

    __test__ = False  # it is no test of pytest's

    item: Item
    reference_item: Item

    @property
    def mixture(self) -> np.ndarray:
        """What is separated, `(n_channels, n_frames)`, at most 8 s."""
        return _read_start(self.item, "mix")

    @property
    def target(self) -> np.ndarray:
        """What it holds of the target, `(n_channels, n_frames)`."""
        return _read_start(self.item, "target")

    @property
    def reference(self) -> np.ndarray:
        """The whole reference, `(n_channels, n_reference_frames)`."""
        return self.reference_item.read("reference")[0]

    @property
    def wrong_reference(self) -> np.ndarray | None:
        """A reference of a rival in the mixture, where there is one."""
        if not self.item.has_wrong_reference:
            return None
        return self.item.read("wrong_reference")[0]

    @property
    def sample_rate(self) -> int:
        """Hz, of all sounds."""
        return int(soundfile.info(self.item.path / "mix.flac").samplerate)


class ItemScore(NamedTuple):
    """What a separator makes of an item, in dB; None where that is not defined."""

    item: Item
    si_sdr_gain_db: float | None = None  # over the untouched mixture
    snr_gain_db: float | None = None
    level_db: float | None = None  # of the output under the mixture, target absent
    swap_margin_db: float | None = None  # by which the rival's reference is worse


def read_test_items(items: Sequence[Item], items_per_set: int = 0) -> list[TestItem]:
    """Return what to score, without items whose target is silent but should sound.

    Parameters
    ----------
    items : sequence of Item
    items_per_set : int
        At most so many of each set, spread evenly over it; 0 for all.
    """
    chosen = choose_evenly(items, items_per_set) if items_per_set else items
    test_items = [TestItem(item, item) for item in chosen]
    return [
        test_item
        for test_item in test_items
        if test_item.item.absent or np.abs(test_item.target).max() > _SILENT_PEAK
    ]


def choose_evenly(items: Iterable[Item], items_per_set: int) -> list[Item]:
    """Return a fixed choice of items, one of each of equal parts of each set.

    The position within a part varies: items of a song follow one another in the
    same order of instruments, which equal steps would choose one of.
    """
    chosen: list[Item] = []
    for rows in group_pairs((item.set_name, item) for item in items).values():
        n_parts = min(items_per_set, len(rows))
        edges = np.linspace(0, len(rows), n_parts + 1).round().astype(int)
        rng = np.random.default_rng(0)
        chosen += [rows[i] for i in rng.integers(edges[:-1], edges[1:])]
    return chosen


def by_name(test_items: Sequence[TestItem]) -> list[TestItem]:
    """Return the same items, with another timbre of the instrument as reference.

    Only those for which there is one, and in which nobody else plays the instrument.
    """
    changed = []
    for test_item in test_items:
        item = test_item.item
        if item.has_wrong_reference or item.set_name in OWN_GROUPS:
            continue  # a name does not say which of two, nor which recording
        other = _other_timbre(test_item, test_items)
        if other is not None:
            changed.append(dataclasses.replace(test_item, reference_item=other))
    return changed


def scores(
    separator: NetworkSeparator, test_items: Iterable[TestItem]
) -> dict[str, float]:
    """Return how well a separator does, in dB: `summarise` of each item's score."""
    return summarise(score_item(separator, test_item) for test_item in test_items)


def score_item(separator: NetworkSeparator, test_item: TestItem) -> ItemScore:
    """Return the score of an item, whose mixture is separated whole, without clips."""
    item, rate = test_item.item, test_item.sample_rate
    mixture, target = test_item.mixture, test_item.target
    query = separator.query(test_item.reference, rate)
    estimate = separator.separate(mixture, rate, query)
    if item.absent:
        return ItemScore(item, level_db=level_db(mixture, estimate))
    margin = None
    wrong = test_item.wrong_reference
    if wrong is not None:
        other = separator.separate(mixture, rate, separator.query(wrong, rate))
        margin = si_sdr(target, estimate) - si_sdr(target, other)
    return ItemScore(
        item,
        si_sdr_gain_db=si_sdr(target, estimate) - si_sdr(target, mixture),
        snr_gain_db=snr(target, estimate) - snr(target, mixture),
        swap_margin_db=margin,
    )


def summarise(item_scores: Iterable[ItemScore]) -> dict[str, float]:
    """Return the means of sets and groups, in dB.

    Returns
    -------
    dict of str to float
        `SCORE`, which is the mean over groups of SI-SDR gains; the same of SNR; the
        gain of each group, where `RENDERED` is the mean over the means of its sets;
        each set's mean gain in SI-SDR; for sets of absent targets the median level
        of the output; and the mean that the right reference is better than a rival's.
    """
    rows = list(item_scores)
    gains = _by_set(rows, "si_sdr_gain_db")
    means = {name: float(np.mean(values)) for name, values in gains.items()}
    groups = _group_means(means)
    snr_gains = _by_set(rows, "snr_gain_db")
    snr_groups = _group_means({n: float(np.mean(v)) for n, v in snr_gains.items()})
    levels = _by_set(rows, "level_db")
    margins = [m for values in _by_set(rows, "swap_margin_db").values() for m in values]
    return {
        SCORE: float(np.mean(list(groups.values()))),
        "snr_improvement_db": float(np.mean(list(snr_groups.values()))),
        **groups,
        **means,
        **{name: float(np.median(values)) for name, values in levels.items()},
        **({"swap_margin_db": float(np.mean(margins))} if margins else {}),
    }


def main(
    folder: Annotated[Path, typer.Argument(help="Sets that `data bench` built.")],
    model: Annotated[str, typer.Option(help="The name of a saved model.")] = STANDARD,
    models_dir: Annotated[
        Path | None, typer.Option("--models-folder", help="Where it is saved.")
    ] = None,
    json_path: Annotated[
        Path | None, typer.Option("--json", help="Where to write every item's score.")
    ] = None,
    items_per_set: Annotated[
        int, typer.Option(help="At most so many of each set; 0: all.", min=0)
    ] = 0,
    runtime: Annotated[
        str | None, typer.Option(help="litert or tensorflow; as usual unless given.")
    ] = None,
) -> None:
    """Print the mean gain of each group of validation sets for a saved model."""
    if json_path:
        output_files.check_output(
            json_path, overwrite=True
        )  # fail before the work, not after it
    separator = load_single(models_dir or models_folder(), model, runtime)
    test_items = read_test_items(read_items(folder), items_per_set)
    rows = [score_item(separator, test_item) for test_item in test_items]
    console = Console()
    console.print(_table(model, rows))
    if json_path:
        with output_files.whole_file(json_path, overwrite=True) as unfinished:
            Path(unfinished).write_text(json.dumps(_record(model, rows), indent=1))


def _table(model: str, rows: Sequence[ItemScore]) -> Table:
    """Return groups, and the sets of the group of rendered sets, with their gains."""
    summary = summarise(rows)
    gains = _by_set(rows, "si_sdr_gain_db")
    table = Table(title=f"{model}: gain in SI-SDR over the mix, dB")
    table.add_column("group or set")
    for heading in ("items", "mean", "median", "worse than the mix"):
        table.add_column(heading, justify="right")
    groups = _group_means(dict.fromkeys(gains, 0.0))
    for group in groups:
        sets = [name for name in gains if _group_of(name) == group]
        cells = _cells([gain for name in sets for gain in gains[name]])
        table.add_row(group, cells[0], f"{summary[group]:.2f}", *cells[2:])
        for name in sets if group == RENDERED else ():
            table.add_row(f"  {name}", *_cells(gains[name]))
    table.add_section()
    n_items = str(sum(map(len, gains.values())))
    table.add_row("all groups", n_items, f"{summary[SCORE]:.2f}")
    for name, levels in _by_set(rows, "level_db").items():
        table.add_row(f"{name}, level", str(len(levels)), "", f"{summary[name]:.2f}")
    if "swap_margin_db" in summary:
        table.add_row("swap margin", "", f"{summary['swap_margin_db']:.2f}")
    return table


def _cells(gains: Sequence[float]) -> list[str]:
    """Return a row's number of items, mean, median, and share that got worse."""
    values = np.asarray(gains)
    share = f"{100 * float(np.mean(values < 0)):.0f} %"
    return [str(len(gains)), f"{values.mean():.2f}", f"{np.median(values):.2f}", share]


def _record(model: str, rows: Sequence[ItemScore]) -> dict[str, Any]:
    """Return all scores, ready for JSON; null where a value is none or not finite."""
    names = [name for name in ItemScore._fields if name != "item"]
    items = [
        {
            "set": row.item.set_name,
            "group": _group_of(row.item.set_name),
            "item": row.item.name,
            "instrument": row.item.instrument,
            **{name: _rounded(getattr(row, name)) for name in names},
        }
        for row in rows
    ]
    summary = {name: _rounded(value) for name, value in summarise(rows).items()}
    return {"model": model, "scores": summary, "items": items}


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if value is not None and np.isfinite(value) else None


def _by_set(rows: Iterable[ItemScore], name: str) -> dict[str, list[float]]:
    """Return a score of all items that have it, by set."""
    pairs = [(row.item.set_name, getattr(row, name)) for row in rows]
    return group_pairs(pair for pair in pairs if pair[1] is not None)


def _group_of(set_name: str) -> str:
    return set_name if set_name in OWN_GROUPS else RENDERED


def _group_means(means: dict[str, float]) -> dict[str, float]:
    """Return the mean over each group's sets, the rendered first."""
    values = group_pairs((_group_of(name), mean) for name, mean in means.items())
    order = [name for name in (RENDERED, *OWN_GROUPS) if name in values]
    return {name: float(np.mean(values[name])) for name in order}


def _other_timbre(test_item: TestItem, test_items: Sequence[TestItem]) -> Item | None:
    """Return the next item of another timbre of an item's instrument."""
    item = test_item.item
    index = next(i for i, other in enumerate(test_items) if other.item is item)
    for other in (*test_items[index + 1 :], *test_items[:index]):
        same_timbre = other.item.meta.get("timbre") == item.meta.get("timbre")
        rendered = other.item.set_name not in OWN_GROUPS
        if other.item.instrument == item.instrument and rendered and not same_timbre:
            return other.item
    return None


def _read_start(item: Item, stem: str) -> np.ndarray:
    path = item.path / f"{stem}.flac"
    try:
        with soundfile.SoundFile(path) as file:
            n_frames = round(_LONGEST_S * file.samplerate)
            sound = file.read(n_frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioFileError(f"{path} cannot be read: {reason_of(error)}") from error
    return np.ascontiguousarray(sound.T)


if __name__ == "__main__":
    try:
        typer.run(main)
    except RequintoError as error:
        raise SystemExit(f"error: {error}") from error
