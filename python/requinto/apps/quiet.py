# SPDX-License-Identifier: GPL-3.0-or-later
"""Import TensorFlow without what it writes to stderr past its own settings."""

from __future__ import annotations

import os


def import_tensorflow() -> None:
    """Import TensorFlow, which writes to stderr past every setting of its own."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        import tensorflow

        tensorflow.config.list_physical_devices()  # complains of absent ones
        tensorflow.get_logger().setLevel("ERROR")  # and of songs of many lengths
    finally:
        os.dup2(kept, 2)
        os.close(kept)
