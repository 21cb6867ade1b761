# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Ardour: sessions of one track with our plugin on it.

Most without its windows; with those, it plays to nothing and shows the plugin's.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pedalboard
import soundfile

import requinto
from shell import run

TESTS = Path(__file__).parent
LIBRARIES = Path("/usr/lib/ardour7")
# What the commands of Ardour set for themselves, but not for its scanner
OF_ARDOUR = {
    "LD_LIBRARY_PATH": str(LIBRARIES),
    "ARDOUR_DATA_PATH": "/usr/share/ardour7",
    "ARDOUR_CONFIG_PATH": "/etc/ardour7",
    "ARDOUR_DLL_PATH": str(LIBRARIES),
}
# All but AVX-512: what Ardour 7.3 does with that writes past the ends of its buffers
HARMLESS = {"ARDOUR_FPU_FLAGS": "31"}
# Frames of 44.1 and 48 kHz and their multiples are whole numbers of Ardour's clock
CLOCK = "superclocks-per-second"
# Ports without resamplers: by whether those are there when it looks, Ardour 7.3 begins
# an export 16 frames earlier or not
CONFIG = """\
<Ardour>
  <Config>
    <Option name="port-resampler-quality" value="0"/>
  </Config>
</Ardour>
"""
# The same with windows: it starts to play, to nothing, without a question
CONFIG_OF_WINDOWS = """\
<Ardour>
  <Config>
    <Option name="port-resampler-quality" value="0"/>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
  </Config>
  <Extra>
    <AudioMIDISetup>
      <EngineStates>
        <State backend="None (Dummy)" driver="Normal Speed" device="Silence"
               input-device="Silence" output-device="Silence" sample-rate="44100"
               buffer-size="1024" n-periods="0" input-latency="0" output-latency="0"
               input-channels="0" output-channels="0" active="1" use-buffered-io="0"
               midi-option="" lru="1"><MIDIDevices/></State>
      </EngineStates>
    </AudioMIDISetup>
  </Extra>
</Ardour>
"""
MIXER_IS_SHOWN = '<instant><Main current-tab="mixer"/></instant>'
# Ardour knows export presets and formats by such names
PRESET = "6f2a0a52-55a8-4c3b-9d8e-3f9a3f1c7b01"
FORMAT = "6f2a0a52-55a8-4c3b-9d8e-3f9a3f1c7b02"


@dataclass(frozen=True)
class Session:
    """A session that was saved."""

    home: Path
    folder: Path
    environment: dict[str, str]  # of ours, for the plugin


@dataclass(frozen=True)
class Reopened:
    """What came back when a session was opened again."""

    latency: int  # frames, as Ardour reads it
    values: dict[str, float]  # by parameter, as Ardour reads them
    state: dict[str, str]  # what the plugin then saves


def make_home(folder: Path, bundle: Path) -> Path:
    """Make a home in which Ardour has found the plugin."""
    installed = shutil.copytree(bundle, folder / ".vst3" / bundle.name)
    scanner = LIBRARIES / "ardour-vst3-scanner"
    result = run(scanner, "-f", installed, env=_environment(folder, OF_ARDOUR))
    assert result.returncode == 0, result.stdout + result.stderr
    for cache in (folder / ".cache/ardour7/vst").glob("*.v3i"):
        later_s = time.time() + 2  # it must be newer than the bundle, in whole seconds
        os.utime(cache, (later_s, later_s))
    settings = folder / ".config/ardour7"
    _write_preset(settings / "export")
    (settings / "config").write_text(CONFIG)
    return folder


