/* SPDX-License-Identifier: GPL-3.0-or-later

   Which speakers each bus serves, and what becomes of other wishes.

   Written from the number of buses that the plugin reports, so that there may be a
   sidechain.  Whatever is refused changes nothing. */

#include "conform.h"

#include <string.h>

enum { STEREO = V3_SPEAKER_L | V3_SPEAKER_R };

/// An arrangement for each bus, by direction
typedef struct {
  int32_t                n[2];
  v3_speaker_arrangement speakers[2][MAX_BUSES + 1];
} Layout;

static int32_t
count_speakers(v3_speaker_arrangement speakers)
{
  int32_t n = 0;
  for (; speakers; speakers &= speakers - 1) {
    ++n;
  }
  return n;
}

static Layout
layout_read(const Instance* const p)
{
  Layout layout = {0};
  for (int32_t direction = 0; direction < 2; ++direction) {
    const int32_t n = (*p->component)->get_bus_count(p->component, V3_AUDIO, direction);
    layout.n[direction] = n < MAX_BUSES ? n : MAX_BUSES;
    for (int32_t i = 0; i < layout.n[direction]; ++i) {
      EXPECT((*p->processor)
               ->get_bus_arrangement(
                 p->processor, direction, i, &layout.speakers[direction][i]) == V3_OK);
    }
  }
  return layout;
}

static v3_result
layout_request(const Instance* const p, Layout* const layout)
{
  return (*p->processor)
    ->set_bus_arrangements(p->processor,
                           layout->speakers[V3_INPUT],
                           layout->n[V3_INPUT],
                           layout->speakers[V3_OUTPUT],
                           layout->n[V3_OUTPUT]);
}

/// Check that every bus has as many channels as its arrangement has speakers
static void
check_channels(const Instance* const p)
{
  const Layout now = layout_read(p);
  for (int32_t direction = 0; direction < 2; ++direction) {
    for (int32_t i = 0; i < now.n[direction]; ++i) {
      struct v3_bus_info info;
      EXPECT(
        (*p->component)->get_bus_info(p->component, V3_AUDIO, direction, i, &info) ==
        V3_OK);
      EXPECT(info.channel_count == count_speakers(now.speakers[direction][i]));
    }
  }
}

/// Request a layout: it is taken, or nothing changes.  Return whether it is taken.
static bool
layout_try(const Instance* const p, Layout wish)
{
  const Layout    requested = wish;
  const Layout    before    = layout_read(p);
  const v3_result result    = layout_request(p, &wish);
  const Layout    after     = layout_read(p);
  EXPECT(!memcmp(&wish, &requested, sizeof(wish))); // the host's arrays are its own
  EXPECT(!memcmp(&after, result == V3_OK ? &requested : &before, sizeof(after)));
  check_channels(p);
  return result == V3_OK;
}

/// Run a few blocks with the buses as they are now
static void
run_blocks(const Instance* const p)
{
  unsigned     seed  = 2;
  Sound* const sound = sound_new(p, BLOCK);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  for (int i = 0; i < 3; ++i) {
    EXPECT(sound_plays(sound, p, BLOCK, &seed));
  }
  conform_end(p, sound);
}

static void
buses_have_their_channels(Instance* const p)
{
  const Layout now = layout_read(p);
  EXPECT(now.speakers[V3_INPUT][0] == STEREO && now.speakers[V3_OUTPUT][0] == STEREO);
  check_channels(p);
}

/// Return the present layout with other speakers for the main buses
static Layout
with_main(const Instance* const        p,
          const v3_speaker_arrangement input,
          const v3_speaker_arrangement output)
{
  Layout layout                 = layout_read(p);
  layout.speakers[V3_INPUT][0]  = input;
  layout.speakers[V3_OUTPUT][0] = output;
  return layout;
}

static void
arrangements_main(Instance* const p)
{
  static const v3_speaker_arrangement order[] = {
    V3_SPEAKER_M, STEREO, STEREO, V3_SPEAKER_M, V3_SPEAKER_M, STEREO};
  for (int i = 0; i < 6; ++i) {
    EXPECT(layout_try(p, with_main(p, order[i], order[i])));
    run_blocks(p);
  }
}

