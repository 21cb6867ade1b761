/* SPDX-License-Identifier: GPL-3.0-or-later

   The plugin's window in a VST3 host: its editor inside a window of the host's. */

#pragma once

#include "vst3/plugin.h"

/// Return a view with one reference, which holds one of the plugin's, or NULL if there
/// is no editor.  Main thread only.
struct v3_plugin_view**
vst3_view_new(Vst3Plugin* plugin);
