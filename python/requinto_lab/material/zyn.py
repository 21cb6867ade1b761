# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes to sound through the patches of ZynAddSubFX, dry.

The synthesiser is loaded as a DSSI plugin into this process (dssi.h and ladspa.h
give its tables), so a song is rendered in one pass, in memory, and much faster
than it lasts.  Patches are put into it by Open Sound Control, to which it listens
on a port of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import ctypes.util
import functools
import os
import socket
import struct
import time
from pathlib import Path

import numpy as np

from requinto_files.quiet import filter_stderr
from requinto_lab.material.folders import first_existing, shared_folders
from requinto_lab.material.soundfonts import (
    SAMPLE_RATE,
    BankError,
    FrameNotes,
    events_of,
)
from requinto_lab.material.tables import read_table
from requinto_lab.stderr_patterns import EVERYTHING

# Instrument: name: bank and file, without its ending
PATCHES: dict[str, dict[str, str]] = read_table("zyn")
PLUGINS = (
    Path("/usr/lib/dssi/libzynaddsubfx_dssi.so"),
    Path("/usr/local/lib/dssi/libzynaddsubfx_dssi.so"),
)
BANK_FOLDERS = shared_folders("zynaddsubfx/banks")
_BLOCK = 8192
_GRAIN = 256  # frames that it computes at a time
_NOTE_ON, _NOTE_OFF = 6, 7  # as alsa/seq_event.h numbers them
# Of the ports after the two outputs: all at the middle except these
_CONTROLS = {3: 100.0, 5: 127.0, 6: 0.0, 7: 0.0}
_N_PORTS = 14
_N_EFFECTS = 3
# Types of effects that stay: a room is not dry, and what sways (chorus, phaser and
# the like) does so from where the last song left it
_EFFECTS_KEPT = (0, 6, 7)  # none, distortion, equaliser
_PATIENCE_S = 60.0
_STARTING = "(starting)"

_Handle = ctypes.c_void_p
_Function = ctypes.CFUNCTYPE


class _Ladspa(ctypes.Structure):
    _fields_ = (
        ("unique_id", ctypes.c_ulong),
        ("label", ctypes.c_char_p),
        ("properties", ctypes.c_int),
        ("texts", ctypes.c_char_p * 3),
        ("n_ports", ctypes.c_ulong),
        ("ports", ctypes.c_void_p * 4),
        ("instantiate", _Function(_Handle, ctypes.c_void_p, ctypes.c_ulong)),
        ("connect_port", _Function(None, _Handle, ctypes.c_ulong, ctypes.c_void_p)),
        ("activate", _Function(None, _Handle)),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_ubyte),
        ("flags", ctypes.c_ubyte * 3),
        ("frame", ctypes.c_uint),
        ("unused", ctypes.c_ubyte * 8),
        ("channel", ctypes.c_ubyte),
        ("note", ctypes.c_ubyte),
        ("velocity", ctypes.c_ubyte),
        ("rest", ctypes.c_ubyte * 9),
    )


class _Dssi(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("ladspa", ctypes.POINTER(_Ladspa)),
        ("programs", ctypes.c_void_p * 4),
        (
            "run_synth",
            _Function(
                None, _Handle, ctypes.c_ulong, ctypes.POINTER(_Event), ctypes.c_ulong
            ),
        ),
    )


