/* SPDX-License-Identifier: GPL-3.0-or-later

   Export the module's entry points, and create instances. */

#include "core/utf16.h"
#include "os/attributes.h"
#include "vst3/component.h"
#include "vst3/controller.h"
#include "vst3/entry.h"
#include "vst3/plugin.h"
#include "vst3/processor.h"

#include <stddef.h>
#include <string.h>

enum { MANY_INSTANCES = 0x7FFFFFFF, UNICODE_FLAG = 0x10 };

/// The only class; other versions of its description follow from this one
static const struct v3_class_info_2 our_class = {
  .class_id       = V3_ID(0x52657175, 0x696E746F, 0x45787472, 0x61637421),
  .cardinality    = MANY_INSTANCES,
  .category       = "Audio Module Class",
  .name           = "Requinto",
  .sub_categories = "Fx|Tools",
  .vendor         = "Requinto",
  .version        = REQUINTO_VERSION,
  .sdk_version    = "VST 3.7.4",
};

_Static_assert(sizeof(struct v3_class_info) ==
                 offsetof(struct v3_class_info_2, class_flags),
               "both versions begin alike");

static v3_result V3_API
query_interface(void* const self, const v3_tuid iid, void** const object)
{
  const bool known = v3_tuid_match(iid, v3_funknown_iid) ||
                     v3_tuid_match(iid, v3_plugin_factory_iid) ||
                     v3_tuid_match(iid, v3_plugin_factory_2_iid) ||
                     v3_tuid_match(iid, v3_plugin_factory_3_iid);
  *object = known ? self : NULL;
  return known ? V3_OK : V3_NO_INTERFACE;
}

/// The factory is there as long as the library is
static uint32_t V3_API
count_one(void* const self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
get_factory_info(void* const self, struct v3_factory_info* const info)
{
  (void)self;
  memset(info, 0, sizeof(*info));
  memcpy(info->vendor, our_class.vendor, sizeof(info->vendor));
  info->flags = UNICODE_FLAG;
  return V3_OK;
}

static int32_t V3_API
num_classes(void* const self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
get_class_info(void* const self, const int32_t index, struct v3_class_info* const info)
{
  (void)self;
  if (index != 0) {
    return V3_INVALID_ARG;
  }
  memcpy(info, &our_class, sizeof(*info));
  return V3_OK;
}

static v3_result V3_API
get_class_info_2(void* const                   self,
                 const int32_t                 index,
                 struct v3_class_info_2* const info)
{
  (void)self;
  if (index != 0) {
    return V3_INVALID_ARG;
  }
  *info = our_class;
  return V3_OK;
}

static v3_result V3_API
get_class_info_utf16(void* const                   self,
                     const int32_t                 index,
                     struct v3_class_info_3* const info)
{
#define WRITE(field)                                                                   \
  utf16_from_utf8(                                                                     \
    info->field, sizeof(info->field) / sizeof(info->field[0]), our_class.field)
  (void)self;
  if (index != 0) {
    return V3_INVALID_ARG;
  }
  memset(info, 0, sizeof(*info));
  memcpy(info->class_id, our_class.class_id, sizeof(v3_tuid));
  info->cardinality = our_class.cardinality;
  memcpy(info->category, our_class.category, sizeof(info->category));
  memcpy(info->sub_categories, our_class.sub_categories, sizeof(info->sub_categories));
  WRITE(name);
  WRITE(vendor);
  WRITE(version);
  WRITE(sdk_version);
  return V3_OK;
#undef WRITE
}

static v3_result V3_API
set_host_context(void* const self, struct v3_funknown** const host)
{
  (void)self;
  (void)host;
  return V3_OK;
}

static v3_result V3_API
create_instance(void* const   self,
                const v3_tuid wanted,
                const v3_tuid iid,
                void** const  instance)
{
  (void)self;
  *instance = NULL;
  if (!v3_tuid_match(wanted, our_class.class_id)) {
    return V3_NO_INTERFACE;
  }
  Vst3Plugin* const plugin = vst3_plugin_new();
  if (!plugin) {
    return V3_NOMEM;
  }
  plugin->component      = &vst3_component;
  plugin->processor      = &vst3_processor;
  plugin->controller     = &vst3_controller;
  plugin->requirements   = &vst3_requirements;
  const v3_result result = vst3_plugin_query(plugin, iid, instance);
  vst3_plugin_unref(plugin);
  return result;
}

static const struct v3_plugin_factory_3 factory = {
  .query_interface      = query_interface,
  .ref                  = count_one,
  .unref                = count_one,
  .get_factory_info     = get_factory_info,
  .num_classes          = num_classes,
  .get_class_info       = get_class_info,
  .create_instance      = create_instance,
  .get_class_info_2     = get_class_info_2,
  .get_class_info_utf16 = get_class_info_utf16,
  .set_host_context     = set_host_context,
};

EXPORT const void*
GetPluginFactory(void)
{
  static const struct v3_plugin_factory_3* const table = &factory;
  return (const void*)&table;
}

EXPORT bool
VST3_ENTER(VST3_ENTER_PARAMETER)
{
  return true;
}

EXPORT bool
VST3_LEAVE(void)
{
  return true;
}
