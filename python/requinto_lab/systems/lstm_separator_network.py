# SPDX-License-Identifier: GPL-3.0-or-later
"""The LSTM separator's network: LSTM cells, a hidden layer, and masks.

No audio, files, or optimisers appear here.
"""

from __future__ import annotations

import keras
from keras import layers

from requinto_lab.systems.masking_network import RatioMasks, loudness


def build_network(
    n_bins: int,
    n_columns: int,
    n_units: int,
    n_hidden: int,
    n_sources: int = 2,
    dtype: str = "float32",
) -> keras.Model:
    """Return the untrained network.

    Parameters
    ----------
    n_bins, n_columns : int
        Of a piece.
    n_units : int
        LSTM cells.
    n_hidden : int
        Units of the hidden layer.
    n_sources : int
    dtype : str
        Keras' policy of all but the masks.

    Returns
    -------
    keras.Model
        From magnitudes `(batch, n_columns, n_bins)` to masks `(batch, n_columns,
        n_bins, n_sources)`, which sum to one.
    """
    magnitudes = keras.Input((n_columns, n_bins), name="magnitudes")
    x = loudness(magnitudes)
    x = layers.LSTM(n_units, return_sequences=True, dtype=dtype)(x)
    x = layers.Dense(n_hidden, "relu", dtype=dtype)(x)
    # Linear, as Huang et al.: the masks take absolute values
    drawn = layers.Dense(n_sources * n_bins, dtype="float32")(x)
    masks = RatioMasks(n_sources, name="masks")(drawn)
    return keras.Model(magnitudes, masks, name="lstm_separator")
