/* SPDX-License-Identifier: GPL-3.0-or-later

   States that were cut, bent or made up, and streams that fail.

   What is refused changes nothing; what is taken leaves values that make sense and
   a state that can be saved and restored. */

#include "conform.h"

#include "check.h"

#include <string.h>

/// Offer a stream, and hold the plugin to the promise above
static v3_result
offer_stream(const Instance* const p, Stream* const stream)
{
  const Values    before = values_read(p);
  const v3_result result =
    (*p->component)->set_state(p->component, stream_face(stream));
  const Values after = values_read(p);
  EXPECT(values_are_normal(p));
  if (result != V3_OK) {
    EXPECT(values_equal(&before, &after));
    return result;
  }
  const Stream saved = conform_save(p);
  EXPECT(instance_set_state(p, &saved) == V3_OK);
  EXPECT(values_hold(p, &after));
  return result;
}

static v3_result
offer(const Instance* const p, const char* const bytes, const size_t n_bytes)
{
  Stream stream;
  stream_begin(&stream, bytes, n_bytes);
  return offer_stream(p, &stream);
}

static void
no_stream(Instance* const p)
{
  EXPECT((*p->component)->set_state(p->component, NULL) != V3_OK);
  EXPECT((*p->component)->get_state(p->component, NULL) != V3_OK);
  EXPECT((*p->controller)->set_component_state(p->controller, NULL) != V3_OK);
}

static void
state_cut_anywhere(Instance* const p)
{
  unsigned     seed  = 1;
  const Stream saved = conform_save_random(p, &seed);
  for (int64_t n = 0; n <= saved.n_bytes; ++n) {
    values_randomise(p, &seed);
    const v3_result result = offer(p, saved.bytes, (size_t)n);
    EXPECT(n || result != V3_OK); // nothing is no state
  }
}

static void
state_with_a_bit_flipped(Instance* const p)
{
  unsigned     seed  = 2;
  const Stream saved = conform_save_random(p, &seed);
  for (int64_t i = 0; i < saved.n_bytes * 8; ++i) {
    char bytes[STREAM_ROOM];
    memcpy(bytes, saved.bytes, (size_t)saved.n_bytes);
    bytes[i / 8] = (char)(bytes[i / 8] ^ (1 << (i % 8)));
    (void)offer(p, bytes, (size_t)saved.n_bytes);
  }
}

/// Damage a few bytes: replace, insert, remove or repeat
static size_t
damage(char* const bytes, size_t n, unsigned* const seed)
{
  for (unsigned i = draw(seed) % 8; n > 8 && n < STREAM_ROOM / 2 && i < 8; ++i) {
    const size_t at   = draw(seed) % n;
    const size_t part = draw(seed) % (n - at);
    switch (draw(seed) % 4) {
      case 0:
        bytes[at] = (char)draw(seed);
        break;
      case 1:
        memmove(bytes + at + 1, bytes + at, n - at);
        bytes[at] = (char)draw(seed);
        ++n;
        break;
      case 2:
        memmove(bytes + at, bytes + at + part, n - at - part);
        n -= part;
        break;
      default:
        memmove(bytes + at + part, bytes + at, n - at);
        n += part;
    }
  }
  return n;
}

static void
state_damaged(Instance* const p)
{
  unsigned     seed  = 3;
  const Stream saved = conform_save_random(p, &seed);
  for (int i = 0; i < 5000; ++i) {
    char bytes[STREAM_ROOM];
    memcpy(bytes, saved.bytes, (size_t)saved.n_bytes);
    (void)offer(p, bytes, damage(bytes, (size_t)saved.n_bytes, &seed));
  }
}

static void
state_made_up(Instance* const p)
{
  unsigned     seed  = 4;
  const Stream saved = conform_save_random(p, &seed);
  char         bytes[4 * 4096];
  for (int i = 0; i < 3000; ++i) {
    const size_t kept = i % 3 ? draw(&seed) % (size_t)saved.n_bytes : 0;
    const size_t n    = kept + draw(&seed) % (i % 10 ? 300 : 10000);
    memcpy(bytes, saved.bytes, kept);
    for (size_t j = kept; j < n; ++j) {
      bytes[j] = (char)draw(&seed);
    }
    const v3_result result = offer(p, bytes, n);
    EXPECT(kept || result != V3_OK); // noise is refused
  }
}

