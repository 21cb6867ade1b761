/* SPDX-License-Identifier: GPL-3.0-or-later

   Blocks as an LV2 host gives them: sound, values of ports and where the song is. */

#include "lv2_host.h"

#include "check.h"

#include <lv2/time.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
lv2_host_set(Lv2Host* const host, const PlayBlock* const block)
{
  for (int i = 0; i < block->n_changes; ++i) {
    uint32_t offset = 0;
    bool     is_set = !play_is_due(block, &block->changes[i], &offset);
    for (unsigned k = 0; k < N_PARAMS && !is_set; ++k) {
      const ParamInfo* const row   = params_info((ParamIndex)k);
      const char* const      text  = play_text_for(&block->changes[i], row->name);
      double                 value = 0.0;
      is_set                       = text;
      if (text) {
        // A list by its names, or by a number where the table does not know them all
        CHECK(params_from_text(row, text, &value) || (value = atof(text)) > 0.0);
        host->controls[lv2_param_port(host->n_channels, (ParamIndex)k)] =
          (float)lv2_port_value(row, value);
      }
    }
    CHECK(is_set);
  }
}

/* The song's position: sent when it begins, and in the midst of a block */

static void
forge_key(LV2_Atom_Forge* const forge, const char* const uri)
{
  CHECK(lv2_atom_forge_key(forge, lv2_host_map(NULL, uri)));
}

static void
forge_position(Lv2Host* const host, const uint32_t frames, const double beat)
{
  LV2_Atom_Forge* const forge = &host->forge;
  LV2_Atom_Forge_Frame  frame;
  CHECK(lv2_atom_forge_frame_time(forge, frames));
  CHECK(
    lv2_atom_forge_object(forge, &frame, 0, lv2_host_map(NULL, LV2_TIME__Position)));
  forge_key(forge, LV2_TIME__speed);
  CHECK(lv2_atom_forge_float(forge, 1.0F));
  forge_key(forge, LV2_TIME__bar);
  CHECK(lv2_atom_forge_long(forge, (int64_t)floor(beat / 4.0)));
  forge_key(forge, LV2_TIME__barBeat);
  CHECK(lv2_atom_forge_float(forge, (float)fmod(beat, 4.0)));
  forge_key(forge, LV2_TIME__beatUnit);
  CHECK(lv2_atom_forge_int(forge, 4));
  forge_key(forge, LV2_TIME__beatsPerBar);
  CHECK(lv2_atom_forge_float(forge, 4.0F));
  forge_key(forge, LV2_TIME__beatsPerMinute);
  CHECK(lv2_atom_forge_float(forge, (float)host->tempo_bpm));
  lv2_atom_forge_pop(forge, &frame);
}

static void
forge_events(Lv2Host* const host, const PlayBlock* const block)
{
  LV2_Atom_Forge_Frame sequence;
  lv2_atom_forge_set_buffer(&host->forge, host->events, sizeof(host->events));
  CHECK(lv2_atom_forge_sequence_head(&host->forge, &sequence, 0));
  // Sent at the start, and then once in four seconds, as jalv and Ardour do or less
  const uint64_t every  = (uint64_t)(4.0 * host->rate);
  const uint64_t next   = (block->frame + every - 1) / every * every;
  const uint64_t offset = next - block->frame;
  if (host->tempo_bpm > 0.0 && offset < block->n_frames) {
    const double beat = (double)next / (60.0 * host->rate) * host->tempo_bpm;
    forge_position(host, (uint32_t)offset, beat);
  }
  lv2_atom_forge_pop(&host->forge, &sequence);
}

/* Blocks */

static void
connect_audio(const Lv2Host* const host, const PlayBlock* const block)
{
  const uint32_t n = host->n_channels;
  for (uint32_t c = 0; c < n; ++c) {
    float* const side = block->sidechain ? block->sidechain[c] : NULL;
    host->descriptor->connect_port(host->handle, lv2_input_port(c), block->channels[c]);
    host->descriptor->connect_port(
      host->handle, lv2_output_port(n, c), block->channels[c]);
    host->descriptor->connect_port(host->handle, lv2_sidechain_port(n, c), side);
  }
}

void
lv2_host_run(void* const context, const PlayBlock* const block)
{
  Lv2Host* const host = (Lv2Host*)context;
  lv2_host_set(host, block);
  forge_events(host, block);
  connect_audio(host, block);
  host->descriptor->run(host->handle, block->n_frames);
}
