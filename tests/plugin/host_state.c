/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "host_state.h"

#include "travesty/bstream.h"

#include <stdio.h>

#include "check.h"

/// A file as a stream; its address is what VST3 wants
typedef struct {
  const struct v3_bstream* table;
  FILE*                    file;
} Stream;

static v3_result V3_API
no_interface(void* self, const v3_tuid iid, void** object)
{
  (void)self;
  (void)iid;
  *object = NULL;
  return V3_NO_INTERFACE;
}

static uint32_t V3_API
count_one(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
read_bytes(void* self, void* bytes, int32_t n, int32_t* n_read)
{
  const size_t n_now = fread(bytes, 1, (size_t)n, ((Stream*)self)->file);
  if (n_read) {
    *n_read = (int32_t)n_now;
  }
  return V3_OK;
}

static v3_result V3_API
write_bytes(void* self, void* bytes, int32_t n, int32_t* n_written)
{
  const size_t n_now = fwrite(bytes, 1, (size_t)n, ((Stream*)self)->file);
  if (n_written) {
    *n_written = (int32_t)n_now;
  }
  return V3_OK;
}

static v3_result V3_API
tell(void* self, int64_t* position)
{
  *position = ftell(((Stream*)self)->file);
  return *position < 0 ? V3_INTERNAL_ERR : V3_OK;
}

static v3_result V3_API
seek(void* self, int64_t position, int32_t mode, int64_t* result)
{
  static const int origins[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (mode < 0 || mode > 2 ||
      fseek(((Stream*)self)->file, (long)position, origins[mode])) {
    return V3_INVALID_ARG;
  }
  int64_t now = 0;
  return tell(self, result ? result : &now);
}

static const struct v3_bstream stream_table = {.query_interface = no_interface,
                                               .ref             = count_one,
                                               .unref           = count_one,
                                               .read            = read_bytes,
                                               .write           = write_bytes,
                                               .seek            = seek,
                                               .tell            = tell};

void
state_load(const Instance* const instance, const char* const path)
{
  Stream                    stream  = {&stream_table, fopen(path, "rb")};
  struct v3_bstream** const address = (struct v3_bstream**)(void*)&stream;
  CHECK(stream.file);
  CHECK((*instance->component)->set_state(instance->component, address) == V3_OK);
  rewind(stream.file);
  CHECK((*instance->controller)->set_component_state(instance->controller, address) ==
        V3_OK);
  CHECK(!fclose(stream.file));
}

void
state_save(const Instance* const instance, const char* const path)
{
  Stream                    stream  = {&stream_table, fopen(path, "wb")};
  struct v3_bstream** const address = (struct v3_bstream**)(void*)&stream;
  CHECK(stream.file);
  CHECK((*instance->component)->get_state(instance->component, address) == V3_OK);
  CHECK(!fclose(stream.file));
}
