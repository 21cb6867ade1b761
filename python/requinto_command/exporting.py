# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that makes of trained weights what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from requinto_command.workshop import check_workshop


def export(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models; all of them unless given.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Of models; the usual one unless given.")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="Of weights: int8, half or single; as before unless given."),
    ] = None,
) -> None:
    """Write trained models as the LiteRT files that the product runs."""
    check_workshop()
    from requinto.errors import ModelError
    from requinto.model_folder import models_folder
    from requinto_lab.networks.backend import prepare_own_process

    prepare_own_process()
    from requinto_lab.training import export as exporting

    models = folder or models_folder()
    known = exporting.exportable(models)
    chosen = tuple(names or known)
    if unknown := [name for name in chosen if name not in known]:
        raise ModelError(
            f"no weights of {unknown[0]!r} in {models}; there are "
            f"{', '.join(known) or 'none'}"
        )
    for name in chosen:
        print(exporting.export(models, name, precision))
