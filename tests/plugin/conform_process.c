/* SPDX-License-Identifier: GPL-3.0-or-later

   What comes out for what goes in: flags, delay, tail, odd samples and contexts. */

#include "conform.h"

#include "check.h"

#include <math.h>
#include <string.h>

enum { SECONDS = 7 }; // the latency, a second of sound, and some rest

static void
process_blocks(Instance* const p)
{
  static const int32_t modes[] = {V3_REALTIME, V3_PREFETCH, V3_OFFLINE};
  unsigned             seed    = 1;
  for (int m = 0; m < 3; ++m) {
    EXPECT(instance_start(p, RATE, MAX_BLOCK, modes[m]));
    Sound* const sound       = sound_new(p, 64);
    sound->data.process_mode = modes[m];
    for (int i = 0; i < 50; ++i) {
      EXPECT(sound_plays(sound, p, 64, &seed));
    }
    conform_end(p, sound);
  }
}

static void
modes_that_differ_from_setup(Instance* const p)
{
  // Hosts set up for one and process in another, and change their minds
  unsigned     seed  = 2;
  Sound* const sound = conform_begin(p, BLOCK, BLOCK);
  for (int i = 0; i < 60; ++i) {
    sound->data.process_mode = i % 5 ? (i / 5) % 3 : 17;
    EXPECT(sound_plays(sound, p, BLOCK, &seed));
  }
  conform_end(p, sound);
}

/// Check that what is flagged as silent is
static void
check_flags(const Sound* const sound, const int32_t n_frames)
{
  for (int32_t b = 0; b < sound->data.num_output_buses; ++b) {
    const struct v3_audio_bus_buffers* const bus = &sound->buses[V3_OUTPUT][b];
    for (int32_t c = 0; c < bus->num_channels; ++c) {
      for (int32_t i = 0; bus->channel_silence_bitset >> c & 1U && i < n_frames; ++i) {
        EXPECT(!(fabsf(bus->channel_buffers_32[c][i]) > 0.0F));
      }
    }
    EXPECT(!(bus->channel_silence_bitset >> bus->num_channels));
  }
}

static void
silence_flags(Instance* const p)
{
  unsigned     seed  = 3;
  Sound* const sound = conform_begin(p, BLOCK, BLOCK);
  for (int i = 0; i < SECONDS * RATE / BLOCK; ++i) {
    if (i % 3) {
      sound_fill(sound, &seed);
    } else {
      sound_silence(sound);
    }
    for (int32_t b = 0; b < sound->data.num_input_buses; ++b) {
      sound->buses[V3_INPUT][b].channel_silence_bitset = (unsigned)i % 4U; // or not so
    }
    for (int32_t b = 0; b < sound->data.num_output_buses; ++b) {
      const int32_t n = sound->buses[V3_OUTPUT][b].num_channels;
      sound->buses[V3_OUTPUT][b].channel_silence_bitset = (1ULL << n) - 1;
    }
    EXPECT(sound_run(sound, p, BLOCK) == V3_OK && sound_is_clean(sound, BLOCK));
    check_flags(sound, BLOCK);
  }
  conform_end(p, sound);
}

static void
silence_for_long(Instance* const p)
{
  Sound* const sound = conform_begin(p, MAX_BLOCK, MAX_BLOCK);
  for (int i = 0; i < 20 * RATE / MAX_BLOCK; ++i) {
    sound_silence(sound);
    EXPECT(sound_run(sound, p, MAX_BLOCK) == V3_OK);
    EXPECT(sound_is_clean(sound, MAX_BLOCK));
    check_flags(sound, MAX_BLOCK);
    EXPECT(sound_peak(sound, MAX_BLOCK) < 1e-7F);
  }
  conform_end(p, sound);
}

static void
inputs_are_left_alone(Instance* const p)
{
  unsigned     seed   = 4;
  Sound* const sound  = conform_begin(p, BLOCK, BLOCK);
  float* const before = (float*)malloc(BLOCK * sizeof(float));
  CHECK(before);
  for (int i = 0; i < 50; ++i) {
    for (int32_t b = 0; b < sound->data.num_input_buses; ++b) {
      for (int32_t c = 0; c < sound->buses[V3_INPUT][b].num_channels; ++c) {
        sound_fill(sound, &seed);
        memcpy(before, sound->memory[V3_INPUT][b][c], BLOCK * sizeof(float));
        EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
        EXPECT(!memcmp(before, sound->memory[V3_INPUT][b][c], BLOCK * sizeof(float)));
        EXPECT(sound->buses[V3_INPUT][b].channel_silence_bitset == 0);
      }
    }
  }
  EXPECT(instance_stop(p));
  free(before);
  sound_free(sound);
}

