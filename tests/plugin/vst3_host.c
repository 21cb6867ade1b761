/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3_host.h"

#include "check.h"

#include <math.h>
#include <string.h>

static const float MARK = 12345.0F; // no plugin writes it

/* Values */

bool
is_writable(const int32_t flags)
{
  return !(flags & V3_PARAM_READ_ONLY);
}

double
draw_fraction(unsigned* const seed)
{
  return (double)(draw(seed) % 1000001U) / 1000000.0;
}

/// Return whether a state brings a parameter back, as an instance of its own shows
static bool
is_saved(const v3_param_id id)
{
  Stream                            stream;
  Instance                          p = instance_new();
  struct v3_edit_controller** const c = p.controller;
  (void)(*c)->set_parameter_normalised(c, id, 1.0);
  CHECK(instance_get_state(&p, &stream) == V3_OK);
  (void)(*c)->set_parameter_normalised(c, id, 0.0);
  (void)instance_set_state(&p, &stream);
  const bool saved = (*c)->get_parameter_normalised(c, id) > 0.5;
  CHECK(instance_free(&p) == 0);
  return saved;
}

/// The same, remembered; any thread
static bool
is_known_as_saved(const int32_t index, const v3_param_id id)
{
  static atomic_int known[MAX_PARAMS]; // 1 for no, 2 for yes
  if (!atomic_load(&known[index])) {
    atomic_store(&known[index], is_saved(id) ? 2 : 1);
  }
  return atomic_load(&known[index]) == 2;
}

Values
values_read(const Instance* const p)
{
  struct v3_edit_controller** const c      = p->controller;
  Values                            values = {.n = (*c)->get_parameter_count(c)};
  CHECK(values.n >= 0 && values.n <= MAX_PARAMS);
  for (int32_t i = 0; i < values.n; ++i) {
    struct v3_param_info info;
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    values.ids[i] = info.param_id;
    values.are_saved[i] =
      is_writable(info.flags) && is_known_as_saved(i, info.param_id);
    values.flags[i]      = info.flags;
    values.normalised[i] = (*c)->get_parameter_normalised(c, info.param_id);
  }
  return values;
}

bool
values_equal(const Values* const a, const Values* const b)
{
  bool equal = a->n == b->n;
  for (int32_t i = 0; equal && i < a->n; ++i) {
    equal = a->ids[i] == b->ids[i] &&
            (!a->are_saved[i] ||
             fabs(a->normalised[i] - b->normalised[i]) < 1e-6); // six decimals saved
  }
  return equal;
}

bool
values_hold(const Instance* const p, const Values* const values)
{
  const Values now = values_read(p);
  return values_equal(&now, values);
}

bool
values_are_normal(const Instance* const p)
{
  const Values now    = values_read(p);
  bool         normal = true;
  for (int32_t i = 0; i < now.n; ++i) {
    normal = normal && now.normalised[i] >= 0.0 && now.normalised[i] <= 1.0;
  }
  return normal;
}

void
values_randomise(const Instance* const p, unsigned* const seed)
{
  const Values values = values_read(p);
  for (int32_t i = 0; i < values.n; ++i) {
    if (values.are_saved[i]) {
      CHECK((*p->controller)
              ->set_parameter_normalised(
                p->controller, values.ids[i], draw_fraction(seed)) == V3_OK);
    }
  }
}

/* Sound */

/// Make the buffers of one bus
static void
add_bus(Sound* const    sound,
        const Instance* p,
        const int32_t   direction,
        const int32_t   index)
{
  struct v3_bus_info info = {0};
  CHECK(
    (*p->component)->get_bus_info(p->component, V3_AUDIO, direction, index, &info) ==
    V3_OK);
  CHECK(info.channel_count >= 0 && info.channel_count <= MAX_CHANNELS);
  for (int32_t c = 0; c < info.channel_count; ++c) {
    float* const buffer = (float*)calloc((size_t)sound->room, sizeof(float));
    CHECK(buffer);
    sound->memory[direction][index][c]   = buffer;
    sound->channels[direction][index][c] = buffer;
  }
  sound->buses[direction][index] = (struct v3_audio_bus_buffers){
    .num_channels       = info.channel_count,
    .channel_buffers_32 = sound->channels[direction][index]};
}

