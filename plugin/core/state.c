/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "core/state.h"

#include "core/number_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A header, lines of `key=value`, and for each sound a line `sound=<bytes> <name>`
   followed by as many bytes and a line's end. */
static const char header[]    = "requinto 1\n";
static const char sound_key[] = "sound=";

enum {
  N_HEADER   = sizeof(header) - 1,
  MAX_LINE   = 256,
  READ_BYTES = 65536, // of a host's stream at a time
};

static const ParamInfo*
row(const ParamIndex index, const ParamInfo* const target)
{
  return index == PARAM_TARGET ? target : params_info(index);
}

/* Writing */

static size_t
write_text(const double           values[N_PARAMS],
           const ParamInfo* const target,
           char                   text[STATE_MAX_TEXT])
{
  size_t n = (size_t)snprintf(text, STATE_MAX_TEXT, "%s", header);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = row((ParamIndex)i, target);
    if (info->unsaved) {
      continue;
    }

    char value[MAX_LINE];
    if (info->labels) {
      params_to_text(info, values[i], value, sizeof(value));
    } else {
      number_to_text(
        params_clamp(info, values[i]), PARAMS_N_DECIMALS, value, sizeof(value));
    }
    n += (size_t)snprintf(text + n, STATE_MAX_TEXT - n, "%s=%s\n", info->key, value);
  }
  return n;
}

/// Add memory to memory; what there was is lost if there is no room
static void
append(StateBytes* const state, const void* const bytes, const size_t n_bytes)
{
  unsigned char* const longer =
    state->bytes ? (unsigned char*)realloc(state->bytes, state->n_bytes + n_bytes)
                 : NULL;
  if (!longer) {
    free(state->bytes);
    *state = (StateBytes){0};
    return;
  }
  memcpy(longer + state->n_bytes, bytes, n_bytes);
  *state = (StateBytes){longer, state->n_bytes + n_bytes};
}

static void
append_sound(StateBytes* const state,
             References* const references,
             const uint32_t    index)
{
  SoundFile* const sound = references_sound(references, index);
  if (sound) {
    char         line[MAX_LINE];
    const size_t n =
      (size_t)snprintf(line,
                       sizeof(line),
                       "%s%u %s\n",
                       sound_key,
                       sound->n_bytes,
                       params_label(references_names(references), index));
    append(state, line, n);
    append(state, sound->bytes, sound->n_bytes);
    append(state, "\n", 1);
    free(sound);
  }
}

StateBytes
state_write(const double           values[N_PARAMS],
            const ParamInfo* const target,
            References* const      references)
{
  char         text[STATE_MAX_TEXT];
  const size_t n     = write_text(values, target, text);
  StateBytes   state = {(unsigned char*)malloc(n), n};
  if (!state.bytes) {
    return (StateBytes){0};
  }
  memcpy(state.bytes, text, n);

  const uint32_t learned = references_learned_index();
  const uint32_t chosen  = (uint32_t)params_clamp(target, values[PARAM_TARGET]);
  append_sound(&state, references, learned);
  if (chosen > learned) {
    append_sound(&state, references, chosen);
  }
  return state;
}

/* Reading */

StateBytes
state_read_stream(const StateReadFunc read, void* const stream)
{
  static const size_t max_bytes = 3 * (size_t)SOUND_FILE_MAX_SIZE;

  StateBytes state  = {0};
  size_t     n_held = 0;
  int64_t    n_read = 1;
  while (n_read > 0 && state.n_bytes < max_bytes) {
    // Twice as much each time: a block more would copy all of a long state each time
    if (n_held - state.n_bytes < READ_BYTES) {
      n_held                      = 2 * n_held + READ_BYTES;
      unsigned char* const longer = (unsigned char*)realloc(state.bytes, n_held);
      if (!longer) {
        free(state.bytes);
        return (StateBytes){0};
      }
      state.bytes = longer;
    }
    n_read = read(stream, state.bytes + state.n_bytes, READ_BYTES);
    if (n_read < 0 || n_read > READ_BYTES) {
      free(state.bytes);
      return (StateBytes){0};
    }
    state.n_bytes += (size_t)n_read;
  }
  return state;
}

/// What is left of a state
typedef struct {
  const char* next;
  const char* end;
} Rest;

