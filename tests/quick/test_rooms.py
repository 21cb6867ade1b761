# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way, and the plugin imports only the product."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

import requinto
from requinto.config import read_toml
from shell import ROOT

PYTHON = Path(__file__).parents[2] / "python"
# A file may import from those before it, in its package and in packages before that
ROOMS = {
    "requinto_files": [
        *("errors", "locks", "environment", "quiet", "signal_shelter", "mpeg_frames"),
        *("sized_containers", "audio_segments", "downmix", "audio_streams", "ffmpeg"),
        *("ffmpeg_decoder", "audio_reader"),
        *("output_files", "quantisation", "sound_kinds"),
        *("audio_writer", "sound_set", "streams", "figures"),
        "__init__",
    ],
    "requinto": [
        *("errors", "checks", "arithmetic", "config", "process", "networks"),
        *("exports", "audio", "song", "song_file", "beats", "clips", "stft", "pitch"),
        *("columns", "overview"),
        *("reference_summary", "spectra"),
        *("inaudible", "clip_spectra", "mask_file"),
        *("sections", "rhythm", "song_features", "decoding", "metrics"),
        *("spectrograms", "nmf", "templates", "separator", "target_separation"),
        *("model_folder", "tracker"),
        *("loader", "follower", "bar_capture", "host_position", "timeline"),
        *("register_shift", "stream"),
        *("bridge", "arguments", "song_separation", "extract", "file_extraction"),
        "plugin_table",
        *("presets", "plugin", "__init__"),
    ],
    "requinto_batch": [
        *("errors", "worker_setup", "runner", "cluster", "records"),
        *("catalogue", "song_work", "summary", "batch", "__init__"),
    ],
    "requinto_web": [
        *("limits", "refusals", "names", "progress", "records", "store"),
        *("disk", "job_queue", "entities", "library"),
        *("tasks", "child_side", "decoding", "working", "children", "decoder"),
        *("worker", "song_jobs", "extraction_jobs", "services"),
        *("schemas", "page_files", "security", "bodies", "answers", "uploads"),
        *("events", "downloads", "song_routes", "extraction_routes", "app", "server"),
        "__init__",
    ],
}
LAB = [
    *("networks", "material", "evaluation", "training", "systems", "studies"),
    "benchmark",
]
PACKAGES = [
    *("requinto_files", "requinto", "requinto_batch", "requinto_web", "requinto_lab"),
    "requinto_command",
]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
# What runs networks as they were trained is of the workshop, and imported by name
HOOK = ("requinto.loader", "requinto_lab.networks.keras_runtime")


def module_of(path):
    parts = path.relative_to(PYTHON).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in PYTHON.rglob("*.py")}


def names_in(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def own(names):
    """Yield the modules of this repository among imported names."""
    for name in names:
        while name and name not in FILES:
            name = name.rpartition(".")[0]
        if name:
            yield name


@functools.cache
def tree_of(module):
    return ast.parse(FILES[module].read_text())


@functools.cache
def imported(module, *, at_start=False):
    """Return what a file imports; `at_start`, without what functions import."""
    names, waiting = set(), [tree_of(module)]
    while waiting:
        node = waiting.pop()
        names.update(names_in(node))
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node)
        if at_start and (for_types or isinstance(node, (*FUNCTIONS, ast.Lambda))):
            continue
        waiting.extend(ast.iter_child_nodes(node))
    return names


@functools.cache
def names_defined(module):
    """Return each name that a file assigns, defines or imports."""
    names = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, DEFINITIONS):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return names


@pytest.mark.parametrize("folder", [PYTHON, ROOT / "tests"], ids=["code", "tests"])
def test_everything_imported_from_our_packages_is_there(folder):
    """Type checkers take a module that is gone for one without types."""
    n_names = 0
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            for name in names_in(node):
                if name.split(".")[0] in PACKAGES:
                    module, _, attribute = name.rpartition(".")
                    is_there = name in FILES or (
                        module in FILES and attribute in names_defined(module)
                    )
                    assert is_there, f"{path} imports {name}"
                    n_names += 1
    assert n_names > 100


def test_every_file_has_its_room():
    assert {p.name for p in PYTHON.iterdir() if p.is_dir()} == set(PACKAGES)
    for package, rooms in ROOMS.items():
        assert {p.stem for p in (PYTHON / package).glob("*.py")} == set(rooms)
        assert len(rooms) == len(set(rooms))
    folders = {p.parent.name for p in (PYTHON / "requinto_lab").glob("*/*.py")}
    assert folders == set(LAB)


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_only_those_before_them(package):
    modules = [package if r == "__init__" else f"{package}.{r}" for r in ROOMS[package]]
    for i, module in enumerate(modules):
        for name in own(imported(module)):
            if name.split(".")[0] == package:
                assert name in modules[:i], f"{module} imports {name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_those_before_them(package):
    """The command imports the workshop too, when a command of it is called."""
    forbidden = set(PACKAGES[PACKAGES.index(package) + 1 :])
    for module in FILES:
        if module.split(".")[0] != package:
            continue
        at_start = own(imported(module, at_start=True))
        tops = {name.split(".")[0] for name in own(imported(module))}
        assert not tops & forbidden, module
        if package == "requinto_command":
            assert "requinto_lab" not in {n.split(".")[0] for n in at_start}, module


