# SPDX-License-Identifier: GPL-3.0-or-later
"""The `requinto` command; each subcommand is a few lines over the library."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import requinto
from requinto.beats import Beats
from requinto.config import (
    DEFAULT_BEATS_PER_CLIP,
    DEFAULT_SENSITIVITY,
    from_values,
    read_toml,
)
from requinto.errors import ConfigError, PluginError
from requinto.model_folder import BEATS, STANDARD
from requinto.sections import Section
from requinto_command import (
    batching,
    benchmarking,
    entry,
    exporting,
    extracting,
    installing,
    measuring,
    outputs,
    serving,
)
from requinto_command.clicks import add_clicks
from requinto_command.inputs import name_problems, read_song
from requinto_command.outputs import Output, Overwrite
from requinto_command.progress_bar import ProgressBar
from requinto_command.signals import install_signal_handlers
from requinto_command.workshop import OWN_SYSTEM, check_workshop
from requinto_files.audio_reader import READABLE
from requinto_files.sound_set import write_sounds

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plugin_app = typer.Typer(no_args_is_help=True, help="The plugin: VST3, CLAP, LV2.")
app.add_typer(plugin_app, name="plugin")
app.add_typer(measuring.data_app, name="data")
app.command()(measuring.evaluate)
app.command()(measuring.compare)
app.command()(exporting.export)
app.command()(benchmarking.bench)
app.command()(serving.serve)
app.command()(batching.batch)

Song = Annotated[Path, typer.Argument(help=f"A sound file: {READABLE}.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def main() -> None:
    """Run the command; exit with 0, or with 2 and one line on stderr."""
    install_signal_handlers()
    sys.exit(entry.run(app))


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        print(f"requinto {importlib.metadata.version('requinto')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print it."
        ),
    ] = False,
) -> None:
    """Point at an instrument, get it out of the mix."""


@app.command()
def extract(
    song: Song,
    target: Annotated[
        str | None, typer.Option(help="A built-in target; guitar unless given.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A sound file with the instrument alone.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Usually SONG-TARGET.wav."),
    ] = None,
    rest: Annotated[
        Path | None, typer.Option(help="Where to write everything else.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Where to draw a picture.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model.")] = STANDARD,
    beats_per_clip: Annotated[
        int, typer.Option(help="Beats separated at a time: 4, 2 or 1.")
    ] = DEFAULT_BEATS_PER_CLIP,
    sensitivity: Annotated[
        float, typer.Option(help="0 to 1: more of the target, and more bleed.")
    ] = DEFAULT_SENSITIVITY,
    system: Annotated[
        str, typer.Option(help="An earlier system instead, such as bachata2020.")
    ] = OWN_SYSTEM,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Extract an instrument from SONG."""
    request = extracting.Request(
        *(song, target, reference, output, rest, plot),
        *(model, beats_per_clip, sensitivity, system, overwrite),
    )
    result = extracting.run(request)
    print(json.dumps(result, indent=2) if as_json else result["output"])


@app.command()
def targets() -> None:
    """List the built-in targets."""
    print("\n".join(requinto.targets()))


@app.command()
def models() -> None:
    """List the models; `extract --model NAME` takes one."""
    for name in requinto.models():
        note = "  the standard one, used unless --model names another"
        print(f"{name}{note if name == STANDARD else ''}")


