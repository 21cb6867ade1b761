# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the page, read once: a table of names, so that no path is a client's."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import sys
from pathlib import Path
from typing import NamedTuple

_INDEX = "index.html"
_REFERRED = re.compile(r"""["'(]/assets/([\w./-]+)["')]""")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}
_TEXTS = (".html", ".js", ".mjs", ".css")


class PageFile(NamedTuple):
    """A file of the page."""

    content: bytes
    media_type: str
    etag: str


class Page(NamedTuple):
    """The page: its files by name, and what is missing of them."""

    files: dict[str, PageFile]
    missing: tuple[str, ...]

    @property
    def main_file(self) -> PageFile | None:
        """The page itself, or None where something of it is missing."""
        return None if self.missing else self.files.get(_INDEX)

    @property
    def problem(self) -> str:
        """What a user can do where the page is not complete."""
        return (
            f"the page is not complete: {', '.join(self.missing)} is missing. It comes "
            "with the package when that is built with a network, as by "
            "pip install 'requinto[web]'; the interface under /api works without"
        )


def read_page(folders: list[Path] | None = None) -> Page:
    """Read the page from where it is installed: its source, and what was built."""
    if folders is None:
        here = Path(__file__).parent / "page"
        folders = [here, *(Path(p) / "requinto_web" / "page" for p in sys.path if p)]
    files: dict[str, PageFile] = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            files.setdefault(name, _read(path))
    referred = {_INDEX}
    for name, file in files.items():
        if Path(name).suffix in _TEXTS:
            referred.update(_REFERRED.findall(file.content.decode("utf-8", "replace")))
    return Page(files, tuple(sorted(referred - files.keys())))


def _read(path: Path) -> PageFile:
    content = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return PageFile(
        content, kind + charset, f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    )
