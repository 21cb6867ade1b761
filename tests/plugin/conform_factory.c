/* SPDX-License-Identifier: GPL-3.0-or-later

   The module, its factory, and the interfaces of what it creates. */

#include "conform.h"

#include "core/utf16.h"
#include <travesty/message.h>
#include <travesty/unit.h>

#include <string.h>

/// Of the class: sessions that were saved know the plugin by it
static const v3_tuid our_class = V3_ID(0x52657175, 0x696E746F, 0x45787472, 0x61637421);

static const v3_tuid unknown = V3_ID(0x01020304, 0x05060708, 0x090A0B0C, 0x0D0E0F10);

static const v3_tuid note_expression =
  V3_ID(0xB7F8F859, 0x41234872, 0x91169581, 0x4F3721A3);
static const v3_tuid keyswitch  = V3_ID(0x1F2F76D3, 0xBFFB4B96, 0xB99527A5, 0x5EBCCEF4);
static const v3_tuid midi_learn = V3_ID(0x6B2449CC, 0x419740B5, 0xAB3C79DA, 0xC5FE5C86);

/// Return the largest interface of the factory
static struct v3_plugin_factory_3**
factory_3(void)
{
  return (struct v3_plugin_factory_3**)(void*)module.factory;
}

static void
module_entry_repeats(Instance* const p)
{
  (void)p;
  for (int i = 0; i < 3; ++i) {
    EXPECT(module.entry(NULL));
    EXPECT(module.exit());
  }
}

static void
factory_interfaces(Instance* const p)
{
  (void)p;
  const uint8_t* const known[] = {v3_funknown_iid,
                                  v3_plugin_factory_iid,
                                  v3_plugin_factory_2_iid,
                                  v3_plugin_factory_3_iid};
  for (int i = 0; i < 4; ++i) {
    void* object = NULL;
    EXPECT((*module.factory)->query_interface(module.factory, known[i], &object) ==
           V3_OK);
    if (EXPECT(object)) {
      (**(struct v3_funknown**)object).unref(object);
    }
  }
  void* object = p;
  EXPECT((*module.factory)->query_interface(module.factory, unknown, &object) != V3_OK);
  EXPECT(!object);
}

static void
factory_info(Instance* const p)
{
  (void)p;
  struct v3_factory_info info;
  memset(&info, 0x7F, sizeof(info));
  EXPECT((*module.factory)->get_factory_info(module.factory, &info) == V3_OK);
  EXPECT(info.vendor[0] && memchr(info.vendor, 0, sizeof(info.vendor)));
  EXPECT(memchr(info.url, 0, sizeof(info.url)));
  EXPECT(memchr(info.email, 0, sizeof(info.email)));
  EXPECT(info.flags & 0x10); // text is UTF-16
}

/// Compare what the three versions say of a class
static void
compare_infos(const int32_t index)
{
  struct v3_class_info               a;
  struct v3_class_info_2             b;
  struct v3_class_info_3             c;
  char                               text[64];
  struct v3_plugin_factory_3** const f = factory_3();
  memset(&a, 0x7F, sizeof(a));
  memset(&b, 0x7F, sizeof(b));
  memset(&c, 0x7F, sizeof(c));
  EXPECT((*f)->get_class_info(f, index, &a) == V3_OK);
  EXPECT((*f)->get_class_info_2(f, index, &b) == V3_OK);
  EXPECT((*f)->get_class_info_utf16(f, index, &c) == V3_OK);

  EXPECT(v3_tuid_match(a.class_id, b.class_id) &&
         v3_tuid_match(a.class_id, c.class_id));
  EXPECT(a.cardinality == 0x7FFFFFFF && b.cardinality == a.cardinality &&
         c.cardinality == a.cardinality);
  EXPECT(!strcmp(a.category, b.category) && !strcmp(a.category, c.category));
  EXPECT(b.class_flags == c.class_flags && !strcmp(b.sub_categories, c.sub_categories));
  EXPECT(a.name[0] && !strcmp(a.name, b.name));
  utf16_to_utf8(text, sizeof(text), c.name);
  EXPECT(!strcmp(a.name, text));
  utf16_to_utf8(text, sizeof(text), c.vendor);
  EXPECT(b.vendor[0] && !strcmp(b.vendor, text));
  utf16_to_utf8(text, sizeof(text), c.version);
  EXPECT(b.version[0] && !strcmp(b.version, text));
  utf16_to_utf8(text, sizeof(text), c.sdk_version);
  EXPECT(!strncmp(b.sdk_version, "VST 3.", 6) && !strcmp(b.sdk_version, text));
}

