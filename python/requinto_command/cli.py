# SPDX-License-Identifier: GPL-3.0-or-later
"""The `requinto` command; each subcommand is a few lines over the library.

What is imported here only declares arguments and options, so that help and completion
answer at once; a command imports what it works with when it is called.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from requinto_command import (
    batch_command,
    beats_command,
    benchmarking,
    entry,
    exporting,
    extract_command,
    listing,
    measuring,
    plugin_commands,
    serving,
    training,
)
from requinto_command.options import Json, Overwrite
from requinto_command.signals import install_signal_handlers

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; exit with 0, or with 2 and one line on stderr."""
    install_signal_handlers()
    sys.exit(entry.run(app))


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        import importlib.metadata

        print(f"requinto {importlib.metadata.version('requinto')}")
        raise typer.Exit


@app.callback()
def requinto(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print it."
        ),
    ] = False,
) -> None:
    """Point at an instrument, get it out of the mix."""


app.command()(extract_command.extract)
app.command()(listing.targets)
app.command()(listing.models)
app.command()(beats_command.beats)


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("-o", "--output", help="Where to put sound and picture.")
    ] = Path("requinto-demo"),
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Run the plugin in pedalboard on the demo song, and score it."""
    from requinto_command.demo import run

    run(folder, as_json=as_json, overwrite=overwrite)


app.command()(serving.serve)
app.command()(batch_command.batch)
app.add_typer(plugin_commands.plugin_app, name="plugin")
app.add_typer(measuring.data_app, name="data")
app.command()(training.train)
app.command()(exporting.export)
app.command()(measuring.evaluate)
app.command()(measuring.compare)
app.command()(benchmarking.bench)