/// Run a second of noise offline, then silence; return the first output channel
static float*
render(const Instance* const p, float* const input, const int32_t shared)
{
  unsigned      seed   = 5;
  float* const  output = (float*)calloc((size_t)SECONDS * RATE + BLOCK, sizeof(float));
  Sound* const  sound  = sound_new(p, BLOCK);
  const int32_t n      = (SECONDS * RATE / BLOCK) * BLOCK;
  CHECK(output);
  sound->data.process_mode = V3_OFFLINE;
  for (int32_t c = 0; shared && c < sound->buses[V3_OUTPUT][0].num_channels; ++c) {
    sound->channels[V3_OUTPUT][0][c] = sound->channels[V3_INPUT][0][c];
  }
  for (int32_t start = 0; start < n; start += BLOCK) {
    if (start < RATE) {
      sound_fill(sound, &seed);
    } else {
      sound_silence(sound);
    }
    memcpy(input + start, sound->memory[V3_INPUT][0][0], BLOCK * sizeof(float));
    EXPECT(sound_run(sound, p, BLOCK) == V3_OK && sound_is_clean(sound, BLOCK));
    memcpy(output + start, sound->channels[V3_OUTPUT][0][0], BLOCK * sizeof(float));
  }
  sound_free(sound);
  return output;
}

/// Return the greatest difference of `b`, `delay` frames later, from `a`
static float
difference(const float* const a,
           const float* const b,
           const uint32_t     delay,
           const uint32_t     n_frames)
{
  float largest = 0.0F;
  for (uint32_t i = 0; i < n_frames; ++i) {
    const float due = i < delay ? 0.0F : a[i - delay];
    largest         = fmaxf(largest, fabsf(b[i] - due));
  }
  return largest;
}

/// Check that sound passes, delayed by the latency that is reported
static void
check_delay(const Instance* const p, const int32_t shared)
{
  // A neutral model, or none at all, leaves the sound as it is
  float* const input = (float*)calloc((size_t)SECONDS * RATE + BLOCK, sizeof(float));
  CHECK(input);
  EXPECT(instance_start(p, RATE, BLOCK, V3_OFFLINE));
  const uint32_t latency = (*p->processor)->get_latency_samples(p->processor);
  const uint32_t tail    = (*p->processor)->get_tail_samples(p->processor);
  float* const   output  = render(p, input, shared);
  EXPECT(latency + RATE < SECONDS * RATE - BLOCK);
  EXPECT(difference(input, output, latency, SECONDS * RATE - BLOCK) < 1e-4F);
  for (uint32_t i = latency + RATE + BLOCK + tail; i < SECONDS * RATE - BLOCK; ++i) {
    EXPECT(fabsf(output[i]) < 1e-7F);
  }
  EXPECT(instance_stop(p));
  free(input);
  free(output);
}

static void
delay_is_the_latency(Instance* const p)
{
  check_delay(p, false);
}

static void
shared_buffers_give_the_same(Instance* const p)
{
  check_delay(p, true);
}

static void
tail_ends(Instance* const p)
{
  // With what it is, and again: nothing may be left of the activation before
  check_delay(p, false);
  EXPECT(instance_start(p, RATE, MAX_BLOCK, V3_OFFLINE));
  Sound* const sound       = sound_new(p, MAX_BLOCK);
  sound->data.process_mode = V3_OFFLINE;
  for (int i = 0; i < SECONDS * RATE / MAX_BLOCK; ++i) {
    sound_silence(sound);
    EXPECT(sound_run(sound, p, MAX_BLOCK) == V3_OK);
    EXPECT(sound_peak(sound, MAX_BLOCK) < 1e-7F);
  }
  conform_end(p, sound);
}

/// Put samples that no host should give among the noise
static void
spoil(Sound* const sound, unsigned* const seed)
{
  static const float bad[] = {
    NAN, INFINITY, -INFINITY, 1e30F, -1e30F, 1e-40F, -1e-44F, 3e38F, -0.0F};
  for (int32_t c = 0; c < sound->buses[V3_INPUT][0].num_channels; ++c) {
    for (int i = 0; i < 20; ++i) {
      sound->memory[V3_INPUT][0][c][draw(seed) % BLOCK] = bad[draw(seed) % 9U];
    }
  }
}

