# SPDX-License-Identifier: GPL-3.0-or-later
"""Other systems, as their packages build them; nothing is downloaded.

Open-Unmix and HTDemucs keep the weights that they start with: what they answer is of
no use, and costs the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from requinto_lab.benchmark import music
from requinto_lab.benchmark.workload import Workload

if TYPE_CHECKING:
    from requinto_lab.systems.spleeter import Spleeter

UNTRAINED = "untrained weights, same cost"
_STEMS = ("drums", "bass", "other", "vocals")
# Of the released model, where it differs from the constructor's defaults
_HTDEMUCS = {"bottom_channels": 512, "dconv_mode": 3, "t_dropout": 0.02, "segment": 7.8}


class SpleeterWorkload:
    """Two stems, of which one is made into sound."""

    def __init__(self, spleeter: Spleeter, note: str) -> None:
        self.note = note
        self._spleeter = spleeter

    def input_for(self, duration_s: float) -> np.ndarray:
        """Return `music.song`."""
        return music.song(duration_s)

    def run(self, music_: np.ndarray) -> None:
        """Separate the voice."""
        from requinto_lab.evaluation.systems import Task

        silence = np.zeros_like(music_[:, :1])
        task = Task(music_, silence, music.RATE, "voice", None, silence)
        self._spleeter.estimate(task)


class TorchWorkload:
    """A function of a tensor `(1, 2, n_frames)`, without gradients."""

    note = UNTRAINED

    def __init__(self, separate: Callable[[Any], Any]) -> None:
        self._separate = separate

    def input_for(self, duration_s: float) -> Any:
        """Return `music.song` as a batch of one."""
        import torch

        return torch.from_numpy(music.song(duration_s))[None]

    def run(self, music_: Any) -> None:
        """Separate all stems."""
        import torch

        with torch.no_grad():
            self._separate(music_)


def _spleeter() -> Workload:
    from requinto.errors import ModelError
    from requinto_lab.systems.spleeter import Spleeter

    try:
        return SpleeterWorkload(Spleeter(), "published weights")
    except ModelError:
        return SpleeterWorkload(Spleeter(trained=False), UNTRAINED)


def _open_unmix(name: str) -> Workload:
    import openunmix

    return TorchWorkload(getattr(openunmix, name)(pretrained=False).eval())


def _htdemucs() -> Workload:
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    model = HTDemucs(list(_STEMS), **_HTDEMUCS)
    model.eval()
    # Without a random shift, the cost is the same each time
    return TorchWorkload(lambda sound: apply_model(model, sound, shifts=0))


LOADERS: dict[str, Callable[[], Workload]] = {
    "spleeter": _spleeter,
    "umxhq": lambda: _open_unmix("umxhq"),
    "umxl": lambda: _open_unmix("umxl"),
    "htdemucs": _htdemucs,
}