static void
class_infos_agree(Instance* const p)
{
  (void)p;
  const int32_t n         = (*module.factory)->num_classes(module.factory);
  int32_t       n_effects = 0;
  for (int32_t i = 0; i < n; ++i) {
    struct v3_class_info info;
    compare_infos(i);
    EXPECT((*module.factory)->get_class_info(module.factory, i, &info) == V3_OK);
    n_effects += !strcmp(info.category, "Audio Module Class");
  }
  EXPECT(n_effects == 1);
}

static void
classes_of_invalid_index(Instance* const p)
{
  (void)p;
  const int32_t n         = (*module.factory)->num_classes(module.factory);
  const int32_t indices[] = {-1, n, n + 1, INT32_MIN, INT32_MAX};
  for (int i = 0; i < 5; ++i) {
    struct v3_class_info               a;
    struct v3_class_info_2             b;
    struct v3_class_info_3             c;
    struct v3_plugin_factory_3** const f = factory_3();
    EXPECT((*f)->get_class_info(f, indices[i], &a) != V3_OK);
    EXPECT((*f)->get_class_info_2(f, indices[i], &b) != V3_OK);
    EXPECT((*f)->get_class_info_utf16(f, indices[i], &c) != V3_OK);
  }
}

static void
class_id_is_stable(Instance* const p)
{
  (void)p;
  EXPECT(v3_tuid_match(module.info.class_id, our_class));
}

static void
host_context_is_taken(Instance* const p)
{
  (void)p;
  struct v3_plugin_factory_3** const f = factory_3();
  Context                            context;
  context_begin(&context);
  EXPECT((*f)->set_host_context(f, context_face(&context)) == V3_OK);
  EXPECT((*f)->set_host_context(f, NULL) == V3_OK);
  EXPECT(atomic_load(&context.n_refs) == 1);
}

static void
creation_is_refused(Instance* const p)
{
  struct v3_plugin_factory** const f      = module.factory;
  void*                            object = p;
  EXPECT((*f)->create_instance(f, unknown, v3_component_iid, &object) != V3_OK);
  EXPECT(!object);
  for (int i = 0; i < 100; ++i) { // a sanitizer sees what is lost
    object = p;
    EXPECT((*f)->create_instance(f, module.info.class_id, unknown, &object) != V3_OK);
    EXPECT(!object);
  }
}

static const uint8_t* const faces[] = {v3_funknown_iid,
                                       v3_plugin_base_iid,
                                       v3_component_iid,
                                       v3_audio_processor_iid,
                                       v3_edit_controller_iid,
                                       v3_process_context_requirements_iid};
enum { N_FACES = sizeof(faces) / sizeof(faces[0]) };

static void
creation_through_each_interface(Instance* const p)
{
  (void)p;
  for (int i = 0; i < N_FACES; ++i) {
    void* object = NULL;
    EXPECT((*module.factory)
             ->create_instance(
               module.factory, module.info.class_id, faces[i], &object) == V3_OK);
    if (EXPECT(object)) {
      EXPECT((**(struct v3_funknown**)object).unref(object) == 0);
    }
  }
}

/// Query one interface for another, and release it
static void*
query(void* const object, const uint8_t* const iid)
{
  void* result = NULL;
  if (EXPECT((**(struct v3_funknown**)object).query_interface(object, iid, &result) ==
             V3_OK) &&
      EXPECT(result)) {
    EXPECT((**(struct v3_funknown**)result).unref(result) > 0);
  }
  return result;
}

static void
instance_interfaces(Instance* const p)
{
  void* const identity = query((void*)p->component, v3_funknown_iid);
  for (int i = 0; i < N_FACES; ++i) {
    void* const object = query((void*)p->component, faces[i]);
    for (int j = 0; object && j < N_FACES; ++j) {
      EXPECT(query(object, faces[j]) == query((void*)p->component, faces[j]));
    }
    void* refused = p;
    if (object) {
      EXPECT(query(object, v3_funknown_iid) == identity);
      EXPECT(
        (**(struct v3_funknown**)object).query_interface(object, unknown, &refused) !=
        V3_OK);
      EXPECT(!refused);
    }
  }
}

