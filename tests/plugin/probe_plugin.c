/* SPDX-License-Identifier: GPL-3.0-or-later

   A plugin that puts what its host gives it into its output: for tests of the host.

   `Show` chooses what each frame of the output is: the sidechain, the parameter
   `Level` at that frame, or the host's position or bar in quarters (-1 if unknown).
   `Delay` is the latency, and requests a restart.  `Status` says Ready at once. */

#include "vst3/vst3.h"

#include <travesty/bstream.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf16.h"

typedef enum { LEVEL = 1, DELAY, SHOW, STATUS, END } Id;
typedef enum { SHOW_SIDECHAIN, SHOW_LEVEL, SHOW_POSITION, SHOW_BAR, N_SHOWN } Shown;

static const char* const names[] =
  {[LEVEL] = "Level", [DELAY] = "Delay", [SHOW] = "Show", [STATUS] = "Status"};

/// What 0 to 1 is of
static const double max_values[] =
  {[LEVEL] = 1.0, [DELAY] = 1000.0, [SHOW] = N_SHOWN - 1, [STATUS] = 1.0};

static double                        values[END]; ///< 0 to 1
static struct v3_component_handler** handler;
static int                           n_channels       = 2;
static double                        rate             = 44100.0;
static bool                          has_notified     = false;
static bool                          sidechain_active = false;

static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
do_nothing(void* self)
{
  (void)self;
  return V3_OK;
}

static v3_result V3_API
initialize(void* self, struct v3_funknown** context)
{
  (void)self;
  (void)context;
  return V3_OK;
}

static v3_result V3_API
query(void* self, const v3_tuid iid, void** object);

/* Buses, activation, state */

static int32_t V3_API
get_bus_count(void* self, int32_t type, int32_t direction)
{
  (void)self;
  return type != V3_AUDIO ? 0 : direction == V3_INPUT ? 2 : 1;
}

static v3_result V3_API
get_bus_info(void*               self,
             int32_t             type,
             int32_t             direction,
             int32_t             index,
             struct v3_bus_info* info)
{
  (void)self;
  memset(info, 0, sizeof(*info));
  info->media_type    = type;
  info->direction     = direction;
  info->channel_count = n_channels;
  info->bus_type      = index ? V3_AUX : V3_MAIN;
  return V3_OK;
}

static v3_result V3_API
activate_bus(void* self, int32_t type, int32_t direction, int32_t index, v3_bool state)
{
  (void)self;
  if (type == V3_AUDIO && direction == V3_INPUT && index == 1) {
    sidechain_active = state;
  }
  return V3_OK;
}

static v3_result V3_API
set_active(void* self, v3_bool state)
{
  (void)self;
  (void)state;
  return V3_OK;
}

static v3_result V3_API
set_state(void* self, struct v3_bstream** stream)
{
  (void)self;
  int32_t n = 0;
  (void)(*stream)->read(stream, values, (int32_t)sizeof(values), &n);
  return n == sizeof(values) ? V3_OK : V3_FALSE;
}

static v3_result V3_API
get_state(void* self, struct v3_bstream** stream)
{
  (void)self;
  int32_t n = 0;
  (void)(*stream)->write(stream, values, (int32_t)sizeof(values), &n);
  return n == sizeof(values) ? V3_OK : V3_FALSE;
}

static const struct v3_component component = {.query_interface = query,
                                              .ref             = count_one,
                                              .unref           = count_one,
                                              .initialize      = initialize,
                                              .terminate       = do_nothing,
                                              .get_bus_count   = get_bus_count,
                                              .get_bus_info    = get_bus_info,
                                              .activate_bus    = activate_bus,
                                              .set_active      = set_active,
                                              .set_state       = set_state,
                                              .get_state       = get_state};

/* Processing */