def build_session(
    home: Path,
    folder: Path,
    sound: np.ndarray,
    sample_rate: int,
    *,
    settings: dict[str, str | float] | None = None,
    tempo_bpm: float = 120.0,
    metre: tuple[int, int] = (4, 4),
    span: tuple[int, int] | None = None,
    environment: dict[str, str] | None = None,
) -> Session:
    """Build a session whose track plays a sound `(2, n_frames)` from its start.

    `settings` are parameters by name, of lists the entry's text; `span` is the first
    frame that an export holds, and the first that it does not: all of the sound.
    """
    session = Session(home, folder, environment or {})
    values = [f"{k}={plain_value(k, v)}" for k, v in (settings or {}).items()]
    grid = [str(number) for number in (tempo_bpm, *metre)]
    options = (str(sample_rate), "Requinto", *grid, *values)
    _values(_run(session, "ardour_build.lua", *options))
    _write_sound(session, sound, sample_rate, span or (0, sound.shape[1]))
    return session


def export(session: Session, environment: dict[str, str] | None = None) -> np.ndarray:
    """Export a session as fast as it goes; return `(2, n_frames)`."""
    ours = {**session.environment, **(environment or {})}
    _values(_run(replace(session, environment=ours), "ardour_export.lua", PRESET))
    out = session.folder / "export" / "out.wav"
    return soundfile.read(out, dtype="float32", always_2d=True)[0].T


def bounce(session: Session, first: int, end: int) -> np.ndarray:
    """Bounce some frames of the track, as freezing does; return `(2, n_frames)`."""
    _values(_run(session, "ardour_bounce.lua", str(first), str(end)))
    folder = session.folder / "interchange" / session.folder.name / "audiofiles"
    sides = [soundfile.read(path)[0] for path in sorted(folder.glob("bounced*"))]
    return np.array(sides, np.float32)


def reopen(session: Session) -> Reopened:
    """Open a session again, and read what came back."""
    values = _values(_run(session, "ardour_reopen.lua"))
    return Reopened(
        latency=int(values["latency"]),
        values={k[6:]: float(v) for k, v in values.items() if k.startswith("param.")},
        state=saved_state(session, "again"),
    )


