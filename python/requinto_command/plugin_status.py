# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what is installed of the plugin, what it will start, and whether it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import requinto
from requinto.errors import RequintoError
from requinto.loader import load_separator, load_tracker, model_runtime
from requinto.model_folder import BEATS, models, models_folder, targets
from requinto_command import installing

_LIMIT_S = 120
# What a host does, in a process of its own: whatever happens there stays there
_SELF_TEST = """
import json, sys, time
sys.path += sys.argv[2:]
import numpy as np, pedalboard
plugin = pedalboard.load_plugin(sys.argv[1])
plugin.beat_source, plugin.clip = "Fixed tempo", "1 beat"
noise = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 3 * 44100)).astype("float32")
start = time.perf_counter()
output = plugin.process(noise, 44100)
taken_s = time.perf_counter() - start
print(json.dumps({"status": plugin.status, "whole": output.shape == noise.shape,
                  "finite": bool(np.isfinite(output).all()), "taken_s": taken_s}))
"""


def status() -> dict[str, Any]:
    """Return the whole status, as JSON can hold it."""
    return {
        "built": str(requinto.plugin_path()),
        "installed": {
            form.name: _describe_installed(form) for form in installing.FORMATS
        },
        "window": _has_window(),
        "models": _models(),
        "references": str(installing.references_folder()),
        "self_test": _self_test(),
    }


def _describe_installed(form: installing.Format) -> dict[str, Any] | None:
    path = installing.find_installed(form)
    if path is None:
        return None
    conf = installing.read_conf(form, path)
    return {
        "path": str(path),
        "current": installing.is_current(form, path),
        "python": conf.get("executable"),
        "python_works": _imports(conf.get("executable")),
    }


def _has_window() -> bool:
    """Return whether the plugin was built with a window of its own."""
    if sys.platform != "linux":  # where the system has all that it takes
        return True
    return any(requinto.plugin_path().rglob("requinto_window.so"))


def _imports(executable: str | None) -> bool:
    """Return whether a Python exists and can import this package."""
    if not executable:
        return False
    command = [executable, "-I", "-c", "import requinto.bridge"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):  # or no path at all
        return False
    return done.returncode == 0


def _models() -> dict[str, Any]:
    """Return where the models are, what targets they have, and which are whole."""
    try:
        folder, names = models_folder(), (*models(), BEATS)
        problems = {name: _problem(name) for name in names}
        return {
            "folder": str(folder),
            "targets": list(targets()),
            "whole": {name: not problem for name, problem in problems.items()},
            "problems": {name: text for name, text in problems.items() if text},
            "runtimes": {
                name: model_runtime(folder, name)
                for name, problem in problems.items()
                if not problem
            },
        }
    except RequintoError as error:
        return {"folder": None, "problem": str(error)}


def _problem(name: str) -> str:
    """Return why a model cannot be used, or nothing."""
    try:
        _load(name)
    except RequintoError as error:
        return str(error)
    except Exception as error:  # whatever a damaged model leads to
        return f"{type(error).__name__}: {error}"
    return ""


def _load(name: str) -> None:
    """Load a model or the beat tracker, with all it needs to answer to names."""
    if name == BEATS:
        load_tracker()
        return
    separator = load_separator(name)
    for target in targets():
        separator.target(target)


def _self_test() -> dict[str, Any]:
    """Run three seconds through the built plugin, in a host of its own."""
    # Isolated: no random.py of the current folder comes before Python's own
    folders = [folder for folder in sys.path if os.path.isabs(folder)]
    program = [sys.executable, "-I", "-c", _SELF_TEST]
    command = [*program, str(requinto.plugin_path()), *folders]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"passed": False, "problem": f"no answer within {_LIMIT_S} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return {"passed": False, "problem": last}
    printed = done.stdout.splitlines()
    if not printed:
        return {"passed": False, "problem": "the host ended without a result"}
    seen = json.loads(printed[-1])
    passed = seen["status"] == "Ready" and seen["whole"] and seen["finite"]
    return {
        "passed": passed,
        "status": seen["status"],
        "seconds": round(seen["taken_s"], 2),
    }


def find_problems(report: dict[str, Any]) -> list[str]:
    """Return what is wrong in a status, a phrase each; nothing if all is well."""
    problems = []
    test, kept = report["self_test"], report["models"]
    if not test["passed"]:
        reason = test.get("problem") or test["status"]
        problems.append(f"the plugin's self-test failed: {reason}")
    for name, form in report["installed"].items():
        if form and not form["python_works"]:
            python = form["python"] or "no Python"
            problems.append(
                f"the installed {name} starts {python}, which has no requinto; "
                "`requinto plugin install` mends that"
            )
    for name, problem in kept.get("problems", {}).items():
        problems.append(f"model {name}: {problem}")
    return problems


def lines(report: dict[str, Any]) -> list[str]:
    """Return a status in words."""
    text = [f"built: {report['built']}"]
    if not report["window"]:
        text.append(
            "window: none, hosts show a list; install X11's headers (on Debian "
            "libx11-dev), and then requinto again"
        )
    for name, form in report["installed"].items():
        if form is None:
            text.append(f"{name}: not installed; `requinto plugin install` does that")
            continue
        age = "" if form["current"] else ", of another build than this one"
        works = "" if form["python_works"] else ", which does not know requinto"
        text.append(f"{name}: {form['path']}{age}")
        text.append(f"{name} starts: {form['python'] or 'no Python'}{works}")
    kept = report["models"]
    if kept["folder"] is None:
        text.append(f"models: {kept['problem']}")
    else:
        named = [
            name if whole else f"{name} (cannot be used)"
            for name, whole in kept["whole"].items()
        ]
        text.append(f"models: {', '.join(named)}, in {kept['folder']}")
        text += [f"{name}: {problem}" for name, problem in kept["problems"].items()]
        runtimes = ", ".join(sorted(set(kept["runtimes"].values())))
        text.append(f"they run on: {runtimes or 'nothing'}")
        text.append(f"targets: {', '.join(kept['targets'])}")
    text.append(f"your references go to: {report['references']}")
    test = report["self_test"]
    if test["passed"]:
        text.append(f"self-test: passed, in {test['seconds']} s")
    else:
        text.append(f"self-test: failed: {test.get('problem') or test['status']}")
    return text
