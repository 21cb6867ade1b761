/* SPDX-License-Identifier: GPL-3.0-or-later

   One instance of the plugin, whatever the format: its values, its state, and an
   engine with a worker while it is active.  A format's file translates to this. */

#pragma once

#include "core/engine.h"
#include "core/params.h"
#include "core/scope.h"
#include "core/state.h"
#include "core/transport.h"
#include "os/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A plugin
typedef struct InstanceImpl Instance;

/// A value that the plugin has changed, to be reported to the host
typedef struct {
  ParamIndex index;
  double     plain;
} Report;

/// Return an inactive instance, or NULL.  Main thread only.
Instance*
instance_new(void);

/**
   Free an instance; may be NULL.

   Waits for the worker, but not for ever.  Main thread only.
*/
void
instance_free(Instance* instance);

/* Values */

/// Return the row of a parameter; that of the target has all its names.  Any thread.
ParamInfo
instance_param(const Instance* instance, ParamIndex index) REALTIME;

/// Return a number that changes with the names of targets.  Any thread.
uint32_t
instance_names_revision(const Instance* instance) REALTIME;

/// Return a plain value.  Any thread.
double
instance_value(const Instance* instance, ParamIndex index) REALTIME;

/// Store a plain value, made possible, unless it is read-only.  Any thread.
void
instance_set_value(Instance* instance, ParamIndex index, double plain) REALTIME;

/**
   Add a sound file to the list of targets, under its name, and write its index.

   One of that name, added before or of the user's folder, has its sound replaced for
   this instance.  Returns false, and why, if the file cannot be read, or is too large;
   whether it is a sound shows when it is used.  Not the audio thread.
*/
bool
instance_add_reference(Instance*    instance,
                       const char*  path,
                       uint32_t*    target,
                       const char** problem);

/* For a window */

/// Return a number that changes with each sound that is learnt or added.  Any thread.
uint32_t
instance_sounds_revision(const Instance* instance);

/// Return what the worker has to show; the instance outlives its use.  Any thread.
Scope*
instance_scope(Instance* instance);

/* State */

/// Return the settings and the sounds they need.  Not the audio thread.
StateBytes
instance_write_state(Instance* instance);

/**
   Take what `instance_write_state` returned; return false if it is anything else.

   The list of targets may have grown after it.  Not the audio thread.
*/
bool
instance_read_state(Instance* instance, const void* bytes, size_t n_bytes);

/* Activation */

/// Return whether a sample rate is possible, and say so on stderr if not.  Not the
/// audio thread.
bool
instance_takes_rate(double sample_rate);

/// Get ready to process; return false if that cannot be.  Main thread only.
bool
instance_activate(Instance* instance,
                  double    sample_rate,
                  uint32_t  n_channels,
                  uint32_t  n_sidechain);

/// Drop what activation made; the worker is not waited for.  Main thread only.
void
instance_deactivate(Instance* instance);

/// Show that nothing is done, where the instance is not active.  Main thread only.
void
instance_show_idle(Instance* instance);

/// Return whether the instance is active.  Main or audio thread.
bool
instance_is_active(const Instance* instance) REALTIME;

/**
   Return the delay of the output in frames: of this activation, or of the next at
   `sample_rate` where there is none.  Any thread.
*/
uint32_t
instance_latency(const Instance* instance, double sample_rate) REALTIME;

/// Return what it would be after the next activation at `sample_rate`.  Any thread.
uint32_t
instance_next_latency(const Instance* instance, double sample_rate) REALTIME;

/* Processing */

/// Silence what came in before the next block, at once.  Any thread.
void
instance_restart(Instance* instance) REALTIME;

/**
   Process a block of any size; the instance must be active.

   @param block With the channels that it was activated with, or without a sidechain.
   @param transport Where the host is at its first frame; NULL if it does not say.
   @param offline Wait for what is not ready, with a limit, instead of being late.

   Audio thread only.  Unless offline it does not block, allocate, or log.
*/
void
instance_run(Instance*        instance,
             Block            block,
             const Transport* transport,
             bool             offline) REALTIME;

/**
   Get the next value that the plugin has changed since the last report.

   Returns false when there is no more.  Audio thread only.
*/
bool
instance_report(Instance* instance, Report* report) REALTIME;