/// A line of a state, and the sound that follows it, if one does
typedef struct {
  char                 text[MAX_LINE]; ///< Its beginning if it is too long
  const unsigned char* sound;          ///< NULL if none follows
  uint32_t             n_sound;
} Line;

static bool
begin(Rest* const rest, const void* const bytes, const size_t n_bytes)
{
  *rest = (Rest){(const char*)bytes + N_HEADER, (const char*)bytes + n_bytes};
  return n_bytes >= N_HEADER && !memcmp(bytes, header, N_HEADER);
}

/// Find the sound that a line announces; return false if it was cut off
static bool
take_sound(Rest* const rest, Line* const line)
{
  double n = 0.0;
  if (!number_from_text(line->text + strlen(sound_key), &n) || n < 1.0 ||
      n > SOUND_FILE_MAX_SIZE || (size_t)(rest->end - rest->next) < (size_t)n) {
    return false;
  }
  line->sound   = (const unsigned char*)rest->next;
  line->n_sound = (uint32_t)n;
  rest->next += line->n_sound;
  rest->next += rest->next < rest->end; // the line's end
  return true;
}

/// Take the next line; a line without its end was cut off, and is none
static bool
take_line(Rest* const rest, Line* const line)
{
  const size_t      n_left = (size_t)(rest->end - rest->next);
  const char* const stop =
    n_left ? (const char*)memchr(rest->next, '\n', n_left) : NULL;
  if (!stop) {
    return false;
  }
  const size_t n = (size_t)(stop - rest->next);
  memset(line, 0, sizeof(*line));
  memcpy(line->text, rest->next, n < MAX_LINE ? n : MAX_LINE - 1);
  rest->next = stop + 1;
  return strncmp(line->text, sound_key, strlen(sound_key)) != 0 ||
         take_sound(rest, line);
}

/// Return the value in a line `key=value`, or NULL if it is of another key
static const char*
value_of(const char* const line, const ParamInfo* const info)
{
  const size_t n = strlen(info->key);
  return strncmp(line, info->key, n) != 0 || line[n] != '=' ? NULL : line + n + 1;
}

bool
state_read_sounds(const void* const bytes,
                  const size_t      n_bytes,
                  References* const references)
{
  Rest rest;
  Line line;
  char target[MAX_LINE] = "";
  bool has_target       = false;
  if (!begin(&rest, bytes, n_bytes)) {
    return false;
  }
  while (take_line(&rest, &line)) {
    const char* const space = line.sound ? strchr(line.text, ' ') : NULL;
    const char* const name  = value_of(line.text, params_info(PARAM_TARGET));
    if (space) {
      (void)references_keep(references, space + 1, line.sound, line.n_sound);
    } else if (name) {
      snprintf(target, sizeof(target), "%s", name);
      has_target = true;
    }
  }
  if (has_target) { // which reports what could not be kept, if it is chosen
    (void)references_want(references, target);
  }
  return true;
}

/// Log that a value is not one that the parameter can have
static void
log_unknown(const ParamInfo* const info, const char* const value)
{
  char text[REFERENCES_MAX_SHOWN];
  char default_text[MAX_LINE];
  reference_name_show(value, text);
  params_to_text(info, info->default_value, default_text, sizeof(default_text));
  fprintf(stderr,
          "requinto: the state's %s is %s, which is unknown: it becomes %s\n",
          info->key,
          text,
          default_text);
}

/// Take a `key=value` line, if we know the key and the value makes sense
static void
read_line(const char* const      line,
          const ParamInfo* const target,
          double                 values[N_PARAMS])
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info  = row((ParamIndex)i, target);
    const char*            value = info->unsaved ? NULL : value_of(line, info);
    char                   name[REFERENCES_MAX_NAME];
    if (value && i == PARAM_TARGET) { // as it is in the list
      reference_name_clean(value, name);
      value = name;
    }
    if (value && !params_from_text(info, value, &values[i])) {
      log_unknown(info, value);
    }
  }
}

bool
state_read(const void* const      bytes,
           const size_t           n_bytes,
           const ParamInfo* const target,
           double                 values[N_PARAMS])
{
  Rest rest;
  Line line;
  if (!begin(&rest, bytes, n_bytes)) {
    return false;
  }

  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const info = row((ParamIndex)i, target);
    values[i]                   = info->unsaved ? values[i] : info->default_value;
  }
  while (take_line(&rest, &line)) {
    read_line(line.text, target, values);
  }
  return true;
}