class Synth:
    """One synthesiser; use `render`."""

    def __init__(self) -> None:
        library, _ = _load_library(_library_path())
        library.dssi_descriptor.restype = ctypes.POINTER(_Dssi)
        self._dssi = library.dssi_descriptor(ctypes.c_ulong(0)).contents
        # Where it takes its chance from; without it no two runs were the same
        self._chance = ctypes.c_uint32.in_dll(library, "_ZN3zyn10prng_stateE")
        ladspa = self._dssi.ladspa.contents
        before = _udp_ports()
        with filter_stderr(EVERYTHING):  # it writes its port there
            self._handle = ladspa.instantiate(
                ctypes.cast(self._dssi.ladspa, ctypes.c_void_p), SAMPLE_RATE
            )
        ports = _udp_ports() - before
        if not self._handle or len(ports) != 1:
            raise BankError("ZynAddSubFX does not listen for Open Sound Control")
        self._address = ("127.0.0.1", ports.pop())
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.005)
        atexit.register(self._socket.close)
        self._controls = [
            ctypes.c_float(_CONTROLS.get(i, 64.0)) for i in range(_N_PORTS)
        ]
        for i in range(2, min(_N_PORTS, ladspa.n_ports)):
            ladspa.connect_port(self._handle, i, ctypes.addressof(self._controls[i]))
        self._block = np.zeros((2, _BLOCK), np.float32)
        for i in range(2):
            ladspa.connect_port(self._handle, i, self._block[i].ctypes.data)
        ladspa.activate(self._handle)

    def load(self, patch: Path) -> None:
        """Put a patch in, with distortion and equaliser but no other effects."""
        self._send("/part0/Pname", _STARTING)
        self._until_name(is_new=False)
        self._chance.value = 1  # some patches compute noise-like wavetables
        self._send("/load_xiz", 0, str(patch))
        self._until_name(is_new=True)
        for i in range(_N_EFFECTS):
            (kind,) = struct.unpack(">i", self._query(f"/part0/partefx{i}/efftype"))
            if kind not in _EFFECTS_KEPT:
                self._send(f"/part0/Pefxbypass{i}", True)
        self._query("/part0/Pname")  # until all of this has arrived

    def play(self, notes: FrameNotes, n_frames: int) -> np.ndarray:
        """Return notes through the patch put in last, shape `(2, n_frames)`."""
        events = events_of(notes)
        self._chance.value = 1
        sound = np.zeros((2, n_frames), np.float32)
        done = 0
        for start in range(0, n_frames, _BLOCK):
            stop = min(start + _BLOCK, n_frames)
            first = done
            while done < len(events) and events[done][0] < stop:
                done += 1
            # Whole blocks of its own, so that the next song begins with one
            size = -(-(stop - start) // _GRAIN) * _GRAIN
            self._run(size, [_event(*e, start) for e in events[first:done]])
            sound[:, start:stop] = self._block[:, : stop - start]
        return sound

    def _run(self, n_frames: int, events: list[_Event]) -> None:
        table = (_Event * max(len(events), 1))(*events)
        self._dssi.run_synth(self._handle, n_frames, table, len(events))

    def _send(self, path: str, *values: bool | int | str) -> None:
        self._socket.sendto(_message(path, *values), self._address)

    def _query(self, path: str) -> bytes:
        """Return the value of a parameter, as the answer holds it."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            self._send(path)
            self._run(_GRAIN, [])  # it answers between blocks of sound
            try:
                answer = self._socket.recv(65536)
            except TimeoutError:
                continue
            if answer.startswith(_pad(path.encode())):
                return answer[len(_pad(path.encode())) + 4 :]
        raise BankError(f"ZynAddSubFX does not answer {path}")

    def _until_name(self, *, is_new: bool) -> None:
        old = _pad(_STARTING.encode())
        until = time.monotonic() + _PATIENCE_S
        while (self._query("/part0/Pname") == old) is is_new:
            if time.monotonic() > until:
                raise BankError("ZynAddSubFX does not take the patch")


def find_patch(name: str) -> Path:
    """Return the path of a patch, "Bank/0001-Name" without its ending.

    Raises
    ------
    BankError
        If there is none.
    """
    missing = f"ZynAddSubFX has no patch {name!r}: Debian has them in zynaddsubfx-data"
    paths = (folder / f"{name}.xiz" for folder in BANK_FOLDERS)
    return first_existing(paths, BankError(missing))


def _library_path() -> Path:
    missing = "ZynAddSubFX is not installed: Debian has it in zynaddsubfx-dssi"
    return first_existing(PLUGINS, BankError(missing))


@functools.cache
def _load_library(path: Path) -> tuple[ctypes.CDLL, ctypes.Array[ctypes.c_byte]]:
    """Return the library, and the floating-point environment that it runs in.

    It is built with -ffast-math: loading it has the thread flush denormals to zero.
    """
    library = ctypes.CDLL(str(path))
    return library, _float_environment()


@functools.cache
def _libm() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("m"))


def _float_environment() -> ctypes.Array[ctypes.c_byte]:
    """Return how this thread rounds and treats denormals: a `fenv_t` of C11."""
    environment = (ctypes.c_byte * 64)()  # 32 at most is what systems need
    _libm().fegetenv(environment)
    return environment


@functools.cache
def _synth(process: int) -> Synth:
    """Return the synthesiser of a process: its threads do not survive a fork."""
    del process
    return Synth()


def render(instrument: str, name: str, notes: FrameNotes, n_frames: int) -> np.ndarray:
    """Return notes as sound.

    Notes begin at multiples of 256 frames, in which it computes.  The same notes
    give the same samples.

    Parameters
    ----------
    instrument : str
        A key of `PATCHES`.
    name : str
        One of its patches.
    notes : list of (first frame, end frame, MIDI note, velocity 0 to 1)
        What to play.
    n_frames : int
        Length of the result.

    Returns
    -------
    np.ndarray, shape=(2, n_frames)

    Raises
    ------
    BankError
        If the synthesiser or the patch is not installed, or there is no such
        name.
    """
    known = PATCHES.get(instrument, {})
    if name not in known:
        raise BankError(
            f"no patch {name!r} of {instrument!r}; known are {', '.join(known)}"
        )
    callers = _float_environment()
    try:
        _, own = _load_library(_library_path())
        _libm().fesetenv(own)
        synth = _synth(os.getpid())
        synth.load(find_patch(known[name]))
        return synth.play(notes, n_frames)
    finally:
        _libm().fesetenv(callers)


def _event(frame: int, starts: bool, pitch: int, velocity: int, now: int) -> _Event:
    kind = _NOTE_ON if starts else _NOTE_OFF
    return _Event(type=kind, frame=frame - now, note=pitch, velocity=velocity)


def _udp_ports() -> set[int]:
    """Return the ports on which this process listens."""
    sockets = set()
    for entry in os.scandir("/proc/self/fd"):
        try:
            sockets.add(os.readlink(entry.path))
        except OSError:  # closed since
            continue
    rows = Path("/proc/self/net/udp").read_text().splitlines()[1:]
    return {
        int(row.split()[1].split(":")[1], 16)
        for row in rows
        if f"socket:[{row.split()[9]}]" in sockets
    }


def _pad(text: bytes) -> bytes:
    return text + b"\0" * (4 - len(text) % 4)


def _message(path: str, *values: bool | int | str) -> bytes:
    """Return a message as the Open Sound Control 1.0 specification lays it out."""
    kinds, body = ",", b""
    for value in values:
        if isinstance(value, bool):
            kinds += "T" if value else "F"
        elif isinstance(value, int):
            kinds += "i"
            body += struct.pack(">i", value)
        else:
            kinds += "s"
            body += _pad(value.encode())
    return _pad(path.encode()) + _pad(kinds.encode()) + body
