# SPDX-License-Identifier: GPL-3.0-or-later
"""The recurrent masker's network: two LSTM layers, a dense one, and masks.

No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers

from requinto_lab.systems.masking_network import OneOutputMask, RatioMasks, loudness


def build_network(
    n_bins: int,
    n_columns: int,
    n_units: int,
    n_outputs: int,
    dropout: float,
    dtype: str = "float32",
) -> keras.Model:
    """Return the untrained network.

    Parameters
    ----------
    n_bins, n_columns : int
        Of a piece.
    n_units : int
        Cells of each of the two LSTM layers.
    n_outputs : int
        2, or 1 for the mask that nothing bounds.
    dropout : float
        Share of what a layer says that is dropped in training.
    dtype : str
        Keras' policy of all but the masks.

    Returns
    -------
    keras.Model
        From magnitudes `(batch, n_columns, n_bins)` to masks `(batch, n_columns,
        n_bins, n_outputs)`.
    """
    magnitudes = keras.Input((n_columns, n_bins), name="magnitudes")
    x = loudness(magnitudes)
    for _ in range(2):
        x = layers.LSTM(n_units, return_sequences=True, dtype=dtype)(x)
        x = layers.LeakyReLU(dtype=dtype)(x)
        x = layers.Dropout(dropout, dtype=dtype)(x)
    drawn = layers.Dense(n_outputs * n_bins, "sigmoid", dtype="float32")(x)
    if n_outputs == 1:
        masks = OneOutputMask(name="masks")([drawn, magnitudes])
    else:
        masks = RatioMasks(n_outputs, name="masks")(drawn)
    return keras.Model(magnitudes, masks, name="recurrent_masker")
