/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "check.h"

#include "core/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static ParamInfo
target_of(const References* const references)
{
  ParamInfo info = *params_info(PARAM_TARGET);
  info.labels    = references_names(references);
  info.n_labels  = references_count(references);
  info.max       = info.n_labels - 1;
  return info;
}

static void
draw_values(double values[N_PARAMS], unsigned* const seed)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const double           share = draw(seed) % 1001 / 1000.0;
    const ParamInfo* const info  = params_info((ParamIndex)i);
    values[i] = params_round(info, params_to_plain(info, share / 1.0007));
  }
}

static void
check_possible(const double values[N_PARAMS], const ParamInfo* const target)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info =
      i == PARAM_TARGET ? target : params_info((ParamIndex)i);
    CHECK(values[i] >= info->min && values[i] <= info->max);
  }
}

static bool
read_text(const char* const text, double values[N_PARAMS])
{
  return state_read(text, strlen(text), params_info(PARAM_TARGET), values);
}

static void
test_round_trip(void)
{
  References* const references = references_new();
  const ParamInfo   target     = target_of(references);
  unsigned          seed       = 1;
  for (int k = 0; k < 1000; ++k) {
    double before[N_PARAMS];
    double after[N_PARAMS];
    double kept[N_PARAMS];
    draw_values(before, &seed);
    draw_values(after, &seed);
    memcpy(kept, after, sizeof(kept));

    const StateBytes state = state_write(before, &target, references);
    CHECK(state.bytes && state.n_bytes < STATE_MAX_TEXT);
    CHECK(state_read(state.bytes, state.n_bytes, &target, after));
    for (unsigned i = 0; i < N_PARAMS; ++i) {
      const double* const expected =
        params_info((ParamIndex)i)->unsaved ? kept : before;
      CHECK(!memcmp(&expected[i], &after[i], sizeof(double))); // to the last bit
    }
    free(state.bytes);
  }
  references_leave(references);
}

static void
test_other_versions(void)
{
  double values[N_PARAMS] = {0};
  CHECK(read_text("requinto 1\nreverb=9\ntarget=zither\ntempo=99\namount=\n", values));
  CHECK(fabs(values[PARAM_TEMPO] - 99.0) < 1e-9);
  CHECK(fabs(values[PARAM_TARGET] - params_info(PARAM_TARGET)->default_value) < 1e-9);
  CHECK(fabs(values[PARAM_AMOUNT] - 100.0) < 1e-9);
  CHECK(fabs(values[PARAM_SENSITIVITY] - 50.0) < 1e-9);
  CHECK(!read_text("other 1\n", values) && !read_text("", values));
}

/// A state from before there was a choice of models means the only one there was
static void
test_a_state_without_quality(void)
{
  double values[N_PARAMS] = {[PARAM_QUALITY] = 1.0};
  CHECK(read_text("requinto 1\ntarget=bass\noutput=Extracted\namount=40.000000\n"
                  "beat_source=Detect\ntempo=99.000000\n",
                  values));
  CHECK(fabs(values[PARAM_TARGET] - 1.0) < 1e-9);
  CHECK(fabs(values[PARAM_QUALITY]) < 1e-9);
  CHECK(fabs(values[PARAM_BEAT_SOURCE] - 1.0) < 1e-9);

  CHECK(read_text("requinto 1\nquality=Fast\n", values));
  CHECK(fabs(values[PARAM_QUALITY] - 1.0) < 1e-9);
}

/// A target that is not available is in the list without a sound, and never another one
static void
test_targets_that_are_not_available(void)
{
  static const char* const states[] = {
    "target=laud\n",
    "target=\n",
    "target=a\rb\nsound=4 a\rb\nRIFF\n",
    "target=\x1b[31mlaud\nsound=4 \x1b[31mlaud\nRIFF\n",
    "target=laud\nsound=0 laud\n\n",
    "target=laud\nsound=-1 laud\nRIFF\n",
    "target=laud\nsound=nan laud\nRIFF\n",
    "target=laud\nsound= laud\nRIFF\n",
    "target=laud\nsound=4\nRIFF\n",
    "target=laud\nsound=67108865 laud\nRIFF\n",
    "target=laud\nsound=4 bandola\nRIFF\n",
    "target=0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789\n",
  };
  for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); ++i) {
    char text[512];
    snprintf(text, sizeof(text), "requinto 1\n%samount=40\n", states[i]);
    References* const list             = references_new();
    double            values[N_PARAMS] = {0};
    CHECK(state_read_sounds(text, strlen(text), list));
    const ParamInfo target = target_of(list);
    CHECK(state_read(text, strlen(text), &target, values));
    const uint32_t chosen = (uint32_t)values[PARAM_TARGET];
    CHECK(chosen > references_learned_index() && !references_sound(list, chosen));

    // Nothing of it is lost: the name is saved again
    const StateBytes state           = state_write(values, &target, list);
    double           again[N_PARAMS] = {0};
    CHECK(state_read(state.bytes, state.n_bytes, &target, again));
    CHECK((uint32_t)again[PARAM_TARGET] == chosen);
    free(state.bytes);
    references_leave(list);
  }
}

/// A list that a state can be written of: a sound learnt, and one of the user's
static References*
new_list(void)
{
  static const unsigned char learned[] = "fLaC\nsound=3 not a line\n";
  static const unsigned char own[]     = "RIFF\0\n=";
  References* const          list      = references_new();
  CHECK(references_keep(list, "Learned", learned, sizeof(learned)));
  CHECK(references_keep(list, "Gu\xc3\xa1jira = \xe9\x9f\xb3", own, sizeof(own)));
  return list;
}