static v3_result V3_API
set_bus_arrangements(void*                   self,
                     v3_speaker_arrangement* inputs,
                     int32_t                 n_inputs,
                     v3_speaker_arrangement* outputs,
                     int32_t                 n_outputs)
{
  (void)self;
  n_channels = outputs[0] == V3_SPEAKER_M ? 1 : 2;
  return n_inputs == 2 && n_outputs == 1 && inputs[1] == outputs[0] ? V3_TRUE
                                                                    : V3_FALSE;
}

static uint32_t V3_API
get_latency_samples(void* self)
{
  (void)self;
  return (uint32_t)(values[DELAY] * max_values[DELAY] + 0.5);
}

static v3_result V3_API
setup_processing(void* self, struct v3_process_setup* setup)
{
  (void)self;
  rate = setup->sample_rate;
  return V3_OK;
}

static v3_result V3_API
set_processing(void* self, v3_bool state)
{
  (void)self;
  has_notified = has_notified && state;
  return V3_OK;
}

/// Take the points at frame `i`
static void
take_points(struct v3_param_changes** const changes, const int32_t i)
{
  for (int32_t q = 0; q < (*changes)->get_param_count(changes); ++q) {
    struct v3_param_value_queue** const queue = (*changes)->get_param_data(changes, q);
    for (int32_t p = 0; p < (*queue)->get_point_count(queue); ++p) {
      int32_t           offset = 0;
      double            value  = 0.0;
      const v3_param_id id     = (*queue)->get_param_id(queue);
      if ((*queue)->get_point(queue, p, &offset, &value) == V3_OK && offset == i &&
          id != DELAY) {
        values[id] = value;
      }
    }
  }
}

static double
shown(const struct v3_process_data* const data, const int c, const int32_t i)
{
  const struct v3_process_context* const   context = data->ctx;
  const struct v3_audio_bus_buffers* const aside   = &data->inputs[1];
  switch ((Shown)(values[SHOW] * max_values[SHOW] + 0.5)) {
    case SHOW_SIDECHAIN:
      return sidechain_active && data->num_input_buses == 2 && c < aside->num_channels
               ? (double)aside->channel_buffers_32[c][i]
               : 0.0;
    case SHOW_LEVEL:
      return values[LEVEL];
    case SHOW_POSITION:
      return context ? context->project_time_quarters +
                         (context->state & V3_PROCESS_CTX_PLAYING
                            ? i * context->bpm / (60.0 * rate)
                            : 0.0)
                     : -1.0;
    default:
      return context && context->state & V3_PROCESS_CTX_BAR_POSITION_VALID
               ? context->bar_position_quarters
               : -1.0;
  }
}

static v3_result V3_API
process(void* self, struct v3_process_data* data)
{
  (void)self;
  for (int32_t i = 0; i < data->nframes; ++i) {
    take_points(data->input_params, i);
    for (int c = 0; c < n_channels; ++c) {
      data->outputs[0].channel_buffers_32[c][i] = (float)shown(data, c, i);
    }
  }
  if (!has_notified) {
    v3_param_id                         id    = STATUS;
    int32_t                             index = 0;
    struct v3_param_value_queue** const queue =
      (*data->output_params)->add_param_data(data->output_params, &id, &index);
    (void)(*queue)->add_point(queue, 0, 1.0, &index);
    has_notified = true;
  }
  return V3_OK;
}

static const struct v3_audio_processor processor = {
  .query_interface      = query,
  .ref                  = count_one,
  .unref                = count_one,
  .set_bus_arrangements = set_bus_arrangements,
  .get_latency_samples  = get_latency_samples,
  .setup_processing     = setup_processing,
  .set_processing       = set_processing,
  .process              = process};

/* Parameters */

static int32_t V3_API
get_parameter_count(void* self)
{
  (void)self;
  return END - 1;
}

static v3_result V3_API
get_parameter_info(void* self, int32_t index, struct v3_param_info* info)
{
  (void)self;
  memset(info, 0, sizeof(*info));
  info->param_id = (v3_param_id)index + 1;
  utf16_from_utf8(info->title, VST3_TEXT_SIZE, names[index + 1]);
  return V3_OK;
}

