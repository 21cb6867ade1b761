/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "vst3_instance.h"

#include "check.h"
#include "os/os.h"
#include "vst3/entry.h"

#define TEXT_OF(name) TEXT(name)
#define TEXT(name)    #name

Module module;

void
module_load(const char* const bundle)
{
  typedef struct v3_plugin_factory** (*FactoryFunc)(void);
  char path[4096];
  snprintf(path, sizeof(path), "%s/Contents/%s", bundle, BINARY);
  void* const library = os_library_open(path, false);
  if (!library) {
    fprintf(stderr, "cannot load %s\n", path);
    exit(2);
  }
  // What the system itself gives on entry is not looked at
  const FactoryFunc get =
    (FactoryFunc)(uintptr_t)os_library_symbol(library, "GetPluginFactory");
  module.entry =
    (bool (*)(void*))(uintptr_t)os_library_symbol(library, TEXT_OF(VST3_ENTER));
  module.exit =
    (bool (*)(void))(uintptr_t)os_library_symbol(library, TEXT_OF(VST3_LEAVE));
  CHECK(get && module.entry && module.exit && module.entry(library));

  module.factory = get();
  CHECK((*module.factory)->get_class_info(module.factory, 0, &module.info) == V3_OK);
}

/* Instances */

Instance
instance_create(void)
{
  Instance p = {0};
  CHECK((*module.factory)
          ->create_instance(module.factory,
                            module.info.class_id,
                            v3_component_iid,
                            (void**)&p.component) == V3_OK);
  struct v3_component** const c = p.component;
  CHECK((*c)->query_interface(c, v3_audio_processor_iid, (void**)&p.processor) ==
        V3_OK);
  CHECK((*c)->query_interface(c, v3_edit_controller_iid, (void**)&p.controller) ==
        V3_OK);
  return p;
}

uint32_t
instance_release(Instance* const p)
{
  (*p->processor)->unref(p->processor);
  (*p->controller)->unref(p->controller);
  const uint32_t n_left = (*p->component)->unref(p->component);
  *p                    = (Instance){0};
  return n_left;
}

Instance
instance_new(void)
{
  const Instance p = instance_create();
  CHECK((*p.component)->initialize(p.component, NULL) == V3_OK);
  return p;
}

uint32_t
instance_free(Instance* const p)
{
  CHECK((*p->component)->terminate(p->component) == V3_OK);
  return instance_release(p);
}

v3_result
instance_setup(const Instance* const p,
               const double          rate,
               const int32_t         block,
               const int32_t         mode)
{
  struct v3_process_setup setup = {mode, V3_SAMPLE_32, block, rate};
  return (*p->processor)->setup_processing(p->processor, &setup);
}

v3_result
instance_set_active(const Instance* const p, const bool active)
{
  return (*p->component)->set_active(p->component, active);
}

bool
instance_start(const Instance* const p,
               const double          rate,
               const int32_t         block,
               const int32_t         mode)
{
  return instance_setup(p, rate, block, mode) == V3_OK &&
         instance_set_active(p, true) == V3_OK &&
         (*p->processor)->set_processing(p->processor, true) == V3_OK;
}

bool
instance_stop(const Instance* const p)
{
  return (*p->processor)->set_processing(p->processor, false) == V3_OK &&
         instance_set_active(p, false) == V3_OK;
}

v3_result
instance_set_handler(const Instance* const p, Handler* const handler)
{
  struct v3_edit_controller** const c = p->controller;
  return (*c)->set_component_handler(c, handler ? handler_face(handler) : NULL);
}

v3_result
instance_set_state(const Instance* const p, const Stream* const saved)
{
  Stream stream;
  stream_begin(&stream, saved->bytes, (size_t)saved->n_bytes);
  return (*p->component)->set_state(p->component, stream_face(&stream));
}

v3_result
instance_get_state(const Instance* const p, Stream* const stream)
{
  stream_begin(stream, NULL, 0);
  const v3_result result =
    (*p->component)->get_state(p->component, stream_face(stream));
  stream->position = 0;
  return result;
}
