/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_state.h"

#include "check.h"

void
state_load(const Instance* const instance, const char* const path)
{
  char        bytes[STREAM_ROOM];
  FILE* const file = fopen(path, "rb");
  CHECK(file);
  const size_t n_bytes = fread(bytes, 1, sizeof(bytes), file);
  CHECK(!ferror(file) && n_bytes < sizeof(bytes)); // or there is more
  CHECK(!fclose(file));

  Stream stream;
  CHECK(instance_set_state(instance, bytes, n_bytes) == V3_OK);
  stream_begin(&stream, bytes, n_bytes);
  CHECK((*instance->controller)
          ->set_component_state(instance->controller, stream_face(&stream)) == V3_OK);
}

void
state_save(const Instance* const instance, const char* const path)
{
  Stream      stream;
  FILE* const file = fopen(path, "wb");
  CHECK(file);
  CHECK(instance_get_state(instance, &stream) == V3_OK);
  CHECK(fwrite(stream.bytes, 1, (size_t)stream.n_bytes, file) ==
        (size_t)stream.n_bytes);
  CHECK(!fclose(file));
}
