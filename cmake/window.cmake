# SPDX-License-Identifier: GPL-3.0-or-later
# The system's windows, by pugl: on Linux a library of its own beside each plugin.
