# SPDX-License-Identifier: GPL-3.0-or-later
"""Import TensorFlow without what it writes to stderr past its own settings."""

from __future__ import annotations

import os

from requinto.material.quiet import muted_stderr


def import_tensorflow() -> None:
    """Import TensorFlow, which writes to stderr past every setting of its own.

    Not where Keras is told to run on another backend, which may be all there is.
    """
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    with muted_stderr():
        import tensorflow

        tensorflow.config.list_physical_devices()  # complains of absent ones
        tensorflow.get_logger().setLevel("ERROR")  # and of songs of many lengths
