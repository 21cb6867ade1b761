/* SPDX-License-Identifier: GPL-3.0-or-later

   Blocks of all sizes, with buffers that lack, and what processing may not do. */

#include "conform.h"

#include "check.h"

#include <string.h>

static void
blocks_of_any_size(Instance* const p)
{
  unsigned     seed  = 1;
  Sound* const sound = conform_begin(p, MAX_BLOCK, MAX_BLOCK);
  for (int32_t i = 0; i < 300; ++i) {
    const int32_t n = i < 70 ? i : (int32_t)(draw(&seed) % (MAX_BLOCK + 1U));
    EXPECT(sound_plays(sound, p, n, &seed) && sound_is_within(sound, n));
  }
  conform_end(p, sound);
}

static void
blocks_at_each_rate(Instance* const p)
{
  // Without setting it inactive in between, too: whatever is answered then
  static const double  rates[]  = {44100, 48000, 96000};
  static const int32_t blocks[] = {64, 128, 256, 512, 1024};
  unsigned             seed     = 2;
  for (int releases = 1; releases >= 0; --releases) {
    for (int r = 0; r < 3; ++r) {
      for (int b = 0; b < 5; ++b) {
        if (releases) {
          EXPECT(instance_start(p, rates[r], blocks[b], V3_REALTIME));
        } else {
          (void)instance_setup(p, rates[r], blocks[b], V3_REALTIME);
          (void)instance_set_active(p, true);
        }
        Sound* const sound = sound_new(p, blocks[b]);
        for (int i = 0; i < 10; ++i) {
          EXPECT(sound_plays(sound, p, blocks[b], &seed));
        }
        sound_free(sound);
        EXPECT(!releases || instance_stop(p));
      }
    }
  }
  EXPECT(instance_stop(p));
}

static void
blocks_too_large(Instance* const p)
{
  unsigned     seed  = 3;
  Sound* const sound = conform_begin(p, 64, 150000);
  for (int32_t n = 65; n <= 150000; n = n * 3 + 1) {
    EXPECT(sound_plays(sound, p, n, &seed) && sound_is_within(sound, n));
  }
  conform_end(p, sound);
}

static void
blocks_of_negative_size(Instance* const p)
{
  unsigned             seed    = 4;
  Sound* const         sound   = conform_begin(p, BLOCK, BLOCK);
  static const int32_t sizes[] = {-1, -50000, INT32_MIN};
  for (int i = 0; i < 3; ++i) {
    sound_fill(sound, &seed);
    (void)sound_run(sound, p, sizes[i]);
    EXPECT(sound_is_within(sound, 0));
  }
  conform_end(p, sound);
}

/// Run a block whose buffers are somehow lacking; only damage is refused
static void
run_lacking(const Instance* const p, Sound* const sound)
{
  (void)sound_run(sound, p, BLOCK);
  (void)sound_run(sound, p, 0);
  EXPECT(sound_is_within(sound, BLOCK));
}

static void
buses_without_buffers(Instance* const p)
{
  unsigned                     seed  = 5;
  Sound* const                 sound = conform_begin(p, BLOCK, 2 * BLOCK);
  const struct v3_process_data whole = sound->data;
  sound_fill(sound, &seed);
  for (unsigned bits = 1; bits < 16; ++bits) {
    sound->data = whole;
    if (bits & 1U) {
      sound->data.inputs = NULL;
    }
    if (bits & 2U) {
      sound->data.outputs = NULL;
    }
    if (bits & 4U) {
      sound->data.num_input_buses = 0;
    }
    if (bits & 8U) {
      sound->data.num_output_buses = 0;
    }
    run_lacking(p, sound);
  }
  sound->data = whole;
  EXPECT(sound_plays(sound, p, BLOCK, &seed));
  conform_end(p, sound);
}

static void
channels_without_buffers(Instance* const p)
{
  unsigned     seed  = 6;
  Sound* const sound = conform_begin(p, BLOCK, 2 * BLOCK);
  for (int32_t direction = 0; direction < 2; ++direction) {
    struct v3_audio_bus_buffers* const bus = &sound->buses[direction][0];
    const int32_t                      n   = bus->num_channels;
    for (int32_t c = 0; c < n; ++c) {
      sound_fill(sound, &seed);
      sound->channels[direction][0][c] = NULL;
      run_lacking(p, sound);
      EXPECT(sound_is_clean(sound, direction == V3_INPUT ? BLOCK : 0));
      sound->channels[direction][0][c] = sound->memory[direction][0][c];
      bus->num_channels                = c; // fewer than agreed
      run_lacking(p, sound);
      EXPECT(sound_is_clean(sound, BLOCK));
      bus->num_channels = n;
    }
    bus->channel_buffers_32 = NULL;
    sound_fill(sound, &seed);
    run_lacking(p, sound);
    bus->channel_buffers_32 = sound->channels[direction][0];
    bus->num_channels       = -1;
    run_lacking(p, sound);
    bus->num_channels = n;
  }
  conform_end(p, sound);
}

