# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the built plugin where hosts look for plugins, and take it away again."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NamedTuple

import requinto
from requinto.errors import PluginError
from requinto.plugin_table import built_path


class Format(NamedTuple):
    """A kind of plugin that we build, and where its hosts look for it."""

    name: str
    built: str  # in the package: what is copied
    folder: str  # in the user's folder: what it becomes
    conf: str  # in there: where the shell looks for which Python to start
    linux: str  # the user's folder, in the home
    macos: str  # the same
    windows: str  # in %LOCALAPPDATA%, or %APPDATA% for LV2


class Removal(NamedTuple):
    """What `uninstall` did."""

    removed: tuple[Path, ...]  # folders of formats, with all that `install` put there
    left: tuple[Path, ...]  # files and folders that `install` did not put there


VST3 = Format(
    name="VST3",
    built="Requinto.vst3",
    folder="Requinto.vst3",
    conf="Contents/Resources/requinto.conf",
    linux=".vst3",
    macos="Library/Audio/Plug-Ins/VST3",
    windows="Programs/Common/VST3",
)
CLAP = Format(
    name="CLAP",
    built="clap",
    folder="Requinto",
    conf="requinto.conf",
    linux=".clap",
    macos="Library/Audio/Plug-Ins/CLAP",
    windows="Programs/Common/CLAP",
)
LV2 = Format(
    name="LV2",
    built="Requinto.lv2",
    folder="Requinto.lv2",
    conf="requinto.conf",
    linux=".lv2",
    macos="Library/Audio/Plug-Ins/LV2",
    windows="LV2",
)
FORMATS = (VST3, CLAP, LV2)
_STAGING = ".requinto-"  # of folders that are not finished


def user_folder(form: Format) -> Path:
    """Return the folder in which hosts look for the user's plugins of a format."""
    if sys.platform == "darwin":
        return _user_home() / form.macos
    if os.name == "nt":
        variable = "APPDATA" if form is LV2 else "LOCALAPPDATA"
        return _windows_folder(variable) / form.windows
    return _user_home() / form.linux