/// The sounds that a state needs come with it, to a list that has never seen them
static void
test_sounds_are_carried(void)
{
  References* const here               = new_list();
  References* const there              = references_new();
  const uint32_t    chosen             = references_count(here) - 1;
  double            values[N_PARAMS]   = {[PARAM_TARGET] = chosen};
  const ParamInfo   target_here        = target_of(here);
  const StateBytes  state              = state_write(values, &target_here, here);
  double            restored[N_PARAMS] = {0};

  CHECK(state_read_sounds(state.bytes, state.n_bytes, there));
  const ParamInfo target_there = target_of(there);
  CHECK(state_read(state.bytes, state.n_bytes, &target_there, restored));
  const uint32_t restored_index = (uint32_t)restored[PARAM_TARGET];
  CHECK(
    !strcmp(references_names(there)[restored_index], references_names(here)[chosen]));
  const uint32_t pairs[2][2] = {
    {chosen, restored_index}, {references_learned_index(), references_learned_index()}};
  for (int i = 0; i < 2; ++i) {
    SoundFile* const before = references_sound(here, pairs[i][0]);
    SoundFile* const after  = references_sound(there, pairs[i][1]);
    CHECK(before && after && before->n_bytes == after->n_bytes);
    CHECK(!memcmp(before->bytes, after->bytes, before->n_bytes));
    free(before);
    free(after);
  }
  free(state.bytes);
  references_leave(here);
  references_leave(there);
}

/// A host's stream, that gives so much at a time, and may fail in the end
typedef struct {
  size_t  n_given;
  size_t  n_bytes;
  size_t  step;
  int64_t at_end;
} Tap;

static int64_t
draw_from(void* const stream, void* const bytes, const uint32_t n_bytes)
{
  Tap* const tap = (Tap*)stream;
  size_t     n   = tap->n_bytes - tap->n_given;
  n              = n < tap->step ? n : tap->step;
  n              = n < n_bytes ? n : n_bytes;
  for (size_t i = 0; i < n; ++i) {
    ((unsigned char*)bytes)[i] = (unsigned char)((tap->n_given + i) % 251);
  }
  tap->n_given += n;
  return n ? (int64_t)n : tap->at_end;
}

static void
test_streams(void)
{
  static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};
  static const size_t steps[] = {1000, 65536, 100000};
  for (int k = 0; k < 18; ++k) {
    Tap              tap   = {0, sizes[k / 3], steps[k % 3], 0};
    const StateBytes state = state_read_stream(draw_from, &tap);
    CHECK(state.bytes && state.n_bytes == sizes[k / 3]);
    for (size_t i = 0; i < state.n_bytes; ++i) {
      CHECK(state.bytes[i] == i % 251);
    }
    free(state.bytes);

    static const int64_t wrong[] = {-1, INT64_MIN, 65537, INT64_MAX};
    for (int w = 0; w < 4; ++w) {
      Tap broken = {0, sizes[k / 3], steps[k % 3], wrong[w]};
      CHECK(!state_read_stream(draw_from, &broken).bytes);
    }
  }

  // One without an end is left once it holds more than a state can
  Tap              endless = {0, SIZE_MAX, SIZE_MAX, 0};
  const StateBytes state   = state_read_stream(draw_from, &endless);
  CHECK(state.bytes && state.n_bytes >= 2 * (size_t)SOUND_FILE_MAX_SIZE);
  CHECK(state.n_bytes == endless.n_given);
  free(state.bytes);
}

/// Read bytes that may be anything into a fresh list, and into values
static void
read_anything(const unsigned char* const bytes, const size_t n, unsigned* const seed)
{
  References* const list = references_new();
  double            values[N_PARAMS];
  draw_values(values, seed);
  const bool      sounds = state_read_sounds(bytes, n, list);
  const ParamInfo target = target_of(list);
  CHECK(sounds == state_read(bytes, n, &target, values));
  check_possible(values, &target);
  references_leave(list);
}

static void
test_damage(void)
{
  References* const list             = new_list();
  const ParamInfo   target           = target_of(list);
  unsigned          seed             = 3;
  double            values[N_PARAMS] = {[PARAM_TARGET] = references_count(list) - 1};
  const StateBytes  state            = state_write(values, &target, list);
  for (size_t cut = 0; cut <= state.n_bytes; ++cut) {
    // Of its own size, so that a sanitizer sees a step too far
    unsigned char* const part = (unsigned char*)malloc(cut + 1);
    memcpy(part, state.bytes, cut);
    unsigned char* const exact = (unsigned char*)realloc(part, cut ? cut : 1);
    read_anything(exact, cut, &seed);
    free(exact);
  }
  unsigned char* const damaged = (unsigned char*)malloc(state.n_bytes);
  for (int k = 0; k < 5000; ++k) {
    memcpy(damaged, state.bytes, state.n_bytes);
    for (int i = 0; i < 4; ++i) {
      damaged[draw(&seed) % state.n_bytes] = (unsigned char)(draw(&seed) % 256);
    }
    read_anything(damaged, state.n_bytes, &seed);
  }
  free(damaged);
  free(state.bytes);
  references_leave(list);
}

int
main(void)
{
  test_round_trip();
  test_other_versions();
  test_a_state_without_quality();
  test_targets_that_are_not_available();
  test_sounds_are_carried();
  test_streams();
  test_damage();
  return 0;
}
