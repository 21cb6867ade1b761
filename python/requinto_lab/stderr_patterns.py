# SPDX-License-Identifier: GPL-3.0-or-later
"""What libraries of the workshop write to stderr: patterns for `filter_stderr`."""

import re

# Lines of TensorFlow's loggers, but not its fatal ones
TENSORFLOW = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|[IWE]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\] "
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IWE] (tensorflow|external)/"
    rb"|To enable the following instructions: "
)
EVERYTHING = re.compile(rb"")
