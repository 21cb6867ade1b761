# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn bridge.h into the C source of the embedded module.

python bridge_build.py OUTPUT.c

Python's side of `requinto_open` is the function `python_open`, and so on:
`calls.c` calls the one in the other, where it may.
"""

import re
import sys
from pathlib import Path

import cffi

INIT = """
from _requinto_bridge import ffi, lib
from requinto.bridge import attach

attach(ffi, lib)
"""


def main(output: str) -> None:
    """Write the C source."""
    ffi = cffi.FFI()
    header = (Path(__file__).parent / "bridge.h").read_text()
    ffi.embedding_api(re.sub(r"\brequinto_(\w+\()", r"python_\1", header))
    ffi.set_source(
        "_requinto_bridge", '#include <stdint.h>\n#include "python/bridge.h"'
    )
    ffi.embedding_init_code(INIT)
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(sys.argv[1])
