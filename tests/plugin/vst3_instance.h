/* SPDX-License-Identifier: GPL-3.0-or-later

   Load a bundle, make instances, and take them through their lives. */

#pragma once

#include "vst3_objects.h"

/// A library that is loaded
typedef struct {
  bool (*entry)(void*);
  bool (*exit)(void);
  struct v3_plugin_factory** factory;
  struct v3_class_info       info; ///< Of its first class
} Module;

/// The module under test; loaded once in a process
extern Module module;

/// Load a bundle's library, or say why not and end the process
void
module_load(const char* bundle);

/// The three faces of an instance, each with a reference
typedef struct {
  struct v3_component**       component;
  struct v3_audio_processor** processor;
  struct v3_edit_controller** controller;
} Instance;

/// Return an instance that is not initialised yet
Instance
instance_create(void);

/// Let go of the faces, and return how many references are left
uint32_t
instance_release(Instance* instance);

/// Create and initialise an instance
Instance
instance_new(void);

/// Terminate an instance and release it
uint32_t
instance_free(Instance* instance);

/// Set up, activate and start; return whether the plugin agreed
bool
instance_start(const Instance* instance, double rate, int32_t block, int32_t mode);

/// Stop and deactivate; return whether the plugin agreed
bool
instance_stop(const Instance* instance);

v3_result
instance_setup(const Instance* instance, double rate, int32_t block, int32_t mode);

v3_result
instance_set_active(const Instance* instance, bool active);

/// Give the controller a handler, or none if that is NULL
v3_result
instance_set_handler(const Instance* instance, Handler* handler);

/// Hand the component what a stream of its own memory holds, as a state
v3_result
instance_set_state(const Instance* instance, const Stream* saved);

/// Write the component's state to a stream, which is begun and left at its start
v3_result
instance_get_state(const Instance* instance, Stream* stream);
