/* SPDX-License-Identifier: GPL-3.0-or-later

   The VST3 interfaces we use, and checks that they are what hosts expect. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The headers name these without `struct`, which C wants declared first */
typedef struct v3_event_handler     v3_event_handler;
typedef struct v3_timer_handler     v3_timer_handler;
typedef struct v3_attribute_list    v3_attribute_list;
typedef struct v3_unit_info         v3_unit_info;
typedef struct v3_program_list_info v3_program_list_info;

#include <travesty/audio_processor.h>
#include <travesty/component.h>
#include <travesty/edit_controller.h>
#include <travesty/factory.h>
#include <travesty/host.h>
#include <travesty/view.h>

/* On Windows these are COM's, unsigned constants for results that are signed */
#define V3_NO_INTERFACE    ((v3_result)V3_NO_INTERFACE)
#define V3_INVALID_ARG     ((v3_result)V3_INVALID_ARG)
#define V3_NOT_IMPLEMENTED ((v3_result)V3_NOT_IMPLEMENTED)
#define V3_INTERNAL_ERR    ((v3_result)V3_INTERNAL_ERR)
#define V3_NOT_INITIALIZED ((v3_result)V3_NOT_INITIALIZED)
#define V3_NOMEM           ((v3_result)V3_NOMEM)

enum { VST3_TEXT_SIZE = 128 }; ///< Code units in a `v3_str_128`

/// Define the three functions that every interface begins with, by those of the object
/// that `owner_of(self, field)` returns
#define VST3_DEFINE_UNKNOWN_OF(owner_of, field, query, ref, unref)                     \
  static v3_result V3_API field##_query(                                               \
    void* const self, const v3_tuid iid, void** const object)                          \
  {                                                                                    \
    return query(owner_of(self, field), iid, object);                                  \
  }                                                                                    \
  static uint32_t V3_API field##_ref(void* const self)                                 \
  {                                                                                    \
    return ref(owner_of(self, field));                                                 \
  }                                                                                    \
  static uint32_t V3_API field##_unref(void* const self)                               \
  {                                                                                    \
    return unref(owner_of(self, field));                                               \
  }

/* Without -fms-extensions a compiler drops the functions that a table inherits,
   and says nothing.  The counts are those of the interfaces' functions. */
#define REQUINTO_CHECK_TABLE(type, n_functions)                                        \
  _Static_assert(sizeof(struct type) == (n_functions) * sizeof(void*), #type)

REQUINTO_CHECK_TABLE(v3_funknown, 3);
REQUINTO_CHECK_TABLE(v3_plugin_base, 3 + 2);
REQUINTO_CHECK_TABLE(v3_component, 5 + 9);
REQUINTO_CHECK_TABLE(v3_audio_processor, 3 + 8);
REQUINTO_CHECK_TABLE(v3_edit_controller, 5 + 13);
REQUINTO_CHECK_TABLE(v3_process_context_requirements, 3 + 1);
REQUINTO_CHECK_TABLE(v3_component_handler, 3 + 4);
REQUINTO_CHECK_TABLE(v3_plugin_view, 3 + 12);
REQUINTO_CHECK_TABLE(v3_plugin_view_content_scale, 3 + 1);
REQUINTO_CHECK_TABLE(v3_plugin_frame, 3 + 1);
REQUINTO_CHECK_TABLE(v3_run_loop, 3 + 4);
REQUINTO_CHECK_TABLE(v3_event_handler, 3 + 1);
REQUINTO_CHECK_TABLE(v3_timer_handler, 3 + 1);
REQUINTO_CHECK_TABLE(v3_param_changes, 3 + 3);
REQUINTO_CHECK_TABLE(v3_param_value_queue, 3 + 4);
REQUINTO_CHECK_TABLE(v3_bstream, 3 + 4);
REQUINTO_CHECK_TABLE(v3_host_application, 3 + 2);
REQUINTO_CHECK_TABLE(v3_plugin_factory, 3 + 4);
REQUINTO_CHECK_TABLE(v3_plugin_factory_2, 7 + 1);
REQUINTO_CHECK_TABLE(v3_plugin_factory_3, 8 + 2);

_Static_assert(sizeof(struct v3_process_setup) == 24, "v3_process_setup");
_Static_assert(sizeof(struct v3_audio_bus_buffers) == 24, "v3_audio_bus_buffers");
_Static_assert(sizeof(struct v3_process_data) == 80, "v3_process_data");
_Static_assert(sizeof(struct v3_process_context) == 112, "v3_process_context");
_Static_assert(sizeof(struct v3_param_info) == 792, "v3_param_info");
