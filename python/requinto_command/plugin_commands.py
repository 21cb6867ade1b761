# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of `requinto plugin`."""

from __future__ import annotations

import json

import typer

from requinto_command.options import Json

plugin_app = typer.Typer(no_args_is_help=True, help="The plugin: VST3, CLAP, LV2.")


@plugin_app.command("path")
def plugin_path(as_json: Json = False) -> None:
    """Print where the built bundle is."""
    import requinto

    path = str(requinto.plugin_path())
    print(json.dumps({"path": path}, indent=2) if as_json else path)


@plugin_app.command("install")
def plugin_install(as_json: Json = False) -> None:
    """Copy the plugin to where hosts look for the user's: VST3, CLAP and LV2."""
    from requinto_command import installing

    paths = {name: str(path) for name, path in installing.install().items()}
    if as_json:
        print(json.dumps({"installed": paths}, indent=2))
    else:
        print("\n".join(paths.values()))


@plugin_app.command("uninstall")
def plugin_uninstall(as_json: Json = False) -> None:
    """Remove what `install` put there; your own references stay."""
    from requinto_command import installing

    removal = installing.uninstall()
    if as_json:
        names = {key: list(map(str, paths)) for key, paths in removal._asdict().items()}
        print(json.dumps(names, indent=2))
        return
    for path in removal.removed:
        print(f"removed {path}")
    for path in removal.left:
        print(f"left {path}: not of Requinto's installation")
    if not removal.removed and not removal.left:
        print("nothing is installed")


@plugin_app.command("status")
def plugin_status(as_json: Json = False) -> None:
    """Show what is installed, which Python and models it starts, and test it."""
    from requinto.errors import PluginError
    from requinto_command.plugin_status import find_problems, lines, status
    from requinto_command.progress_bar import ProgressBar

    with ProgressBar("Testing"):
        report = status()
    print(json.dumps(report, indent=2) if as_json else "\n".join(lines(report)))
    if problems := find_problems(report):
        raise PluginError("; ".join(problems))