static void
arrangements_grid(Instance* const p)
{
  enum { L = V3_SPEAKER_L, R = V3_SPEAKER_R, C = V3_SPEAKER_C, S = V3_SPEAKER_S };
  static const v3_speaker_arrangement many[] = {V3_SPEAKER_M,
                                                L | R,
                                                V3_SPEAKER_LS | V3_SPEAKER_RS,
                                                V3_SPEAKER_LC | V3_SPEAKER_RC,
                                                V3_SPEAKER_SL | V3_SPEAKER_SR,
                                                C | V3_SPEAKER_LFE,
                                                L | R | C,
                                                L | R | S,
                                                L | R | C | V3_SPEAKER_LFE,
                                                L | R | V3_SPEAKER_LFE | S,
                                                L | R | C | S,
                                                0,
                                                L,
                                                C,
                                                UINT64_MAX,
                                                1ULL << 63};
  enum { N = sizeof(many) / sizeof(many[0]) };
  for (int i = 0; i < N; ++i) {
    for (int o = 0; o < N; ++o) {
      const bool taken = layout_try(p, with_main(p, many[i], many[o]));
      EXPECT(taken == (i == o && i < 2));
      // All buses of a direction alike, as a validator requests
      Layout wish = layout_read(p);
      for (int32_t b = 0; b < MAX_BUSES; ++b) {
        wish.speakers[V3_INPUT][b]  = b < wish.n[V3_INPUT] ? many[i] : 0;
        wish.speakers[V3_OUTPUT][b] = b < wish.n[V3_OUTPUT] ? many[o] : 0;
      }
      (void)layout_try(p, wish);
    }
  }
  run_blocks(p);
}

static void
arrangements_of_no_buses(Instance* const p)
{
  const Layout before = layout_read(p);
  (void)(*p->processor)->set_bus_arrangements(p->processor, NULL, 0, NULL, 0);
  for (int32_t direction = 0; direction < 2; ++direction) {
    Layout wish       = before;
    wish.n[direction] = 0;
    EXPECT(layout_request(p, &wish) != V3_OK);
    wish.n[direction] = -1;
    EXPECT(layout_request(p, &wish) != V3_OK);
  }
  const Layout after = layout_read(p);
  EXPECT(!memcmp(&before, &after, sizeof(before)));
  run_blocks(p);
}

static void
arrangements_of_other_counts(Instance* const p)
{
  // Hosts offer a sidechain that we have not, or keep one from us that we have
  static const v3_speaker_arrangement extra[] = {0, V3_SPEAKER_M, STEREO};
  const Layout                        before  = layout_read(p);
  for (int32_t direction = 0; direction < 2; ++direction) {
    for (int i = 0; i < 3; ++i) {
      Layout wish                                   = before;
      wish.speakers[direction][wish.n[direction]++] = extra[i];
      (void)layout_request(p, &wish);
      check_channels(p);
      wish = before;
      EXPECT(layout_try(p, wish));
    }
  }
  Layout fewer = before;
  for (; fewer.n[V3_INPUT] > 1; --fewer.n[V3_INPUT]) {
    (void)layout_request(p, &fewer);
    check_channels(p);
  }
  EXPECT(layout_try(p, before));
  run_blocks(p);
}

static void
sidechain_keeps_its_arrangement(Instance* const p)
{
  const Layout now  = layout_read(p);
  Layout       wish = with_main(p, V3_SPEAKER_M, V3_SPEAKER_M);
  EXPECT(layout_try(p, wish)); // the others as they are
  for (int32_t i = 1; i < now.n[V3_INPUT]; ++i) {
    static const v3_speaker_arrangement kinds[] = {0, V3_SPEAKER_M, STEREO};
    for (int k = 0; k < 3; ++k) {
      for (int m = 1; m < 3; ++m) {
        wish                       = with_main(p, kinds[m], kinds[m]);
        wish.speakers[V3_INPUT][i] = kinds[k];
        if (layout_try(p, wish)) {
          run_blocks(p);
        }
      }
    }
    wish.speakers[V3_INPUT][i] = V3_SPEAKER_L | V3_SPEAKER_R | V3_SPEAKER_C;
    EXPECT(!layout_try(p, wish));
  }
}

static void
arrangements_while_active(Instance* const p)
{
  const Layout before = layout_read(p);
  EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
  Layout wish = with_main(p, V3_SPEAKER_M, V3_SPEAKER_M);
  EXPECT(layout_request(p, &wish) != V3_OK);
  const Layout after = layout_read(p);
  EXPECT(!memcmp(&before, &after, sizeof(before)));
  EXPECT(instance_stop(p));
}

static void
arrangements_outlast_activation(Instance* const p)
{
  EXPECT(layout_try(p, with_main(p, V3_SPEAKER_M, V3_SPEAKER_M)));
  const Layout before = layout_read(p);
  for (int i = 0; i < 3; ++i) {
    run_blocks(p);
  }
  const Layout after = layout_read(p);
  EXPECT(!memcmp(&before, &after, sizeof(before)));
}

const Check conform_arrangements[] = {ROW(buses_have_their_channels),
                                      ROW(arrangements_main),
                                      ROW(arrangements_grid),
                                      ROW(arrangements_of_no_buses),
                                      ROW(arrangements_of_other_counts),
                                      ROW(sidechain_keeps_its_arrangement),
                                      ROW(arrangements_while_active),
                                      ROW(arrangements_outlast_activation),
                                      {NULL, NULL}};
