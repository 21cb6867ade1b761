/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_state.h"

#include "check.h"

/// Room for a state with the sounds that it carries
static char memory[8 << 20];

void
state_load(const Instance* const instance, const char* const path)
{
  FILE* const file = fopen(path, "rb");
  CHECK(file);
  const size_t n_bytes = fread(memory, 1, sizeof(memory), file);
  CHECK(!ferror(file) && n_bytes < sizeof(memory)); // or there is more
  CHECK(!fclose(file));

  Stream                            stream;
  struct v3_component** const       component  = instance->component;
  struct v3_edit_controller** const controller = instance->controller;
  stream_begin_in(&stream, memory, sizeof(memory), n_bytes);
  CHECK((*component)->set_state(component, stream_face(&stream)) == V3_OK);
  stream_begin_in(&stream, memory, sizeof(memory), n_bytes);
  CHECK((*controller)->set_component_state(controller, stream_face(&stream)) == V3_OK);
}

void
state_save(const Instance* const instance, const char* const path)
{
  Stream                      stream;
  struct v3_component** const component = instance->component;
  FILE* const                 file      = fopen(path, "wb");
  CHECK(file);
  stream_begin_in(&stream, memory, sizeof(memory), 0);
  CHECK((*component)->get_state(component, stream_face(&stream)) == V3_OK);
  CHECK(fwrite(memory, 1, (size_t)stream.n_bytes, file) == (size_t)stream.n_bytes);
  CHECK(!fclose(file));
}
