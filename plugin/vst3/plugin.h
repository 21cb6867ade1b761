/* SPDX-License-Identifier: GPL-3.0-or-later

   One instance of the plugin, which is component, processor and controller. */

#pragma once

#include "ardour.h"
#include "core/instance.h"
#include "vst3/vst3.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An instance; the host holds pointers to the first four fields
typedef struct {
  const struct v3_component*                    component;
  const struct v3_audio_processor*              processor;
  const struct v3_edit_controller*              controller;
  const struct v3_process_context_requirements* requirements;

  Instance*   instance;
  atomic_uint n_refs;
  atomic_bool is_restored; ///< A state has come since the last block
  atomic_bool is_noted;    ///< Values have changed that were not reported to the host

  /* Main thread while inactive; then any */
  double   sample_rate;       ///< Hz, the last possible one
  bool     is_refused;        ///< The last setup was for one that is not possible
  uint32_t n_channels;        ///< 1 or 2, of both main buses
  uint32_t n_sidechain;       ///< 0 to 2, of the sidechain's bus
  bool     sidechain_is_used; ///< The host has activated its bus
  uint32_t max_frames;        ///< Of a block, as the host set it up
  Ardour   ardour;            ///< Whether the host is that, and how it acts

  uintptr_t                     main_thread;       ///< That created us
  struct v3_component_handler** handler;           ///< Of the host, may be NULL
  _Atomic uint32_t              known_latency;     ///< That the host has read, or 0
  uint32_t                      announced_latency; ///< That was announced to it
  uint32_t                      names_revision;    ///< Of the list that the host knows
} Vst3Plugin;

/// The plugin that a pointer to one of its interfaces belongs to
#define VST3_PLUGIN_OF(self, field)                                                    \
  ((Vst3Plugin*)(void*)((char*)(self)-offsetof(Vst3Plugin, field)))

/// Define the three functions that every interface begins with
#define VST3_DEFINE_UNKNOWN(field)                                                     \
  VST3_DEFINE_UNKNOWN_OF(                                                              \
    VST3_PLUGIN_OF, field, vst3_plugin_query, vst3_plugin_ref, vst3_plugin_unref)

/// Return an instance with one reference, without its tables, or NULL.  Main thread
/// only.
Vst3Plugin*
vst3_plugin_new(void);

/// Give out one of the interfaces, with a reference.  Any thread.
v3_result
vst3_plugin_query(Vst3Plugin* plugin, const v3_tuid iid, void** object);

/// Add a reference, and return how many there are.  Any thread.
uint32_t
vst3_plugin_ref(Vst3Plugin* plugin);

/// Drop a reference; the last one frees the instance.  Main thread only.
uint32_t
vst3_plugin_unref(Vst3Plugin* plugin);

/// Have the host read all values again.  Main thread only.
void
vst3_plugin_notify_values(Vst3Plugin* plugin);

/// Do so now, or, where this is not the host's main thread, at its next call on that.
/// Any thread, except one that must not block.
void
vst3_plugin_note_values(Vst3Plugin* plugin);

/// Do so if that was noted, and return whether it was.  Any thread.
bool
vst3_plugin_notify_noted(Vst3Plugin* plugin);

/// Have the host read the latency, and activate anew, if it changes.  Any thread.
void
vst3_plugin_notify_latency(Vst3Plugin* plugin);

/// Take what `vst3_plugin_write_state` wrote.  Main thread only.
v3_result
vst3_plugin_read_state(Vst3Plugin* plugin, struct v3_bstream** stream);

/// Write the settings to a host's stream.  Main thread only.
v3_result
vst3_plugin_write_state(Vst3Plugin* plugin, struct v3_bstream** stream);
