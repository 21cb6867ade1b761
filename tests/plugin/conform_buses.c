/* SPDX-License-Identifier: GPL-3.0-or-later

   Buses: how many, what is said of them, and switching them. */

#include "conform.h"

#include "check.h"

#include <string.h>

static const struct v3_component*
table(const Instance* const p)
{
  return *p->component;
}

static int32_t
count(const Instance* const p, const int32_t media, const int32_t direction)
{
  return table(p)->get_bus_count(p->component, media, direction);
}

static void
buses_have_names(Instance* const p)
{
  EXPECT(count(p, V3_AUDIO, V3_INPUT) >= 1 && count(p, V3_AUDIO, V3_OUTPUT) >= 1);
  EXPECT(count(p, V3_EVENT, V3_INPUT) >= 0 && count(p, V3_EVENT, V3_OUTPUT) >= 0);
  for (int32_t media = V3_AUDIO; media <= V3_EVENT; ++media) {
    for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
      for (int32_t i = 0; i < count(p, media, direction); ++i) {
        struct v3_bus_info info = {.flags = 0xFFFFFFFFU};
        EXPECT(table(p)->get_bus_info(p->component, media, direction, i, &info) ==
               V3_OK);
        EXPECT(info.media_type == media && info.direction == direction);
        EXPECT(info.bus_name[0] && memchr(info.bus_name, 0, sizeof(info.bus_name)));
        EXPECT(info.bus_type == V3_MAIN || info.bus_type == V3_AUX);
        EXPECT(!(info.flags & ~(uint32_t)(V3_DEFAULT_ACTIVE | V3_IS_CONTROL_VOLTAGE)));
        EXPECT(media != V3_AUDIO ||
               (info.channel_count >= 0 && info.channel_count <= 2));
      }
    }
  }
}

static void
main_buses_come_first(Instance* const p)
{
  for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
    for (int32_t i = 0; i < count(p, V3_AUDIO, direction); ++i) {
      struct v3_bus_info info = {0};
      EXPECT(table(p)->get_bus_info(p->component, V3_AUDIO, direction, i, &info) ==
             V3_OK);
      EXPECT(info.bus_type == (i ? V3_AUX : V3_MAIN));
      EXPECT(i || ((info.flags & V3_DEFAULT_ACTIVE) && info.channel_count == 2));
      EXPECT(!i || !(info.flags & V3_DEFAULT_ACTIVE)); // a sidechain waits to be wanted
    }
  }
}

static void
buses_are_consistent(Instance* const p)
{
  for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
    for (int32_t i = 0; i < count(p, V3_AUDIO, direction); ++i) {
      struct v3_bus_info first;
      memset(&first, 0, sizeof(first));
      EXPECT(table(p)->get_bus_info(p->component, V3_AUDIO, direction, i, &first) ==
             V3_OK);
      for (int j = 0; j < 20; ++j) {
        struct v3_bus_info again;
        memset(&again, 0, sizeof(again));
        EXPECT(table(p)->get_bus_info(p->component, V3_AUDIO, direction, i, &again) ==
               V3_OK);
        EXPECT(!memcmp(&first, &again, sizeof(first)));
      }
    }
  }
}

/// Check that a bus that does not exist is refused
static void
check_missing_bus(const Instance* const p,
                  const int32_t         media,
                  const int32_t         direction,
                  const int32_t         index)
{
  struct v3_bus_info before;
  struct v3_bus_info after;
  memset(&before, 0, sizeof(before));
  memset(&after, 0, sizeof(after));
  EXPECT(table(p)->get_bus_info(p->component, media, direction, index, &after) !=
         V3_OK);
  EXPECT(!memcmp(&before, &after, sizeof(before)));
  EXPECT(table(p)->activate_bus(p->component, media, direction, index, true) != V3_OK);
  if (media == V3_AUDIO) {
    v3_speaker_arrangement speakers = 77;
    EXPECT(
      (*p->processor)->get_bus_arrangement(p->processor, direction, index, &speakers) !=
      V3_OK);
    EXPECT(speakers == 77);
  }
}

static void
buses_of_invalid_index(Instance* const p)
{
  unsigned seed = 5;
  for (int32_t media = V3_AUDIO; media <= V3_EVENT; ++media) {
    for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
      const int32_t n = count(p, media, direction);
      check_missing_bus(p, media, direction, -1);
      check_missing_bus(p, media, direction, n);
      check_missing_bus(p, media, direction, INT32_MIN);
      check_missing_bus(p, media, direction, INT32_MAX);
      for (int i = 0; i < 100; ++i) {
        const int32_t index = (int32_t)draw(&seed);
        if (index < 0 || index >= n) {
          check_missing_bus(p, media, direction, index);
        }
      }
    }
  }
}