static v3_result V3_API
get_parameter_string_for_value(void* self, v3_param_id id, double value, v3_str_128 out)
{
  (void)self;
  char text[VST3_TEXT_SIZE];
  snprintf(text, sizeof(text), "%g", value * max_values[id]);
  utf16_from_utf8(
    out, VST3_TEXT_SIZE, id == STATUS ? (value > 0.5 ? "Ready" : "Idle") : text);
  return V3_OK;
}

static v3_result V3_API
get_parameter_value_for_string(void* self, v3_param_id id, int16_t* in, double* value)
{
  (void)self;
  char text[VST3_TEXT_SIZE];
  utf16_to_utf8(text, sizeof(text), in);
  *value = id == STATUS ? !strcmp(text, "Ready") : atof(text) / max_values[id];
  return V3_OK;
}

static double V3_API
get_parameter_normalised(void* self, v3_param_id id)
{
  (void)self;
  return values[id];
}

static v3_result V3_API
set_parameter_normalised(void* self, v3_param_id id, double value)
{
  (void)self;
  if (id == DELAY && (value > values[DELAY] || value < values[DELAY])) {
    values[DELAY] = value;
    (void)(*handler)->restart_component(handler, V3_RESTART_LATENCY_CHANGED);
  } else if (id == STATUS) {
    values[STATUS] = value;
  }
  return V3_OK;
}

static v3_result V3_API
set_component_handler(void* self, struct v3_component_handler** new_handler)
{
  (void)self;
  handler = new_handler;
  return V3_OK;
}

static const struct v3_edit_controller controller = {
  .query_interface                = query,
  .ref                            = count_one,
  .unref                          = count_one,
  .initialize                     = initialize,
  .terminate                      = do_nothing,
  .set_component_state            = set_state,
  .get_parameter_count            = get_parameter_count,
  .get_parameter_info             = get_parameter_info,
  .get_parameter_string_for_value = get_parameter_string_for_value,
  .get_parameter_value_for_string = get_parameter_value_for_string,
  .get_parameter_normalised       = get_parameter_normalised,
  .set_parameter_normalised       = set_parameter_normalised,
  .set_component_handler          = set_component_handler};

static const struct v3_component*       component_object  = &component;
static const struct v3_audio_processor* processor_object  = &processor;
static const struct v3_edit_controller* controller_object = &controller;

static v3_result V3_API
query(void* self, const v3_tuid iid, void** object)
{
  (void)self;
  *object = v3_tuid_match(iid, v3_audio_processor_iid)   ? (void*)&processor_object
            : v3_tuid_match(iid, v3_edit_controller_iid) ? (void*)&controller_object
                                                         : (void*)&component_object;
  return V3_OK;
}

/* Factory */

static int32_t V3_API
num_classes(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
get_class_info(void* self, int32_t index, struct v3_class_info* info)
{
  (void)self;
  (void)index;
  memset(info, 0, sizeof(*info));
  snprintf(info->name, sizeof(info->name), "Mirror");
  return V3_OK;
}

static v3_result V3_API
create_instance(void* self, const v3_tuid class_id, const v3_tuid iid, void** object)
{
  (void)class_id;
  return query(self, iid, object);
}

static const struct v3_plugin_factory factory = {.query_interface = query,
                                                 .ref             = count_one,
                                                 .unref           = count_one,
                                                 .num_classes     = num_classes,
                                                 .get_class_info  = get_class_info,
                                                 .create_instance = create_instance};

#define EXPORT __attribute__((visibility("default")))

EXPORT bool
ModuleEntry(void* library)
{
  (void)library;
  return true;
}

EXPORT bool
ModuleExit(void)
{
  return true;
}

EXPORT const struct v3_plugin_factory**
GetPluginFactory(void)
{
  static const struct v3_plugin_factory* object = &factory;
  return &object;
}
