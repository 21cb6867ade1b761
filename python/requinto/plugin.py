# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the built plugin, put it where hosts look for plugins, and make presets."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

from requinto.errors import PluginError
from requinto.presets import preset

__all__ = [
    "FORMATS",
    "Format",
    "install",
    "installed",
    "installed_home",
    "plugin_path",
    "preset",
    "references_folder",
    "uninstall",
    "user_folder",
]


class Format(NamedTuple):
    """A kind of plugin that we build, and where its hosts look for it."""

    name: str
    built: str  # in the package: what is copied
    place: str  # in the user's folder: what it becomes
    conf: str  # in there: where the shell looks for which Python to start
    linux: str  # the user's folder, in the home
    macos: str  # the same
    windows: str  # in %LOCALAPPDATA%, or %APPDATA% for LV2


class Removal(NamedTuple):
    """What `uninstall` did."""

    removed: tuple[Path, ...]  # folders of formats, with all that `install` put there
    left: tuple[Path, ...]  # files and folders that are somebody else's


VST3 = Format(
    name="VST3",
    built="Requinto.vst3",
    place="Requinto.vst3",
    conf="Contents/Resources/requinto.conf",
    linux=".vst3",
    macos="Library/Audio/Plug-Ins/VST3",
    windows="Programs/Common/VST3",
)
CLAP = Format(
    name="CLAP",
    built="clap",
    place="Requinto",
    conf="requinto.conf",
    linux=".clap",
    macos="Library/Audio/Plug-Ins/CLAP",
    windows="Programs/Common/CLAP",
)
LV2 = Format(
    name="LV2",
    built="Requinto.lv2",
    place="Requinto.lv2",
    conf="requinto.conf",
    linux=".lv2",
    macos="Library/Audio/Plug-Ins/LV2",
    windows="LV2",
)
FORMATS = (VST3, CLAP, LV2)


def plugin_path() -> Path:
    """Return the built `Requinto.vst3` bundle.

    Raises
    ------
    PluginError
        If it was not built with this package.
    """
    return _built(VST3)


def _built(form: Format) -> Path:
    package = Path(__file__).parent
    elsewhere = [Path(entry) / "requinto" / form.built for entry in sys.path]
    candidates = [package / form.built, *elsewhere]
    for folder in candidates:
        if folder.is_dir():
            return folder.resolve()
    raise PluginError(
        f"{candidates[0]} is not there: the plugin is built by `pip install`, "
        "not by running from the sources"
    )


def user_folder(form: Format) -> Path:
    """Return the folder in which hosts look for the user's plugins of a format."""
    if sys.platform == "darwin":
        return _user_home() / form.macos
    if os.name == "nt":
        return Path(
            os.environ["APPDATA" if form is LV2 else "LOCALAPPDATA"], form.windows
        )
    return _user_home() / form.linux


def _user_home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise PluginError(f"{error} Set HOME to the user's folder") from error


def references_folder() -> Path:
    """Return the folder whose sound files are targets of the plugin.

    The environment variable REQUINTO_REFERENCES names another one.
    """
    if chosen := os.environ.get("REQUINTO_REFERENCES"):
        return Path(chosen)
    if sys.platform == "darwin":
        data = _user_home() / "Library" / "Application Support"
    elif os.name == "nt":
        data = Path(os.environ["APPDATA"])
    else:
        chosen = os.environ.get("XDG_DATA_HOME", "")
        data = Path(chosen) if chosen.startswith("/") else _user_home() / ".local/share"
    return data / "Requinto" / "References"


def install(folder: Path | None = None) -> dict[str, Path]:
    """Copy the plugin to where hosts look, bound to this Python.

    Parameters
    ----------
    folder : Path, optional
        One folder for all formats, instead of where hosts look for each.

    Returns
    -------
    dict of str to Path
        What is there now, by the name of the format.

    Raises
    ------
    PluginError
        If the plugin is not built or a folder cannot be written.
    """
    return {
        form.name: _install(form, (folder or user_folder(form)) / form.place)
        for form in FORMATS
    }


def uninstall(folder: Path | None = None) -> Removal:
    """Remove what `install` put where hosts look, and nothing else.

    Parameters
    ----------
    folder : Path, optional
        One folder for all formats, as for `install`.

    Raises
    ------
    PluginError
        If something cannot be removed.
    """
    removed: list[Path] = []
    left: list[Path] = []
    for form in FORMATS:
        path = (folder or user_folder(form)) / form.place
        if not os.path.lexists(path):
            continue
        if not _is_ours(form, path):
            left.append(path)
            continue
        try:
            strangers = _remove_files(form, path)
        except OSError as error:
            raise PluginError(f"{path} cannot be removed: {error}") from error
        left += strangers
        removed.append(path)
    return Removal(tuple(removed), tuple(left))


def _is_ours(form: Format, path: Path) -> bool:
    """Return whether `install` made what is there: it leaves which Python it starts."""
    return not path.is_symlink() and "executable" in installed_home(form, path)


def _remove_files(form: Format, path: Path) -> list[Path]:
    """Remove our files, and folders that are empty then; return what is not ours."""
    source = _built(form)
    names = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
    # Last, since it tells that the rest is ours
    for name in [*sorted(names), Path(form.conf)]:
        (path / name).unlink(missing_ok=True)
    folders = [f for f in path.rglob("*") if f.is_dir() and not f.is_symlink()]
    for folder in [*sorted(folders, reverse=True), path]:
        if not any(folder.iterdir()):
            folder.rmdir()
    return [file for file in path.rglob("*") if file.is_symlink() or file.is_file()]


def _install(form: Format, place: Path) -> Path:
    source = _built(form)
    if os.path.lexists(place) and not _is_ours(form, place):
        raise PluginError(
            f"{place} is there already, and not of Requinto's installation: "
            "move it away first"
        )
    unfinished = place.with_name(place.name + ".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished)
        conf = unfinished / form.conf
        conf.parent.mkdir(exist_ok=True)
        conf.write_text(_home(), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PluginError(f"{place} cannot be written: {error}") from error
    return place


def installed(form: Format) -> Path | None:
    """Return where a format is installed for the user, or None."""
    place = user_folder(form) / form.place
    return place if place.is_dir() else None


def is_current(form: Format, place: Path) -> bool:
    """Return whether what is installed is what this package would install."""
    source = _built(form)
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    return all(
        (place / name).is_file()
        and (place / name).read_bytes() == (source / name).read_bytes()
        for name in files
    )


def installed_home(form: Format, place: Path) -> dict[str, str]:
    """Return which Python an installed plugin starts: executable, libpython, site."""
    conf = place / form.conf
    if not conf.is_file():
        return {}
    lines = conf.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _home() -> str:
    """Return the lines by which the shell finds this environment again."""
    site = Path(__file__).parents[1]
    return f"executable={sys.executable}\nlibpython={_libpython()}\nsite={site}\n"


def _libpython() -> Path:
    """Return the shared library of this Python."""
    if os.name == "nt":
        major, minor = sys.version_info[:2]
        return Path(sys.base_prefix) / f"python{major}{minor}.dll"
    known = sysconfig.get_config_var
    # LDLIBRARY names the link-time file; the one to load has the version on
    name = known("INSTSONAME") or known("LDLIBRARY") or ""
    return Path(known("PYTHONFRAMEWORKPREFIX") or known("LIBDIR") or "") / name