Sound*
sound_new(const Instance* const p, const int32_t room)
{
  Sound* const sound = (Sound*)calloc(1, sizeof(Sound));
  CHECK(sound);
  sound->room = room;

  int32_t n_buses[2];
  for (int32_t direction = 0; direction < 2; ++direction) {
    n_buses[direction] =
      (*p->component)->get_bus_count(p->component, V3_AUDIO, direction);
    CHECK(n_buses[direction] >= 0 && n_buses[direction] <= MAX_BUSES);
    for (int32_t i = 0; i < n_buses[direction]; ++i) {
      add_bus(sound, p, direction, i);
    }
  }
  sound->data = (struct v3_process_data){.process_mode         = V3_REALTIME,
                                         .symbolic_sample_size = V3_SAMPLE_32,
                                         .num_input_buses      = n_buses[V3_INPUT],
                                         .num_output_buses     = n_buses[V3_OUTPUT],
                                         .inputs               = sound->buses[V3_INPUT],
                                         .outputs = sound->buses[V3_OUTPUT]};
  return sound;
}

void
sound_free(Sound* const sound)
{
  for (int32_t i = 0; i < 2 * MAX_BUSES * MAX_CHANNELS; ++i) {
    free((&sound->memory[0][0][0])[i]);
  }
  free(sound);
}

/// Do something to each buffer of a direction
static void
mark_outputs(Sound* const sound)
{
  for (int32_t b = 0; b < MAX_BUSES; ++b) {
    for (int32_t c = 0; c < MAX_CHANNELS && sound->memory[V3_OUTPUT][b][c]; ++c) {
      for (int32_t i = 0; i < sound->room; ++i) {
        sound->memory[V3_OUTPUT][b][c][i] = MARK;
      }
    }
  }
}

void
sound_fill(Sound* const sound, unsigned* const seed)
{
  mark_outputs(sound);
  for (int32_t b = 0; b < MAX_BUSES; ++b) {
    sound->buses[V3_INPUT][b].channel_silence_bitset = 0;
    for (int32_t c = 0; c < MAX_CHANNELS && sound->memory[V3_INPUT][b][c]; ++c) {
      for (int32_t i = 0; i < sound->room; ++i) {
        sound->memory[V3_INPUT][b][c][i] = (float)(2.0 * draw_fraction(seed) - 1.0);
      }
    }
  }
}

void
sound_silence(Sound* const sound)
{
  mark_outputs(sound);
  for (int32_t b = 0; b < MAX_BUSES; ++b) {
    struct v3_audio_bus_buffers* const bus = &sound->buses[V3_INPUT][b];
    bus->channel_silence_bitset            = (1ULL << bus->num_channels) - 1;
    for (int32_t c = 0; c < MAX_CHANNELS && sound->memory[V3_INPUT][b][c]; ++c) {
      memset(sound->memory[V3_INPUT][b][c], 0, (size_t)sound->room * sizeof(float));
    }
  }
}

v3_result
sound_run(Sound* const sound, const Instance* const p, const int32_t n_frames)
{
  CHECK(n_frames <= sound->room);
  sound->data.nframes = n_frames;
  return (*p->processor)->process(p->processor, &sound->data);
}

bool
sound_is_clean(const Sound* const sound, const int32_t n_frames)
{
  for (int32_t b = 0; b < sound->data.num_output_buses; ++b) {
    for (int32_t c = 0; c < sound->buses[V3_OUTPUT][b].num_channels; ++c) {
      const float* const x = sound->channels[V3_OUTPUT][b][c];
      for (int32_t i = 0; x && i < n_frames; ++i) {
        const int kind = fpclassify(x[i]);
        if ((kind != FP_NORMAL && kind != FP_ZERO) || !(fabsf(x[i] - MARK) > 0.0F)) {
          return false;
        }
      }
    }
  }
  return true;
}

bool
sound_is_within(const Sound* const sound, const int32_t n_frames)
{
  for (int32_t b = 0; b < MAX_BUSES; ++b) {
    for (int32_t c = 0; c < MAX_CHANNELS && sound->memory[V3_OUTPUT][b][c]; ++c) {
      for (int32_t i = n_frames; i < sound->room; ++i) {
        if (fabsf(sound->memory[V3_OUTPUT][b][c][i] - MARK) > 0.0F) {
          return false;
        }
      }
    }
  }
  return true;
}

bool
sound_plays(Sound* const          sound,
            const Instance* const p,
            const int32_t         n_frames,
            unsigned* const       seed)
{
  sound_fill(sound, seed);
  return sound_run(sound, p, n_frames) == V3_OK && sound_is_clean(sound, n_frames);
}

float
sound_peak(const Sound* const sound, const int32_t n_frames)
{
  float peak = 0.0F;
  for (int32_t b = 0; b < sound->data.num_output_buses; ++b) {
    for (int32_t c = 0; c < sound->buses[V3_OUTPUT][b].num_channels; ++c) {
      for (int32_t i = 0; i < n_frames; ++i) {
        peak = fmaxf(peak, fabsf(sound->channels[V3_OUTPUT][b][c][i]));
      }
    }
  }
  return peak;
}
