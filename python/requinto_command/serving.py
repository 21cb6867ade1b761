# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve the web page, as `requinto serve` does."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from requinto_command.messages import warn
from requinto_files.environment import is_installed
from requinto_files.errors import RequintoError

_LARGEST = 1e6  # of an option that is a size
_HOST = re.compile(r"[\w.-]+")
_NEEDED = ("fastapi", "python_multipart", "uvicorn")


def serve(
    host: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0 is all of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes one that is free.")
    ] = 8000,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where songs are kept; in your cache folder unless given."),
    ] = None,
    max_size: Annotated[
        float, typer.Option(metavar="MB", help="The largest file that is accepted.")
    ] = 200.0,
    max_duration: Annotated[
        float, typer.Option(metavar="MIN", help="The longest song that is accepted.")
    ] = 30.0,
    keep: Annotated[
        float,
        typer.Option(metavar="HOURS", help="Until a song is removed after use."),
    ] = 24.0,
    max_disk: Annotated[
        float, typer.Option(metavar="GB", help="Room for all songs together.")
    ] = 20.0,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name by which the server is reached."),
    ] = None,
) -> None:
    """Serve a web page that does what `extract` does, and its REST interface."""
    check_web()
    _check_size("--max-size", max_size)
    _check_size("--max-duration", max_duration)
    _check_size("--keep", keep)
    _check_size("--max-disk", max_disk)
    _check_hosts(allow_host or ())
    from requinto_web.limits import Settings
    from requinto_web.server import is_loopback
    from requinto_web.server import serve as run

    own_names = () if is_loopback(host) else (socket.gethostname(),)
    settings = Settings(
        folder=folder or default_folder(),
        hosts=(host, *own_names, *(allow_host or ())),
        max_bytes=round(max_size * 1e6),
        max_duration_s=60.0 * max_duration,
        kept_s=3600.0 * keep,
        max_disk_bytes=round(max_disk * 1e9),
    )

    def announce(url: str) -> None:
        print(f"Requinto is at {url}", flush=True)
        if not is_loopback(host):
            warn(
                f"whoever reaches {url} can use it: there is no login, and nothing is "
                "encrypted; docs/web.md says how to serve it to others"
            )

    run(settings, host, port, announce)


def _check_size(option: str, size: float) -> None:
    from requinto.errors import ConfigError

    if not 0 < size < _LARGEST:  # which not-a-number is not either
        raise ConfigError(
            f"{option} must be above 0 and below {_LARGEST:g}, got {size:g}"
        )


def _check_hosts(names: Iterable[str]) -> None:
    from requinto.errors import ConfigError

    for name in names:
        if not _HOST.fullmatch(name):
            raise ConfigError(
                "--allow-host must be a name such as music.example.org, without a "
                f"port, got {name!r}"
            )


def check_web() -> None:
    """Raise `RequintoError` unless what the server needs is installed."""
    missing = [name for name in _NEEDED if not is_installed(name)]
    if missing:
        raise RequintoError(
            f"not installed: {', '.join(missing)}; pip install 'requinto[web]' brings "
            "what the server needs"
        )


def default_folder() -> Path:
    """Return where songs are kept unless the user says."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "requinto" / "web"
    if os.name == "nt":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "requinto" / "web"
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(chosen) if os.path.isabs(chosen) else Path.home() / ".cache"
    return cache / "requinto" / "web"