static void
more_buses_than_agreed(Instance* const p)
{
  // A sidechain that a host believes in: its buffers are there, or not
  unsigned      seed  = 7;
  Sound* const  sound = conform_begin(p, BLOCK, 2 * BLOCK);
  float         spare[2][2 * BLOCK];
  float*        channels[2] = {spare[0], spare[1]};
  const int32_t n           = sound->data.num_input_buses;
  memset(spare, 0, sizeof(spare));
  for (int32_t n_channels = 0; n_channels <= 2; ++n_channels) {
    for (int there = 0; there < 2; ++there) {
      sound_fill(sound, &seed);
      sound->buses[V3_INPUT][n] = (struct v3_audio_bus_buffers){
        .num_channels = n_channels, .channel_buffers_32 = there ? channels : NULL};
      sound->data.num_input_buses = n + 1;
      EXPECT(sound_run(sound, p, BLOCK) == V3_OK && sound_is_clean(sound, BLOCK));
    }
  }
  conform_end(p, sound);
}

static void
samples_of_64_bits(Instance* const p)
{
  struct v3_process_setup setup = {V3_REALTIME, V3_SAMPLE_64, BLOCK, RATE};
  EXPECT((*p->processor)->can_process_sample_size(p->processor, V3_SAMPLE_32) == V3_OK);
  if ((*p->processor)->can_process_sample_size(p->processor, V3_SAMPLE_64) == V3_OK) {
    EXPECT((*p->processor)->setup_processing(p->processor, &setup) == V3_OK);
    return;
  }
  EXPECT((*p->processor)->setup_processing(p->processor, &setup) != V3_OK);
  EXPECT((*p->processor)->can_process_sample_size(p->processor, 2) != V3_OK);
  EXPECT((*p->processor)->can_process_sample_size(p->processor, -1) != V3_OK);

  // A block of such samples all the same: refused, or silent in every bit
  static double in[2][BLOCK];
  static double out[2][BLOCK];
  double*       inputs[2]  = {in[0], in[1]};
  double*       outputs[2] = {out[0], out[1]};
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  struct v3_audio_bus_buffers input = {.num_channels = 2, .channel_buffers_64 = inputs};
  struct v3_audio_bus_buffers output = {.num_channels       = 2,
                                        .channel_buffers_64 = outputs};
  struct v3_process_data      data   = {.symbolic_sample_size = V3_SAMPLE_64,
                                        .nframes              = BLOCK,
                                        .num_input_buses      = 1,
                                        .num_output_buses     = 1,
                                        .inputs               = &input,
                                        .outputs              = &output};
  for (int i = 0; i < 2 * BLOCK; ++i) {
    out[i / BLOCK][i % BLOCK] = 0.5;
  }
  const bool taken = (*p->processor)->process(p->processor, &data) == V3_OK;
  for (int i = 0; taken && i < 2 * BLOCK; ++i) {
    EXPECT(!(out[i / BLOCK][i % BLOCK] > 0.0));
  }
  EXPECT(instance_stop(p));
}

static void
process_allocates_nothing(Instance* const p)
{
  static const int32_t blocks[] = {64, 512, MAX_BLOCK};
  unsigned             seed     = 8;
  Changes* const       input    = changes_new();
  const Values         values   = values_read(p);
  for (int b = 0; b < 3; ++b) {
    EXPECT(instance_start(p, RATE, blocks[b], V3_REALTIME));
    Sound* const sound       = sound_new(p, blocks[b]);
    sound->data.input_params = changes_face(input);
    for (int i = 0; i < 200; ++i) {
      changes_clear(input);
      changes_set(
        input, values.ids[draw(&seed) % (unsigned)values.n], draw_fraction(&seed));
      sound_fill(sound, &seed);
      allocations_begin();
      const v3_result result = sound_run(sound, p, blocks[b]);
      EXPECT(allocations_end() == 0);
      EXPECT(result == V3_OK);
    }
    conform_end(p, sound);
  }
  free(input);

  allocations_begin(); // and they are counted
  Instance other = instance_create();
  EXPECT(allocations_end() > 0);
  EXPECT(instance_release(&other) == 0);
}

const Check conform_blocks[] = {ROW(blocks_of_any_size),
                                ROW(blocks_at_each_rate),
                                ROW(blocks_too_large),
                                ROW(blocks_of_negative_size),
                                ROW(buses_without_buffers),
                                ROW(channels_without_buffers),
                                ROW(more_buses_than_agreed),
                                ROW(samples_of_64_bits),
                                ROW(process_allocates_nothing),
                                {NULL, NULL}};
