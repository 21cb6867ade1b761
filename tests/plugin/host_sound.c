/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_sound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/// Return room for frames, there in memory, so that nothing is fetched later
static Recording
room_for(const int64_t n_frames, const int n_channels)
{
  const size_t    n_samples = (size_t)n_frames * (size_t)n_channels;
  const Recording recording = {
    (float*)malloc((n_samples + 1) * sizeof(float)), n_frames, n_channels};
  CHECK(recording.samples);
  memset(recording.samples, 0xFF, n_samples * sizeof(float));
  return recording;
}

static Recording
read_file(const char* const path, const int n_channels)
{
  FILE* const file = fopen(path, "rb");
  CHECK(file && !fseek(file, 0, SEEK_END));
  const int64_t   size      = ftell(file) / (int64_t)sizeof(float);
  const Recording recording = room_for(size / n_channels, n_channels);
  const size_t    n_samples = (size_t)(recording.n_frames * n_channels);
  rewind(file);
  CHECK(fread(recording.samples, sizeof(float), n_samples, file) == n_samples);
  CHECK(!fclose(file));
  return recording;
}

Sound
sound_read(const Options* const options, const int n_sidechain_channels)
{
  Sound sound    = {.input = read_file(options->in_path, options->n_channels)};
  sound.n_played = sound.input.n_frames * options->n_repeats;
  sound.n_frames = sound.n_played + options->n_drain;
  if (options->sidechain_path) {
    sound.sidechain = read_file(options->sidechain_path, n_sidechain_channels);
  }
  if (options->out_path) {
    sound.output = room_for(sound.n_frames, options->n_channels);
  }
  return sound;
}

void
sound_free(Sound* const sound)
{
  free(sound->input.samples);
  free(sound->sidechain.samples);
  free(sound->output.samples);
}

static void
take(const Recording* const recording,
     const int64_t          frame,
     const int64_t          end,
     const int64_t          n,
     float* const* const    channels)
{
  for (int64_t i = 0; i < n; ++i) {
    const int64_t from = (frame + i) % (recording->n_frames ? recording->n_frames : 1);
    const float* const at = recording->samples + from * recording->n_channels;
    for (int c = 0; c < recording->n_channels; ++c) {
      channels[c][i] = frame + i < end ? at[c] : 0.0F;
    }
  }
}

void
sound_take(const Sound* const  sound,
           const int64_t       frame,
           const int64_t       n,
           float* const* const channels,
           float* const* const sidechain)
{
  take(&sound->input, frame, sound->n_played, n, channels);
  if (sound->sidechain.samples) {
    take(&sound->sidechain, frame, sound->sidechain.n_frames, n, sidechain);
  }
}

void
sound_keep(Sound* const        sound,
           const int64_t       frame,
           const int64_t       n,
           float* const* const channels)
{
  const Recording* const output = &sound->output;
  for (int64_t i = 0; output->samples && i < n; ++i) {
    for (int c = 0; c < output->n_channels; ++c) {
      output->samples[(frame + i) * output->n_channels + c] = channels[c][i];
    }
  }
}

void
sound_write(const Sound* const sound, const char* const path, const int64_t n_frames)
{
  const size_t n_samples = (size_t)(n_frames * sound->output.n_channels);
  FILE* const  file      = fopen(path, "wb");
  CHECK(file);
  CHECK(fwrite(sound->output.samples, sizeof(float), n_samples, file) == n_samples);
  CHECK(!fclose(file));
}