@app.command()
def beats(
    song: Song,
    as_json: Json = False,
    click: Annotated[
        Path | None, typer.Option(help="Where to write the song with clicks on beats.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Where to draw a picture.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Track the beats, bars and sections of SONG."""
    outputs.check_outputs(
        (Output(click, outputs.SOUND), Output(plot, outputs.PICTURE)),
        (song,),
        overwrite=overwrite,
    )
    recording = read_song(song)
    mixture, rate = recording.samples, recording.sample_rate
    shape = (len(mixture), mixture.shape[1])
    outputs.check_capacity((click,), *shape, rate)
    tracked = requinto.beats(mixture, rate)
    parts = requinto.sections(mixture, rate, beats=tracked)
    gain = 1.0
    if click:
        blocks = [(add_clicks(mixture, rate, tracked),)]
        levels = write_sounds((click,), blocks, shape, rate, overwrite=overwrite)
        outputs.warn_of_gain(levels)
        gain = levels.gain
    if plot:
        from requinto_command.pictures import song_map

        song_map(mixture, rate, tracked, parts, plot, overwrite=overwrite)
    if as_json:
        report = {
            "song": str(song),
            **_describe(tracked, parts),
            "click": str(click) if click else None,
            "gain": gain,
            "input_problems": name_problems({song: recording.problems}),
            "plot": str(plot) if plot else None,
        }
        print(json.dumps(report, indent=2))
        return
    bars = set(tracked.downbeats_s.tolist())
    for time_s in tracked.times_s.tolist():
        print(f"{time_s:.3f}{' downbeat' if time_s in bars else ''}")


def _describe(beats: Beats, parts: Sequence[Section]) -> dict[str, Any]:
    """Return beats and sections as JSON can hold them."""
    return {
        "tempo_bpm": round(beats.tempo_bpm, 2),
        "beats_per_bar": beats.beats_per_bar,
        "confidence": round(beats.confidence, 3),
        "times_s": beats.times_s.round(4).tolist(),
        "downbeats_s": beats.downbeats_s.round(4).tolist(),
        "sections": [
            {
                "name": part.name,
                "group": part.group,
                "start_s": round(part.start_s, 4),
                "end_s": round(part.end_s, 4),
            }
            for part in parts
        ],
    }


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("-o", "--output", help="Where to put sound and picture.")
    ] = Path("requinto-demo"),
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Run the plugin in pedalboard on the demo song, and score it."""
    from requinto_command.demo import run

    run(folder, as_json=as_json, overwrite=overwrite)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A TOML file of training numbers.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
    anneal: Annotated[
        int | None,
        typer.Option(
            metavar="STEPS",
            help="Branch off: copy the run's last checkpoint to --output, and let its "
            "learning rate fall to nothing over so many steps. The same again resumes.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder of the branch.")
    ] = None,
) -> None:
    """Train a model, or an earlier system, on a library of loops."""
    if (anneal is None) != (output is None):
        raise ConfigError("a branch needs both --anneal STEPS and --output FOLDER")
    check_workshop()
    from requinto_lab.networks.backend import import_for_training
    from requinto_lab.systems import registry

    values = read_toml(config)
    system = values.pop("system", OWN_SYSTEM)
    trainable = (OWN_SYSTEM, BEATS, *registry.TRAINERS)
    if system not in trainable:
        known = ", ".join(trainable)
        raise ConfigError(f"unknown system {system!r}; those to be trained are {known}")
    if anneal is not None and system != OWN_SYSTEM:
        raise ConfigError(f"--anneal is for the system {OWN_SYSTEM}, not for {system}")
    import_for_training()
    if system != OWN_SYSTEM:
        print(_train_another(system, values | ({"resume": True} if resume else {})))
        return
    from requinto_lab.training.fit import train as fit
    from requinto_lab.training.fit import training_config

    run = training_config(values)
    if anneal is not None and output is not None:
        from requinto_lab.training.annealing import branch

        run, resume = branch(run, anneal, output), True
    print(fit(run, resume=resume))


def _train_another(system: str, values: dict[str, Any]) -> Path:
    if system == BEATS:
        from requinto_lab.training import beat_fit

        return beat_fit.train(from_values(beat_fit.BeatTraining, values, "training"))
    from requinto_lab.systems import registry

    return registry.train(system, values)


@plugin_app.command("path")
def plugin_path() -> None:
    """Print where the built bundle is."""
    print(requinto.plugin_path())


@plugin_app.command("install")
def plugin_install() -> None:
    """Copy the plugin to where hosts look for the user's: VST3, CLAP and LV2."""
    for path in installing.install().values():
        print(path)


@plugin_app.command("uninstall")
def plugin_uninstall() -> None:
    """Remove what `install` put there; your own references stay."""
    removal = installing.uninstall()
    for path in removal.removed:
        print(f"removed {path}")
    for path in removal.left:
        print(f"left {path}: not of Requinto's installation")
    if not removal.removed and not removal.left:
        print("nothing is installed")


@plugin_app.command("status")
def plugin_status(as_json: Json = False) -> None:
    """Show what is installed, which Python and models it starts, and test it."""
    from requinto_command.plugin_status import find_problems, lines, status

    with ProgressBar("Testing"):
        report = status()
    print(json.dumps(report, indent=2) if as_json else "\n".join(lines(report)))
    if problems := find_problems(report):
        raise PluginError("; ".join(problems))
