# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that list what there is: `targets` and `models`."""

from __future__ import annotations

import json

from requinto_command.options import Json


def targets(as_json: Json = False) -> None:
    """List the built-in targets."""
    import requinto

    names = requinto.targets()
    print(json.dumps(names) if as_json else "\n".join(names))


def models(as_json: Json = False) -> None:
    """List the models; `extract --model NAME` takes one."""
    import requinto
    from requinto.model_folder import STANDARD

    names = requinto.models()
    if as_json:
        print(json.dumps(names))
        return
    for name in names:
        note = "  the standard one, used unless --model names another"
        print(f"{name}{note if name == STANDARD else ''}")