/// Return whether the outputs are finite
static bool
is_finite(const Sound* const sound)
{
  bool finite = true;
  for (int32_t c = 0; c < sound->buses[V3_OUTPUT][0].num_channels; ++c) {
    for (int i = 0; i < BLOCK; ++i) {
      finite = finite && isfinite(sound->channels[V3_OUTPUT][0][c][i]);
    }
  }
  return finite;
}

/// Return the values that only the plugin writes, as one number that distinguishes them
static double
read_only_values(const Instance* const p)
{
  const Values values = values_read(p);
  double       sum    = 0.0;
  for (int32_t i = 0; i < values.n; ++i) {
    sum += is_writable(values.flags[i]) ? 0.0 : (i + 1) * values.normalised[i];
  }
  return sum;
}

/// Run noise offline that begins well or badly; return what is reported at its end
static double
run_noise(const Instance* const p, const bool spoilt)
{
  unsigned seed = 6;
  EXPECT(instance_start(p, RATE, BLOCK, V3_OFFLINE));
  Sound* const  sound      = sound_new(p, BLOCK);
  const int32_t n_blocks   = 2 * SECONDS * RATE / BLOCK;
  sound->data.process_mode = V3_OFFLINE;
  for (int32_t i = 0; i < n_blocks; ++i) {
    sound_fill(sound, &seed);
    if (spoilt && i < 20) {
      spoil(sound, &seed);
    }
    EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
    EXPECT(is_finite(sound));
    EXPECT(i < n_blocks - RATE / BLOCK || sound_peak(sound, BLOCK) < 4.0F);
    EXPECT(i < n_blocks - RATE / BLOCK || sound_is_clean(sound, BLOCK));
  }
  const double sum = read_only_values(p);
  conform_end(p, sound);
  return sum;
}

static void
samples_that_are_no_sound(Instance* const p)
{
  // They may come out as they are, if they are numbers, but must not stay, nor
  // stop what is done to the rest
  const double well  = run_noise(p, false);
  const double badly = run_noise(p, true);
  EXPECT(fabs(well - badly) < 1e-9);
}

/// Return a context of random bits, and of numbers that make no sense
static struct v3_process_context
draw_context(unsigned* const seed)
{
  static const double       absurd[] = {NAN, INFINITY, -INFINITY, 0.0, -1e300, 1e300};
  struct v3_process_context context;
  unsigned char*            bytes = (unsigned char*)&context;
  for (size_t i = 0; i < sizeof(context); ++i) {
    bytes[i] = (unsigned char)draw(seed);
  }
  context.state                 = draw(seed) % 2 ? 0xFFFFFFFFU : draw(seed);
  context.bpm                   = absurd[draw(seed) % 6U];
  context.sample_rate           = absurd[draw(seed) % 6U];
  context.project_time_quarters = absurd[draw(seed) % 6U];
  context.bar_position_quarters = absurd[draw(seed) % 6U];
  context.time_sig_numerator    = (int32_t)(draw(seed) % 3U) - 1;
  context.time_sig_denom        = (int32_t)(draw(seed) % 3U) - 1;
  return context;
}

static void
contexts_of_any_kind(Instance* const p)
{
  unsigned     seed  = 7;
  Sound* const sound = conform_begin(p, BLOCK, BLOCK);
  for (int i = 0; i < 300; ++i) {
    struct v3_process_context context = draw_context(&seed);
    sound->data.ctx                   = i % 4 ? &context : NULL;
    EXPECT(sound_plays(sound, p, BLOCK, &seed));
  }
  conform_end(p, sound);
}

static void
context_requirements(Instance* const p)
{
  struct v3_process_context_requirements** needs = NULL;
  EXPECT((*p->processor)
           ->query_interface(p->processor,
                             v3_process_context_requirements_iid,
                             (void**)&needs) == V3_OK);
  if (EXPECT(needs)) {
    const uint32_t flags = (*needs)->get_process_context_requirements(needs);
    EXPECT(flags == (*needs)->get_process_context_requirements(needs));
    EXPECT(!(flags >> 11U)); // none but those that there are
    (*needs)->unref(needs);
  }
}

const Check conform_process[] = {ROW(process_blocks),
                                 ROW(modes_that_differ_from_setup),
                                 ROW(silence_flags),
                                 ROW(silence_for_long),
                                 ROW(inputs_are_left_alone),
                                 ROW(delay_is_the_latency),
                                 ROW(shared_buffers_give_the_same),
                                 ROW(tail_ends),
                                 ROW(samples_that_are_no_sound),
                                 ROW(contexts_of_any_kind),
                                 ROW(context_requirements),
                                 {NULL, NULL}};