static void
buses_of_invalid_kind(Instance* const p)
{
  static const int32_t invalid[] = {-1, 2, 3, INT32_MIN, INT32_MAX};
  for (int i = 0; i < 5; ++i) {
    EXPECT(count(p, invalid[i], V3_INPUT) == 0);
    EXPECT(count(p, V3_AUDIO, invalid[i]) == 0);
    check_missing_bus(p, invalid[i], V3_INPUT, 0);
    check_missing_bus(p, V3_AUDIO, invalid[i], 0);
  }
}

static void
routing_and_io_modes(Instance* const p)
{
  struct v3_routing_info input  = {V3_AUDIO, 0, 0};
  struct v3_routing_info output = {-1, -1, -1};
  if (table(p)->get_routing_info(p->component, &input, &output) == V3_OK) {
    EXPECT(output.media_type == V3_AUDIO && output.bus_idx == 0 && output.channel == 0);
  }
  for (int32_t mode = -1; mode <= 3; ++mode) {
    const v3_result result = table(p)->set_io_mode(p->component, mode);
    EXPECT(result != V3_OK || (mode >= V3_SIMPLE && mode <= V3_OFFLINE_PROCESSING));
  }
}

static void
buses_go_on_and_off(Instance* const p)
{
  for (int32_t media = V3_AUDIO; media <= V3_EVENT; ++media) {
    for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
      for (int32_t i = 0; i < count(p, media, direction); ++i) {
        static const bool order[] = {true, true, false, false, true, false, true};
        for (int j = 0; j < 7; ++j) {
          EXPECT(table(p)->activate_bus(p->component, media, direction, i, order[j]) ==
                 V3_OK);
        }
      }
    }
  }
}

/// Switch buses by the bits of a number: inputs lowest, then outputs
static void
switch_buses(const Instance* const p, const unsigned bits)
{
  unsigned bit = 0;
  for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
    for (int32_t i = 0; i < count(p, V3_AUDIO, direction); ++i) {
      EXPECT(table(p)->activate_bus(
               p->component, V3_AUDIO, direction, i, bits >> bit++ & 1U) == V3_OK);
    }
  }
}

/// Give buffers to all buses but those named by the bits of a number
static void
leave_out(const Instance* const p, Sound* const sound, const unsigned bits)
{
  unsigned bit = 0;
  for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction) {
    for (int32_t i = 0; i < count(p, V3_AUDIO, direction); ++i) {
      struct v3_audio_bus_buffers* const bus = &sound->buses[direction][i];
      struct v3_bus_info                 info;
      EXPECT(table(p)->get_bus_info(p->component, V3_AUDIO, direction, i, &info) ==
             V3_OK);
      const bool out          = bits >> bit++ & 1U;
      bus->num_channels       = out ? 0 : info.channel_count;
      bus->channel_buffers_32 = out ? NULL : sound->channels[direction][i];
    }
  }
}

static void
buses_that_are_off_do_no_harm(Instance* const p)
{
  // Hosts leave out the buffers of such a bus, or give them all the same
  const int32_t n_buses = count(p, V3_AUDIO, V3_INPUT) + count(p, V3_AUDIO, V3_OUTPUT);
  unsigned      seed    = 9;
  Sound* const  sound   = sound_new(p, BLOCK);
  for (unsigned bits = 0; bits < 1U << n_buses; ++bits) {
    switch_buses(p, bits);
    EXPECT(instance_start(p, RATE, BLOCK, V3_REALTIME));
    for (unsigned left_out = 0; left_out < 1U << n_buses; ++left_out) {
      sound_fill(sound, &seed);
      leave_out(p, sound, left_out);
      EXPECT(sound_run(sound, p, BLOCK) == V3_OK);
      EXPECT(sound_is_clean(sound, BLOCK));
    }
    EXPECT(instance_stop(p));
  }
  sound_free(sound);
}

const Check conform_buses[] = {ROW(buses_have_names),
                               ROW(main_buses_come_first),
                               ROW(buses_are_consistent),
                               ROW(buses_of_invalid_index),
                               ROW(buses_of_invalid_kind),
                               ROW(routing_and_io_modes),
                               ROW(buses_go_on_and_off),
                               ROW(buses_that_are_off_do_no_harm),
                               {NULL, NULL}};