def test_the_product_names_the_workshop_once():
    named = [
        (module, name)
        for module, path in FILES.items()
        if module.split(".")[0] in ("requinto", "requinto_files")
        for name in re.findall(r"requinto_lab[\w.]*", path.read_text())
    ]
    assert named == [HOOK]
    assert HOOK[1] in FILES


@pytest.mark.parametrize("folder", LAB)
def test_folders_import_only_those_before_them(folder):
    forbidden = {f"requinto_lab.{f}" for f in LAB[LAB.index(folder) + 1 :]}
    for module in FILES:
        if module.startswith(f"requinto_lab.{folder}"):
            for name in own(imported(module)):
                top = ".".join(name.split(".")[:2])
                assert top not in forbidden, f"{module} imports {name}"


def test_no_imports_go_in_circles():
    graph = {module: set(own(imported(module))) - {module} for module in FILES}
    while leaves := {m for m, imports in graph.items() if not imports & graph.keys()}:
        graph = {m: imports for m, imports in graph.items() if m not in leaves}
    assert not graph, "in a circle, or before one"


def test_the_plugin_imports_neither_trainer_nor_applications():
    script = (
        "import sys, requinto.bridge\n"
        "print([n for n in sys.modules if n.startswith('requinto')])\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = ast.literal_eval(result.stdout)
    assert "requinto.stream" in loaded
    assert {n.split(".")[0] for n in loaded} == {"requinto", "requinto_files"}


def named(requirements):
    """Return the packages of requirements, as they are imported."""
    return {re.split("[<>=;]", name)[0].replace("-", "_") for name in requirements}


def test_the_product_needs_only_what_it_installs():
    """Whatever is imported before a command of the workshop is called."""
    project = read_toml(ROOT / "pyproject.toml")["project"]
    known = {*sys.stdlib_module_names, *named(project["dependencies"]), *PACKAGES}
    # Imported by the command alone, once it has checked that the extra is there
    web = named(project["optional-dependencies"]["web"])
    for module in FILES:
        package = module.split(".")[0]
        if package != "requinto_lab":
            for name in imported(module, at_start=True):
                is_web = package == "requinto_web" and name.split(".")[0] in web
                assert is_web or name.split(".")[0] in known, f"{module} imports {name}"
        if package == "requinto_command":
            at_start = own(imported(module, at_start=True))
            assert "requinto_web" not in {n.split(".")[0] for n in at_start}, module


def test_network_files_know_one_library():
    ours = ("unet", "reference_encoder", "beat_network")
    paths = [
        *(FILES[f"requinto_lab.networks.{name}"] for name in ours),
        FILES["requinto_lab.systems.layers"],
    ]
    allowed = {"keras", "requinto", "requinto_lab", "collections", "typing", "math"}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= {"keras"}
            elif isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] in allowed | {"__future__"}


def graph_builders():
    """Yield the functions of systems that build a graph, or a part of one."""
    for module, path in FILES.items():
        if module.startswith("requinto_lab.systems."):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    source = ast.unparse(node)
                    is_layers = module.endswith(".layers")
                    if re.search(r"\bimport keras|from keras import", source):
                        if "set_random_seed" not in source:  # as trainers do
                            yield module, node
                    elif is_layers:
                        yield module, node


def test_graphs_are_built_of_keras_alone():
    """And systems are imported without it: some of their users have none."""
    builders = list(graph_builders())
    systems = {module.rpartition(".")[2] for module, _ in builders}
    assert systems >= {
        *("bachata2020", "spectrogram_channels", "deepconvsep", "spleeter"),
        *("denoising_autoencoder", "recurrent_masker", "lstm_separator", "layers"),
    }
    other = {"np", "numpy", "librosa", "scipy", "tensorflow", "tf"}
    for module, function in builders:
        names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
        assert not names & other, f"{module}: {function.name} uses {names & other}"
        nodes = ast.walk(function)
        roots = {n.split(".")[0] for node in nodes for n in names_in(node)}
        assert roots <= {"keras", *PACKAGES}, f"{module}: {function.name}"
    for module in FILES:
        if module.startswith(("requinto_lab.systems.", "requinto_lab.studies")):
            at_start = {n.split(".")[0] for n in imported(module, at_start=True)}
            is_layers = module == "requinto_lab.systems.layers"
            assert ("keras" in at_start) == is_layers, module
            own_layers = "requinto_lab.systems.layers" in own(
                imported(module, at_start=True)
            )
            assert not own_layers, module


def test_public_names_are_there_and_described():
    for name in requinto.__all__:
        assert getattr(requinto, name).__doc__