static void
state_of_great_length(Instance* const p)
{
  unsigned     seed   = 5;
  const Stream saved  = conform_save_random(p, &seed);
  const Values wanted = values_read(p);
  for (int fill = 0; fill < 3; ++fill) {
    Stream stream;
    stream_begin(&stream, saved.bytes, (size_t)saved.n_bytes);
    memset(stream.bytes + saved.n_bytes,
           "\n\0x"[fill],
           (size_t)(STREAM_ROOM - saved.n_bytes));
    stream.n_bytes = STREAM_ROOM;
    values_randomise(p, &seed);
    if (offer_stream(p, &stream) == V3_OK) {
      EXPECT(values_hold(p, &wanted)); // a later version may write more
    }
  }
}

static void
streams_that_give_little(Instance* const p)
{
  unsigned     seed   = 6;
  const Stream saved  = conform_save_random(p, &seed);
  const Values wanted = values_read(p);
  for (int32_t max_bytes = 1; max_bytes < 40; ++max_bytes) {
    for (int fails = 0; fails < 2; ++fails) {
      Stream stream;
      stream_begin(&stream, saved.bytes, (size_t)saved.n_bytes);
      stream.faults.max_bytes   = max_bytes;
      stream.faults.end_is_fail = fails;
      values_randomise(p, &seed);
      EXPECT(offer_stream(p, &stream) == V3_OK);
      EXPECT(values_hold(p, &wanted));
    }
  }
}

static void
streams_that_fail_to_read(Instance* const p)
{
  unsigned     seed  = 7;
  const Stream saved = conform_save_random(p, &seed);
  for (int32_t calls = 1; calls < 20; ++calls) {
    Stream stream;
    stream_begin(&stream, saved.bytes, (size_t)saved.n_bytes);
    stream.faults.max_bytes  = 16;
    stream.faults.fail_after = calls;
    values_randomise(p, &seed);
    (void)offer_stream(p, &stream);
  }
}

static void
streams_that_lie(Instance* const p)
{
  static const int32_t lies[] = {-1, -100, 1, 100, 4096, 1 << 20, -(1 << 20)};
  unsigned             seed   = 8;
  const Stream         saved  = conform_save_random(p, &seed);
  for (int i = 0; i < 7; ++i) {
    Stream stream;
    stream_begin(&stream, saved.bytes, (size_t)saved.n_bytes);
    stream.faults.lie = lies[i];
    (void)offer_stream(p, &stream);
  }
}

static void
streams_that_fail_to_write(Instance* const p)
{
  unsigned     seed   = 9;
  const Stream whole  = conform_save_random(p, &seed);
  const Values before = values_read(p);
  for (int32_t max_bytes = 1; max_bytes < (int32_t)whole.n_bytes; max_bytes += 7) {
    for (int32_t calls = 1; calls < 4; ++calls) {
      Stream stream;
      stream_begin(&stream, NULL, 0);
      stream.faults = (StreamFaults){.max_bytes = max_bytes, .fail_after = calls};
      if ((*p->component)->get_state(p->component, stream_face(&stream)) == V3_OK) {
        EXPECT(stream.n_bytes == whole.n_bytes); // all, or the call fails
      }
    }
  }
  EXPECT(values_hold(p, &before));
}

const Check conform_fuzz[] = {ROW(no_stream),
                              ROW(state_cut_anywhere),
                              ROW(state_with_a_bit_flipped),
                              ROW(state_damaged),
                              ROW(state_made_up),
                              ROW(state_of_great_length),
                              ROW(streams_that_give_little),
                              ROW(streams_that_fail_to_read),
                              ROW(streams_that_lie),
                              ROW(streams_that_fail_to_write),
                              {NULL, NULL}};