static void
declined_interfaces(Instance* const p)
{
  // An effect without notes, units or programs has none of these
  const uint8_t* const declined[] = {v3_midi_mapping_iid,
                                     v3_unit_information_iid,
                                     note_expression,
                                     keyswitch,
                                     midi_learn,
                                     v3_component_handler_iid};
  for (int i = 0; i < 6; ++i) {
    void* object = p;
    EXPECT((*p->component)->query_interface(p->component, declined[i], &object) !=
           V3_OK);
    EXPECT(!object);
    object = p;
    EXPECT((*p->controller)->query_interface(p->controller, declined[i], &object) !=
           V3_OK);
    EXPECT(!object);
  }
  void* object = NULL; // of use between two halves: either answer will do
  if ((*p->component)
        ->query_interface(p->component, v3_connection_point_iid, &object) == V3_OK) {
    (**(struct v3_funknown**)object).unref(object);
  } else {
    EXPECT(!object);
  }
}

static void
controller_class(Instance* const p)
{
  // Component and controller are one: no other class may be named
  v3_tuid id = {0};
  EXPECT((*p->component)->get_controller_class_id(p->component, id) != V3_OK ||
         v3_tuid_match(id, module.info.class_id));
}

static void
views_are_created(Instance* const p)
{
  struct v3_edit_controller** const c = p->controller;
  EXPECT(!(*c)->create_view(c, "") && !(*c)->create_view(c, NULL));
  EXPECT(!(*c)->create_view(c, "another"));
  const uint32_t n_refs = (*c)->ref(c) - 1;
  (*c)->unref(c);
  for (int i = 0; i < 20; ++i) {
    struct v3_plugin_view** const view = (*c)->create_view(c, "editor");
    if (!view) { // where the plugin was built without windows
      return;
    }
    // Until it is attached it needs neither a screen nor a frame
    struct v3_view_rect rect   = {0, 0, 0, 0};
    void*               object = NULL;
    EXPECT((*view)->get_size(view, &rect) == V3_OK && rect.right > 0 &&
           rect.bottom > 0);
    EXPECT((*view)->is_platform_type_supported(view, "another") != V3_OK);
    EXPECT((*view)->query_interface(view, v3_plugin_view_iid, &object) == V3_OK);
    EXPECT(object == (void*)view && (*view)->unref(view) == 1);
    EXPECT((*view)->query_interface(view, v3_component_iid, &object) != V3_OK);
    EXPECT(!object && (*view)->removed(view) == V3_OK);
    EXPECT((*view)->unref(view) == 0);
  }
  EXPECT((*c)->ref(c) == n_refs + 1 && (*c)->unref(c) == n_refs);
}

static void
references_are_counted(Instance* const p)
{
  struct v3_component** const c     = p->component;
  const uint32_t              begun = (*c)->ref(c);
  for (uint32_t i = 1; i <= 1000; ++i) {
    EXPECT((*p->processor)->ref(p->processor) == begun + i);
  }
  for (uint32_t i = 1; i <= 1000; ++i) {
    EXPECT((*p->controller)->unref(p->controller) == begun + 1000 - i);
  }
  EXPECT((*c)->unref(c) == begun - 1);
}

static void
create_and_destroy_many(Instance* const p)
{
  (void)p;
  for (int i = 0; i < 200; ++i) {
    Instance other = i % 2 ? instance_new() : instance_create();
    EXPECT((i % 2 ? instance_free : instance_release)(&other) == 0);
  }
}

const Check conform_factory[] = {ROW(module_entry_repeats),
                                 ROW(factory_interfaces),
                                 ROW(factory_info),
                                 ROW(class_infos_agree),
                                 ROW(classes_of_invalid_index),
                                 ROW(class_id_is_stable),
                                 ROW(host_context_is_taken),
                                 ROW(creation_is_refused),
                                 ROW(creation_through_each_interface),
                                 ROW(instance_interfaces),
                                 ROW(declined_interfaces),
                                 ROW(controller_class),
                                 ROW(views_are_created),
                                 ROW(references_are_counted),
                                 ROW(create_and_destroy_many),
                                 {NULL, NULL}};
