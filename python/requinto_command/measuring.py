# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that build material and measure: `data`, `evaluate`, `compare`."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from requinto_command.options import JsonPath, Overwrite, Workers
from requinto_command.workshop import OWN_SYSTEM, check_workshop

data_app = typer.Typer(no_args_is_help=True, help="Material to train on and to test.")

Folder = Annotated[Path, typer.Argument(help="A folder of test items, or of sets.")]
Roots = Annotated[
    list[Path] | None,
    typer.Option(help="Where packages are unpacked, if not /; may be repeated."),
]
AllowMissing = Annotated[
    bool, typer.Option(help="Go on without packages that are not there.")
]
_IDEAL = "ideal ratio mask"  # of the workshop's systems


@data_app.command("build")
def data_build(
    config: Annotated[Path, typer.Argument(help="A TOML file: what it is to hold.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The library.")],
    workers: Workers = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Render a library of loops and songs; go on where a build was stopped."""
    from rich.console import Console

    from requinto.errors import ConfigError
    from requinto_command import outputs
    from requinto_lab.material import inventory, loops

    contents = loops.library_config(config)
    if not loops.jobs(contents):
        raise ConfigError(
            f"{config} requests no loops or songs: say how many under [loops.SPLIT] or "
            "[songs.SPLIT], as bachata = 10"
        )
    outputs.check_folder(output, overwrite=True)
    loops.build(output, contents, n_workers=_count_workers(workers))
    stems = inventory.count_stems(output)
    if as_json:
        print(json.dumps(stems, indent=2))
    else:
        inventory.show_stems(stems, Console())


@data_app.command("modules")
def data_modules(
    output: Annotated[Path, typer.Option("-o", "--output", help="The library.")],
    root: Roots = None,
    allow_missing: AllowMissing = False,
    workers: Workers = None,
) -> None:
    """Render tracker modules of Debian's games as songs, a file a stem."""
    from requinto_command import outputs
    from requinto_lab.material import module_songs

    outputs.check_folder(output, overwrite=True)
    located = module_songs.locate(
        module_songs.module_songs(),
        tuple(root or (Path("/"),)),
        allow_missing=allow_missing,
    )
    outcomes = module_songs.build(output, located, n_workers=_count_workers(workers))
    print("\n".join(module_songs.summarise(output, outcomes)))


@data_app.command("bench")
def data_bench(
    output: Annotated[Path, typer.Option("-o", "--output", help="The test sets.")],
    split: Annotated[str, typer.Option(help="test, or validation.")] = "test",
    quick: Annotated[
        bool, typer.Option("--quick", help="A fixed subset of some five minutes.")
    ] = False,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="Only this; may be repeated.")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(help="Recorded songs, for validation.")
    ] = None,
    modules: Annotated[
        Path | None, typer.Option(help="Songs of tracker modules, for validation.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Loops of recorded notes, for validation.")
    ] = None,
    workers: Workers = None,
) -> None:
    """Build the test sets; go on where a build was stopped."""
    from requinto_command import outputs
    from requinto_lab.evaluation import bench

    outputs.check_folder(output, overwrite=True)
    material = {"recorded": recorded, "modules": modules, "notes": notes}
    folders = bench.build(
        output,
        split,
        quick=quick,
        sets=tuple(sets or ()),
        material=material,
        n_workers=_count_workers(workers),
    )
    for name, option in bench.missing_material(split, material).items():
        if not sets:
            print(f"{name} is left out: it needs --{option} FOLDER")
    for folder in folders:
        n_items = len(list(folder.glob("*/mix.flac")))
        print(f"{folder}: {n_items} items")


@data_app.command("recorded")
def data_recorded(
    output: Annotated[Path, typer.Option("-o", "--output", help="The songs.")],
    root: Roots = None,
    allow_missing: AllowMissing = False,
    workers: Workers = None,
) -> None:
    """Decode songs by others from Debian packages; go on where that was stopped."""
    from rich.console import Console

    from requinto_command import outputs
    from requinto_lab.material import inventory, recorded_songs

    outputs.check_folder(output, overwrite=True)
    roots = root or [Path("/")]
    missing = recorded_songs.build(
        output, roots, allow_missing=allow_missing, n_workers=_count_workers(workers)
    )
    inventory.show_songs(inventory.count_songs(output), Console())
    if missing:
        print(f"left out, not installed: {', '.join(missing)}")


def evaluate(
    folder: Folder,
    json_path: JsonPath = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
) -> None:
    """Score the released model on test items, beside mix and ideal mask."""
    check_workshop()
    from requinto_command import outputs
    from requinto_lab.evaluation import tables

    output = outputs.Output(json_path, outputs.JSON)
    outputs.check_outputs((output,), (), overwrite=overwrite)
    ours, ideal = OWN_SYSTEM, _IDEAL
    rows = _score(folder, (ours, ideal), workers, bss_eval=False)
    result = tables.evaluation(rows, ours, ideal)
    outputs.write_json(json_path, result, overwrite=overwrite)
    tables.print_evaluation(result, outputs.table_console())


def compare(
    folder: Folder,
    json_path: JsonPath = None,
    pictures: Annotated[
        Path | None, typer.Option(help="A folder for box plots and spectrograms.")
    ] = None,
    system: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    bss_eval: Annotated[bool, typer.Option(help="Score by BSSEval v4 too.")] = True,
    page: Annotated[
        Path | None, typer.Option(help="A Markdown page of it all, with box plots.")
    ] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
) -> None:
    """Score every system we have on test items, in one table."""
    check_workshop()
    from requinto_command import outputs
    from requinto_command.outputs import Output
    from requinto_lab.evaluation import report, tables
    from requinto_lab.evaluation.items import read_items
    from requinto_lab.studies import page as systems_page
    from requinto_lab.systems import registry

    outputs.check_outputs(
        (Output(json_path, outputs.JSON), Output(page, outputs.PAGE)),
        (),
        overwrite=overwrite,
    )
    for drawings in (pictures, page.with_suffix("") if page else None):
        outputs.check_folder(drawings, overwrite=overwrite)
    names = tuple(system or registry.available())
    rows = _score(folder, names, workers, bss_eval=bss_eval)
    result = tables.comparison(rows)
    outputs.write_json(json_path, result, overwrite=overwrite)
    tables.print_comparison(result, outputs.table_console())
    if pictures and OWN_SYSTEM in names:
        ours, ideal = _make_quietly((OWN_SYSTEM, _IDEAL))
        paths = report.draw(pictures, rows, read_items(folder), ours, ideal)
        print("\n".join(map(str, paths)))
    if page:
        print("\n".join(map(str, systems_page.write(page, rows))))


def _score(
    folder: Path,
    names: tuple[str, ...],
    workers: int | None,
    *,
    bss_eval: bool,
) -> list[Any]:
    from requinto.errors import ConfigError
    from requinto_lab.evaluation.items import read_items
    from requinto_lab.evaluation.scoring import score
    from requinto_lab.systems import registry

    items = read_items(folder)
    make = functools.partial(_make_quietly, registry.check_names(names))
    rows = score(items, make, bss_eval=bss_eval, n_workers=_count_workers(workers))
    if not rows:
        raise ConfigError(f"none of {', '.join(names)} applies to any item in {folder}")
    return rows


def _count_workers(workers: int | None) -> int:
    from requinto.process import count_cores

    return workers or count_cores()


def _make_quietly(names: tuple[str, ...]) -> list[Any]:
    from requinto_lab.networks.backend import prepare_own_process
    from requinto_lab.systems import registry

    prepare_own_process()
    return registry.make_systems(names)