def _user_home() -> Path:
    """Return HOME, or the password database's folder where HOME is no absolute path."""
    variable = os.environ.get("HOME", "")
    if variable.startswith("/"):
        return Path(variable)
    try:
        pwd = importlib.import_module("pwd")
        folder = str(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        folder = ""
    if not folder.startswith("/"):
        raise PluginError(
            f"HOME must be the absolute path of the user's folder, got {variable!r}, "
            "and the system knows no other"
        )
    return Path(folder)


def _windows_folder(variable: str) -> Path:
    folder = os.environ.get(variable, "")
    if not Path(folder).is_absolute():
        raise PluginError(f"{variable} must be an absolute path, got {folder!r}")
    return Path(folder)


def references_folder() -> Path:
    """Return the folder whose sound files are targets of the plugin.

    The environment variable REQUINTO_REFERENCES names another one.
    """
    if chosen := os.environ.get("REQUINTO_REFERENCES"):
        return Path(chosen)
    if sys.platform == "darwin":
        data = _user_home() / "Library" / "Application Support"
    elif os.name == "nt":
        data = _windows_folder("APPDATA")
    else:
        chosen = os.environ.get("XDG_DATA_HOME", "")
        data = Path(chosen) if chosen.startswith("/") else _user_home() / ".local/share"
    return data / "Requinto" / "References"


def install(folder: str | os.PathLike[str] | None = None) -> dict[str, Path]:
    """Copy the plugin to where hosts look, bound to this Python.

    Files of others in there stay.

    Parameters
    ----------
    folder : str or path, optional
        One folder for all formats, instead of where hosts look for each.

    Returns
    -------
    dict of str to Path
        What is there now, by the name of the format.

    Raises
    ------
    PluginError
        If the plugin is not built, or a folder is not one or cannot be written.
    """
    paths: dict[str, Path] = {}
    for form, path in _format_paths(folder):
        try:
            _install(form, path)
        except PluginError as error:
            raise _with_finished(error, "installed", list(paths.values())) from error
        paths[form.name] = path
    return paths


def uninstall(folder: str | os.PathLike[str] | None = None) -> Removal:
    """Remove what `install` put where hosts look, and nothing else.

    Parameters
    ----------
    folder : str or path, optional
        One folder for all formats, as for `install`.

    Raises
    ------
    PluginError
        If something cannot be removed; it says what was removed before.
    """
    removed: list[Path] = []
    left: list[Path] = []
    for form, path in _format_paths(folder):
        if not os.path.lexists(path):
            continue
        if not _is_ours(form, path):
            left.append(path)
            continue
        try:
            left += _remove_files(form, path)
        except OSError as error:
            problem = PluginError(f"{path} cannot be removed: {error}")
            raise _with_finished(problem, "removed", removed) from error
        removed.append(path)
    return Removal(tuple(removed), tuple(left))


def _format_paths(
    folder: str | os.PathLike[str] | None,
) -> list[tuple[Format, Path]]:
    """Return where each format goes, or raise `PluginError` before any is touched."""
    if folder is None:
        return [(form, user_folder(form) / form.folder) for form in FORMATS]
    path = os.fspath(folder) if isinstance(folder, os.PathLike) else folder
    if not isinstance(path, str) or not path or "\0" in path:
        raise PluginError(
            f"folder must be the path of a folder, as str or Path, got {folder!r}"
        )
    return [(form, Path(path) / form.folder) for form in FORMATS]


def _with_finished(error: PluginError, verb: str, paths: list[Path]) -> PluginError:
    """Return an error that also says what was done before it."""
    if not paths:
        return error
    return PluginError(f"{error}; {verb} already: {', '.join(map(str, paths))}")


def _is_ours(form: Format, path: Path) -> bool:
    """Return whether `install` made what is there: it leaves which Python it starts."""
    return not path.is_symlink() and "executable" in read_conf(form, path)


def _remove_files(form: Format, path: Path) -> list[Path]:
    """Remove our files, and folders that are empty then; return what is not ours."""
    source = built_path(form.built)
    names = {file.relative_to(source) for file in source.rglob("*") if file.is_file()}
    # Last, since it marks the rest as ours
    for name in [*sorted(names), Path(form.conf)]:
        (path / name).unlink(missing_ok=True)
    folders = [f for f in path.rglob("*") if f.is_dir() and not f.is_symlink()]
    for folder in [*sorted(folders, reverse=True), path]:
        if not any(folder.iterdir()):
            folder.rmdir()
    return [file for file in path.rglob("*") if file.is_symlink() or file.is_file()]


def _install(form: Format, path: Path) -> None:
    """Replace our files in a folder, each at once; what else is there stays."""
    source = built_path(form.built)
    if os.path.lexists(path) and not _is_ours(form, path):
        raise PluginError(
            f"{path} is there already, and not of Requinto's installation: "
            "move it away first"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A full disk is met here, before anything installed has changed
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=_STAGING) as folder:
            staging = Path(shutil.copytree(source, Path(folder) / form.folder))
            conf = staging / form.conf
            conf.parent.mkdir(exist_ok=True)
            conf.write_text(_conf_text(), encoding="utf-8", errors="surrogateescape")
            _move_files(staging, path, first=Path(form.conf))
    except OSError as error:
        raise PluginError(f"{path} cannot be written: {error}") from error


def _move_files(source: Path, path: Path, first: Path) -> None:
    """Move files, `first` before the others: it marks the folder as ours."""
    names = sorted(f.relative_to(source) for f in source.rglob("*") if f.is_file())
    if folder := next((name for name in names if (path / name).is_dir()), None):
        raise IsADirectoryError(f"{path / folder} is a folder")
    for name in sorted(names, key=lambda name: name != first):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).replace(path / name)


def find_installed(form: Format) -> Path | None:
    """Return where a format is installed for the user, or None."""
    path = user_folder(form) / form.folder
    return path if path.is_dir() else None


def is_current(form: Format, path: Path) -> bool:
    """Return whether what is installed is what this package would install."""
    source = built_path(form.built)
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    try:
        return all(
            (path / name).read_bytes() == (source / name).read_bytes() for name in files
        )
    except OSError:
        return False


def read_conf(form: Format, path: Path) -> dict[str, str]:
    """Return which Python an installed plugin starts: executable, libpython, site.

    Bytes that are no UTF-8, of a path or of damage, are kept as surrogates; a file
    that cannot be read holds nothing.
    """
    try:
        data = (path / form.conf).read_bytes()
    except OSError:
        return {}
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _conf_text() -> str:
    """Return the lines by which the shell finds this environment again."""
    site = Path(requinto.__file__).parents[1]
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
