/* SPDX-License-Identifier: GPL-3.0-or-later

   What the host's song position does during a run, read from a script:

       at FRAME play QUARTERS      start there
       at FRAME jump QUARTERS      go there, playing or not
       at FRAME stop
       at FRAME tempo BPM
       at FRAME meter NUMERATOR DENOMINATOR    a bar begins here
       at FRAME loop START END     in quarters: from END on, go on at START
       at FRAME unloop
       at FRAME frozen             position 0 in every block, as in pedalboard

   Frames are those of the run, in rising order.  Before the first line the song
   stands at 0, at 120 bpm in 4/4. */

#pragma once

#include "host_options.h"
#include "vst3/vst3.h"

typedef struct TransportImpl Transport;

/// Read a script, or end the program
Transport*
transport_read(const char* path, const Options* options);

void
transport_free(Transport* transport);

/// Return to before the first line
void
transport_rewind(Transport* transport);

/**
   Do what is due at `frame`, and return how many frames can follow in one block.

   Call with rising frames, each the one before and what was returned then, or less.

   @param max_n At least 1.
*/
int64_t
transport_advance(Transport* transport, int64_t frame, int64_t max_n);

/// Write the context of the block that begins at `frame`, for the plugin
void
transport_write(const Transport*           transport,
                int64_t                    frame,
                struct v3_process_context* context);

/// Return how often the loop has begun again
int
transport_wraps(const Transport* transport);
