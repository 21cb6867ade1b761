# SPDX-License-Identifier: GPL-3.0-or-later
"""What clamp and normalisation do for the 2020 thesis' network, and which instruments.

    python -m requinto_lab.systems.bachata2020_ablation LIBRARY -o FOLDER [--minutes 5]

trains it with and without either, on the same batches, and once for each instrument
alone, and writes two pictures and a table.  The thesis shows losses of training, each
on its own scale: in its figure 8 they end near 0.11 with neither, 0.001 with the clamp
alone and 0.0005 with both; in its figure 10 bass is lowest and guitar highest.  Here
all are errors in the same examples of the validation split, of the logarithmic
spectrogram before any normalisation.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console

from requinto_files.figures import new_figure, plain_style, save_figure
from requinto_lab.material.loop_library import LoopLibrary
from requinto_lab.systems import study
from requinto_lab.systems.bachata2020_clips import INSTRUMENTS, bank
from requinto_lab.systems.bachata2020_curves import (
    Curve,
    Floors,
    Variant,
    compared,
    floors,
    learn,
    validation_examples,
)
from requinto_lab.systems.bachata2020_training import Bachata2020Training
from requinto_lab.systems.study import Cell, Study

NAME = "bachata2020-ablation"
VARIANTS = {
    "neither": Variant(clamp=False, normalise=False),
    "clamp": Variant(normalise=False),
    "normalisation": Variant(clamp=False),
    "both": Variant(),
}
_ALONE = 0.5  # of the minutes, for the networks of one instrument
_COLUMNS = (
    *("network", "asked for", "error, thousandths", "± 95 %"),
    *("over the target's peak", "± 95 %", "below drawing nothing, dB"),
    "below the mix, dB",
)


class Found(NamedTuple):
    """All curves."""

    variants: dict[str, Curve]
    alone: dict[str, Curve]  # by instrument
    floors: Floors


def ablate(run: Bachata2020Training) -> Found:
    """Train every network, in folders of `run.run`, or read what they were like."""
    folder = Path(run.run)
    banks = {
        split: bank(
            LoopLibrary(Path(run.loops), split), folder / f"clips-{split}", run.model()
        )
        for split in ("train", "validation")
    }
    examples = validation_examples(banks["validation"], run)

    def curve(name: str, variant: Variant, share: float = 1.0) -> Curve:
        one = dataclasses.replace(
            run, run=str(folder / name), minutes=share * run.minutes
        )
        return learn(one, variant, banks, examples)

    variants = {name: curve(name, variant) for name, variant in VARIANTS.items()}
    alone = {
        name: curve(name, Variant(instrument=name), _ALONE) for name in INSTRUMENTS
    }
    return Found(compared(variants), compared(alone), floors(examples, run.model()))


def told(found: Found, folder: Path, command: str) -> Study:
    """Draw the pictures into a folder, and return what they and the table say."""
    folder.mkdir(parents=True, exist_ok=True)
    files = (f"{NAME}-losses.png", f"{NAME}-instruments.png")
    _draw_variants(found, folder / files[0])
    _draw_instruments(found, folder / files[1])
    captions = (
        "Error in the validation split as four networks learn from the same batches",
        "Error of each instrument over its target's peak; bands are 95 % intervals",
    )
    return Study(
        name=NAME,
        title="Clamp, normalisation and instruments in the thesis' network",
        command=command,
        finding=f"{_variants_told(found)} {_instruments_told(found)}",
        columns=_COLUMNS,
        rows=tuple(_rows(found)),
        pictures=tuple(zip(files, captions, strict=True)),
    )


def _rows(found: Found) -> list[tuple[Cell, ...]]:
    asked = [(name, curve, "all") for name, curve in found.variants.items()]
    asked += [("both", found.variants["both"], name) for name in INSTRUMENTS]
    asked += [(f"{name} alone", found.alone[name], name) for name in INSTRUMENTS]
    return [
        (
            *(network, name, *curve.at_end(name), *curve.at_end(f"{name} own")),
            *found.floors.below_db(name, curve.at_end(name)[0]),
        )
        for network, curve, name in asked
    ]


def _variants_told(found: Found) -> str:
    ends = {name: curve.at_end("all") for name, curve in found.variants.items()}
    best, *others = sorted(ends, key=lambda name: ends[name])
    surely = [name for name in others if ends[name][0] - ends[best][0] > ends[best][1]]
    unlike = f"; further from it than its 95 % margin: {', '.join(surely) or 'none'}"
    errors = ", ".join(f"{ends[name][0]:.2f} ({name})" for name in VARIANTS)
    floor = found.floors
    steps = int(found.variants[best].steps[-1])
    return (
        f"After {steps} batches the error in the logarithmic spectrogram, in "
        f"thousandths, is {errors}, where drawing nothing has "
        f"{floor.silence['all']:.2f} and the untouched mix "
        f"{floor.mixture['all']:.2f}. The lowest is that of {best}{unlike}. "
        f"Without normalisation {floor.above:.2f} % of the targets' values lie above "
        f"1, where the clamp cuts them off: the truth itself would then have an error "
        f"of {floor.clamped:.2f}."
    )


def _instruments_told(found: Found) -> str:
    both = found.variants["both"]
    peak = {name: both.at_end(f"{name} own")[0] for name in INSTRUMENTS}
    alone = {n: found.alone[n].at_end(f"{n} own")[0] for n in INSTRUMENTS}
    plain = {name: both.at_end(name)[0] for name in INSTRUMENTS}
    scales = {
        "in one network": peak,
        "in a network for each": alone,
        "at their own loudness": plain,
    }
    guitar = [where for where, found in scales.items() if _last(found) == "guitar"]
    bass = [where for where, found in scales.items() if _first(found) == "bass"]
    steps = int(found.alone[INSTRUMENTS[0]].steps[-1])
    return (
        "The thesis scales each target to its own peak and reports the lowest loss "
        "for bass and the highest for guitar. On that scale the order is "
        f"{_ordered(peak)} in one network and {_ordered(alone)} in a network for "
        f"each after {steps} batches; at the loudness that they have in the mixture it "
        f"is {_ordered(plain)}. Guitar is the highest {_listed(guitar)}, bass the "
        f"lowest {_listed(bass)}."
    )


def _first(errors: dict[str, float]) -> str:
    return min(errors, key=lambda name: errors[name])


def _last(errors: dict[str, float]) -> str:
    return max(errors, key=lambda name: errors[name])


def _listed(places: list[str]) -> str:
    return " and ".join(places) or "nowhere"


def _ordered(errors: dict[str, float]) -> str:
    found = sorted(errors.items(), key=lambda row: row[1])
    return ", ".join(f"{name} {error:.2f}" for name, error in found)


@plain_style()
def _draw_variants(found: Found, place: Path) -> None:
    page = new_figure(8, 5)
    axis = page.subplots()
    for i, (name, curve) in enumerate(found.variants.items()):
        error, margin = curve.errors["all"], curve.margins["all"]
        axis.plot(curve.steps, error, color=f"C{i}", marker=".", label=name)
        axis.fill_between(
            curve.steps, error - margin, error + margin, color=f"C{i}", alpha=0.1
        )
    for floor, what in (
        (found.floors.silence["all"], "nothing is drawn"),
        (found.floors.mixture["all"], "the mix is drawn"),
    ):
        axis.axhline(floor, color="grey", linestyle=":")
        axis.annotate(
            what,
            (0.99, floor),
            xycoords=axis.get_yaxis_transform(),
            color="grey",
            horizontalalignment="right",
            verticalalignment="bottom",
        )
    _label(axis, "error of the logarithmic spectrogram, thousandths")
    axis.legend(title="the network has")
    save_figure(page, place)


@plain_style()
def _draw_instruments(found: Found, place: Path) -> None:
    page = new_figure(12, 5)
    left, right = page.subplots(1, 2, sharey=True)
    for i, name in enumerate(INSTRUMENTS):
        for axis, curve in ((left, found.variants["both"]), (right, found.alone[name])):
            error, margin = (rows[f"{name} own"] for rows in curve[1:])
            axis.plot(curve.steps, error, color=f"C{i}", marker=".", label=name)
            axis.fill_between(
                curve.steps, error - margin, error + margin, color=f"C{i}", alpha=0.15
            )
    left.set_title("one network, asked for each")
    right.set_title("a network for each, as in the thesis")
    _label(left, "error over the target's peak, thousandths")
    _label(right, "")
    left.legend()
    save_figure(page, place)


def _label(axis, what: str) -> None:  # type: ignore[no-untyped-def]
    axis.set_yscale("log", nonpositive="clip")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.set_xlabel("batches")
    axis.set_ylabel(what)
    axis.grid(visible=True, which="both", alpha=0.2)


def main(
    library: Annotated[Path, typer.Argument(help="Loops, as `data build` makes them.")],
    output: Annotated[Path, typer.Option("-o", help="Folder for what is found.")],
    runs: Annotated[Path, typer.Option(help="Folder for the runs; they go on.")] = Path(
        f"runs/{NAME}"
    ),
    minutes: Annotated[float, typer.Option(help="Of one core, for each run.")] = 5.0,
) -> None:
    """Train the variants, and write a study of them."""
    run = Bachata2020Training(
        loops=str(library),
        run=str(runs),
        minutes=minutes,
        steps_per_epoch=20,
        n_validation_batches=1,
        epochs_per_hearing=1,
        width_divisor=4,
        precision="mixed_bfloat16",
    )
    command = (
        f"python -m requinto_lab.systems.bachata2020_ablation {library.name} "
        f"-o {output.name} --minutes {minutes:g}"
    )
    found = told(ablate(run), output, command)
    study.write(output, found)
    study.show(found, Console())


if __name__ == "__main__":
    typer.run(main)
