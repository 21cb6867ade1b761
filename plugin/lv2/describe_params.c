/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lv2/describe_params.h"

#include "core/clip.h"
#include "core/number_text.h"
#include "core/params.h"
#include "core/references.h"

enum { NUMBER_SIZE = 32, N_LATENCY_DECIMALS = 2 };

static void
write_text(FILE* const file, const char* const text)
{
  fputc('"', file);
  for (const char* c = text; *c; ++c) {
    if (*c == '"' || *c == '\\') {
      fputc('\\', file);
    }
    fputc(*c, file);
  }
  fputc('"', file);
}

static void
write_text_of(FILE* const file, const char* const key, const char* const text)
{
  fprintf(file, "\"%s\": ", key);
  write_text(file, text);
  fputs(", ", file);
}

static void
write_number_of(FILE* const       file,
                const char* const key,
                const double      number,
                const unsigned    n_decimals)
{
  char text[NUMBER_SIZE];
  number_to_text(number, n_decimals, text, sizeof(text));
  fprintf(file, "\"%s\": %s, ", key, text);
}

static const char*
kind_of(const ParamInfo* const row)
{
  return row->is_switch    ? "switch"
         : row->labels     ? "list"
         : row->n_decimals ? "number"
                           : "integer";
}

static const char*
truth(const bool value)
{
  return value ? "true" : "false";
}

static void
write_param(FILE* const file, const ParamInfo* const row)
{
  fprintf(file, "{\"id\": %u, ", row->id);
  write_text_of(file, "key", row->key);
  write_text_of(file, "name", row->name);
  write_text_of(file, "short_name", row->short_name);
  write_text_of(file, "unit", row->unit);
  write_text_of(file, "kind", kind_of(row));
  write_number_of(file, "min", row->min, row->n_decimals);
  write_number_of(file, "max", row->max, row->n_decimals);
  write_number_of(file, "default", row->default_value, row->n_decimals);
  fprintf(file, "\"decimals\": %u, \"labels\": [", row->n_decimals);
  for (uint32_t i = 0; i < row->n_labels; ++i) {
    fputs(i ? ", " : "", file);
    write_text(file, row->labels[i]);
  }
  fprintf(file,
          "], \"read_only\": %s, \"saved\": %s, \"bypass\": %s}",
          truth(row->read_only),
          truth(!row->unsaved),
          truth(row->is_bypass));
}

static void
write_clip(FILE* const file, const ClipChoice choice)
{
  const Clip* const clip = clip_info(choice);
  fputc('{', file);
  write_text_of(file, "label", params_info(PARAM_CLIP)->labels[choice]);
  write_number_of(
    file, "latency_seconds", clip->stream_s + clip->allowance_s, N_LATENCY_DECIMALS);
  fprintf(file, "\"beats\": %u}", clip->n_beats);
}

void
describe_params(FILE* const file)
{
  fputs("{", file);
  write_text_of(file, "version", REQUINTO_VERSION);
  write_number_of(file, "max_reference_bytes", SOUND_FILE_MAX_SIZE, 0);
  write_text_of(file, "learned_target", REFERENCES_LEARNED);
  fputs("\n\"clips\": [", file);
  for (unsigned i = 0; i < N_CLIPS; ++i) {
    fputs(i ? ",\n  " : "\n  ", file);
    write_clip(file, (ClipChoice)i);
  }
  fputs("],\n\"parameters\": [", file);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    fputs(i ? ",\n  " : "\n  ", file);
    write_param(file, params_info((ParamIndex)i));
  }
  fputs("]}\n", file);
}