@contextlib.contextmanager
def opened(session: Session, display: str) -> Iterator[subprocess.Popen]:
    """Open a session of 44.1 kHz in Ardour with its windows.

    It shows its mixer, and the window of our plugin.
    """
    settings = session.home / ".config/ardour7"
    (settings / "config").write_text(CONFIG_OF_WINDOWS)
    (settings / ".a7").touch()  # else it greets who has never been there
    (session.folder / "instant.xml").write_text(MIXER_IS_SHOWN)
    _have_window_shown(session.folder / "session.ardour")
    process = subprocess.Popen(
        ["ardour", "--no-splash", session.folder / "session.ardour"],
        env=_environment(session.home, {**session.environment, "DISPLAY": display}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # `ardour` is a script, which runs a program
    )
    with process:
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def saved_state(session: Session, name: str = "session") -> dict[str, str]:
    """Return the settings that the plugin saved in a session."""
    tree = ET.parse(session.folder / f"{name}.ardour")
    chunk = tree.find(".//Processor[@type='vst3']/vst3/chunk")
    assert chunk is not None and chunk.text
    lines = re.findall(rb"^(\w+)=(.+)$", base64.b64decode(chunk.text), re.MULTILINE)
    return {key.decode(): value.decode() for key, value in lines}


def plain_value(name: str, value: str | float) -> float:
    """Return a setting as the plugin counts it: the entries of a list from 0."""
    if not isinstance(value, str):
        return float(value)
    plugin = pedalboard.load_plugin(str(requinto.plugin_path()))
    entries = {each.name: each.valid_values for each in plugin.parameters.values()}
    return float(entries[name].index(value))


def _environment(home: Path, ours: dict[str, str]) -> dict[str, str]:
    """Return this process' environment with another home, and nothing else of ours."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("REQUINTO_", "XDG_"))
    }
    return {**kept, **HARMLESS, "HOME": str(home), **ours}


def _run(session: Session, script: str, *options: str) -> CompletedProcess[str]:
    """Run a script on a session."""
    return run(
        *("ardour7-lua", TESTS / script, session.folder, *options),
        env=_environment(session.home, session.environment),
        timeout=120,
    )


def _values(result: CompletedProcess[str]) -> dict[str, str]:
    """Return the `key=value` lines of a script that has done all it should."""
    lines = [line for line in result.stdout.splitlines() if "=" in line]
    values = dict(line.split("=", 1) for line in lines)
    is_done = result.returncode == 0 and values.get("ardour") == "done"
    assert is_done, result.stdout + result.stderr
    return values


def _have_window_shown(path: Path) -> None:
    """Write into a session that the window of our plugin is open."""
    tree = ET.parse(path)
    route = tree.find("Routes/Route[@name='mix']")
    assert route is not None
    processor = route.find("Processor[@type='vst3']")
    extra = tree.find("Extra")
    if extra is None:
        extra = ET.SubElement(tree.getroot(), "Extra")
    name = f"P-{route.get('id')}-{processor.get('id')}"
    window = {"name": name, "visible": "1", "custom-ui": "1"}
    ET.SubElement(ET.SubElement(extra, "UI"), "Window", window)
    tree.write(path, encoding="UTF-8", xml_declaration=True)


def _write_preset(folder: Path) -> None:
    """Write how to export: in single precision, at the session's rate."""
    folder.mkdir(parents=True)
    preset = ET.Element("ExportPreset", id=PRESET, name="float")
    ET.SubElement(preset, "ExportFormat", id=FORMAT)
    name = ET.SubElement(preset, "ExportFilename")
    ET.SubElement(name, "Folder", relative="1", path="export")
    ET.SubElement(name, "Field", name="timespan", enabled="1")
    ET.ElementTree(preset).write(folder / "float.preset")

    form = ET.Element("ExportFormatSpecification", id=FORMAT, name="float")
    encoding = {"id": "F_WAV", "type": "T_Sndfile", "extension": "wav", "name": "WAV"}
    encoding |= {"has-sample-format": "true", "channel-limit": "256"}
    ET.SubElement(form, "Encoding", encoding)
    ET.SubElement(form, "SampleRate", rate="1")  # the session's
    ET.SubElement(form, "SRCQuality", quality="SRC_SincBest")
    options = ET.SubElement(form, "EncodingOptions")
    ET.SubElement(options, "Option", name="sample-format", value="SF_Float")
    ET.SubElement(options, "Option", name="dithering", value="D_None")
    ET.ElementTree(form).write(folder / "float.format")


def _write_sound(
    session: Session, sound: np.ndarray, sample_rate: int, span: tuple[int, int]
) -> None:
    """Put a sound on the track, and say what an export holds."""
    audio = session.folder / "interchange" / session.folder.name / "audiofiles"
    audio.mkdir(parents=True, exist_ok=True)
    soundfile.write(audio / "in.wav", sound.T, sample_rate, subtype="FLOAT")

    path = session.folder / "session.ardour"
    tree = ET.parse(path)
    clock_hz = int(tree.find("TempoMap").get(CLOCK))
    first, end, length = (
        f"a{Fraction(n_frames * clock_hz, sample_rate)}"
        for n_frames in (*span, sound.shape[1])
    )
    for channel in ("0", "1"):
        source = {"name": "in.wav", "type": "audio", "flags": "", "channel": channel}
        ET.SubElement(tree.find("Sources"), "Source", source, id=f"900{channel}")
    region = {"type": "audio", "first-edit": "nothing", "channels": "2"}
    region |= {"source-0": "9000", "source-1": "9001"}
    region |= {"master-source-0": "9000", "master-source-1": "9001"}
    region |= {"start": "a0", "length": f"{length}@a0", "whole-file": "0"}
    region |= {"fade-in-active": "0", "fade-out-active": "0"}
    playlist = tree.find("Playlists/Playlist[@name='mix']")
    ET.SubElement(playlist, "Region", region, id="9002", name="in")
    locations = {"flags": "IsSessionRange", "start": first, "end": end}
    ET.SubElement(tree.find("Locations"), "Location", locations, id="9003", name="all")
    tree.write(path, encoding="UTF-8", xml_declaration=True)
