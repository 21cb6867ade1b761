/* SPDX-License-Identifier: GPL-3.0-or-later

   Follow the host's position in its song: when it moves on, jumps, or stands still. */

#pragma once

#include "os/attributes.h"
#include "python/bridge_table.h"

#include <stdbool.h>
#include <stdint.h>

/// What a host says of the first frame of a block; all of it may be nonsense
typedef struct {
  bool     is_playing;
  bool     is_looping;
  double   quarter;       ///< Position in quarter notes, or NAN
  double   bar_quarter;   ///< Where its bar began, or NAN
  double   tempo_bpm;     ///< Quarter notes per minute, or NAN
  double   loop_start;    ///< Quarter notes, where `is_looping`
  double   loop_end;      ///< Quarter notes, where `is_looping`
  uint32_t beats_per_bar; ///< 0 if unknown
  uint32_t beat_unit;     ///< The note that is a beat, such as 4; 0 if unknown
  uint32_t n_ahead;       ///< Frames by which the input is ahead of the position
} Transport;

/// What has become of the position since the last block
typedef enum {
  TRANSPORT_SAME,    ///< It went on as foreseen
  TRANSPORT_CHANGED, ///< It goes on otherwise, or is not known any more
  TRANSPORT_JUMP     ///< The song goes on from elsewhere
} TransportEvent;

/// The host's position, as followed; zeros at first
typedef struct {
  HostPosition position;   ///< What is known, at the frame when it became so
  uint64_t     n_since;    ///< Frames from there to the start of the last block
  double       quarter;    ///< That the host gave for the last block
  bool         was_usable; ///< `quarter` is from the block before
  bool         stands;     ///< It has said that it plays, and has not moved
  double       left_at;    ///< Quarter note at which it was left when playing ended
  bool         has_played; ///< `left_at` holds something
} TransportFollower;

/**
   Take what the host says of a block, and return what is new.

   @param now NULL where the host says nothing.
   @param n_frames From the start of the last block to the start of this one.
   @param follower `position` holds what is to be sent to the worker.

   Audio thread only.
*/
TransportEvent
transport_follow(TransportFollower* follower,
                 const Transport*   now,
                 uint32_t           n_frames,
                 double             sample_rate) REALTIME;
