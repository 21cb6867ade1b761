# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the built plugin, put it where hosts look for plugins, and make presets."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from requinto.errors import PluginError
from requinto.presets import preset

__all__ = ["BUNDLE", "install", "install_folder", "plugin_path", "preset"]

BUNDLE = "Requinto.vst3"


def plugin_path() -> Path:
    """Return the built `Requinto.vst3` bundle.

    Raises
    ------
    PluginError
        If it was not built with this package.
    """
    package = Path(__file__).parent
    installed = [Path(entry) / "requinto" / BUNDLE for entry in sys.path]
    candidates = [package / BUNDLE, *installed]
    for bundle in candidates:
        if (bundle / "Contents").is_dir():
            return bundle.resolve()
    raise PluginError(
        f"{candidates[0]} is not there: the plugin is built by `pip install`, "
        "not by running from the sources"
    )


def install_folder() -> Path:
    """Return the folder in which hosts look for the user's VST3 plugins."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Audio" / "Plug-Ins" / "VST3"
    if os.name == "nt":
        return Path(os.environ["LOCALAPPDATA"]) / "Programs" / "Common" / "VST3"
    return Path.home() / ".vst3"


def install(folder: Path | None = None) -> Path:
    """Copy the bundle to where hosts look, bound to this Python; return its path.

    Raises
    ------
    PluginError
        If the plugin is not built or the folder cannot be written.
    """
    source = plugin_path()
    place = (folder or install_folder()) / BUNDLE
    unfinished = place.with_name(BUNDLE + ".new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished)
        resources = unfinished / "Contents" / "Resources"
        resources.mkdir(exist_ok=True)
        (resources / "requinto.conf").write_text(_home(), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PluginError(f"{place} cannot be written: {error}") from error
    return place


def installed_home(bundle: Path) -> dict[str, str]:
    """Return which Python an installed bundle starts: executable, libpython, site."""
    conf = bundle / "Contents" / "Resources" / "requinto.conf"
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
