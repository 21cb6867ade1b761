/* SPDX-License-Identifier: GPL-3.0-or-later

   The LV2 plugin in the host with windows. */

#include "check.h"
#include "lv2/ports.h"
#include "view_host.h"
#include "view_loop.h"

#include <lv2/atom-forge.h>
#include <lv2/atom.h>
#include <lv2/instance-access.h>
#include <lv2/options.h>
#include <lv2/time.h>
#include <lv2/ui.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { N_CHANNELS = 2, IDLE_MS = 10, MAX_URIS = 64, EVENT_BYTES = 1024 };

/// A plugin, the memory of its ports, and what the host offers to its window
typedef struct {
  LV2_Handle    handle;
  _Atomic float values[LV2_MAX_PORTS];     ///< From the main thread
  float         controls[LV2_MAX_PORTS];   ///< As the plugin sees them
  _Alignas(8) uint8_t events[EVENT_BYTES]; ///< Where the song is
  LV2UI_Handle                ui;          ///< NULL while closed
  const LV2UI_Idle_Interface* idles;
  LV2UI_Resize                resizes;
  LV2UI_Touch                 touches;
  int                         n_closed;
  float                       scale; ///< 0 where the host does not say
} Plugin;

static const LV2_Descriptor*   descriptor;
static const LV2UI_Descriptor* ui_descriptor;

static LV2_URID
map_uri(LV2_URID_Map_Handle handle, const char* uri)
{
  static const char*     uris[MAX_URIS];
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  (void)handle;
  pthread_mutex_lock(&mutex);
  LV2_URID i = 0;
  while (uris[i] && strcmp(uris[i], uri) != 0) {
    ++i;
    CHECK(i < MAX_URIS);
  }
  uris[i] = uris[i] ? uris[i] : strdup(uri);
  pthread_mutex_unlock(&mutex);
  return i + 1;
}

static LV2_URID_Map map = {NULL, map_uri};

/// Write where the song is, which the position then goes on from
static void
forge_position(Plugin* const p, const ViewSong* const song)
{
  LV2_Atom_Forge       forge;
  LV2_Atom_Forge_Frame sequence;
  LV2_Atom_Forge_Frame object;
  lv2_atom_forge_init(&forge, &map);
  lv2_atom_forge_set_buffer(&forge, p->events, sizeof(p->events));
  CHECK(lv2_atom_forge_sequence_head(&forge, &sequence, 0));
  if (song) {
    CHECK(lv2_atom_forge_frame_time(&forge, 0));
    CHECK(lv2_atom_forge_object(&forge, &object, 0, map_uri(NULL, LV2_TIME__Position)));
    const struct {
      const char* key;
      float       value;
    } values[] = {{LV2_TIME__speed, 1.0F},
                  {LV2_TIME__beat, (float)song->quarter},
                  {LV2_TIME__beatUnit, 4.0F},
                  {LV2_TIME__beatsPerMinute, (float)song->tempo_bpm}};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
      CHECK(lv2_atom_forge_key(&forge, map_uri(NULL, values[i].key)));
      CHECK(lv2_atom_forge_float(&forge, values[i].value));
    }
    lv2_atom_forge_pop(&forge, &object);
  }
  lv2_atom_forge_pop(&forge, &sequence);
}

/* The plugin */

static void
load(const char* const path)
{
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  const LV2_Descriptor_Function get =
    (LV2_Descriptor_Function)(uintptr_t)dlsym(library, "lv2_descriptor");
  const LV2UI_DescriptorFunction get_ui =
    (LV2UI_DescriptorFunction)(uintptr_t)dlsym(library, "lv2ui_descriptor");
  CHECK(get && get_ui && get_ui(0) && !get_ui(1));
  descriptor    = get(0);
  ui_descriptor = get_ui(0);
  CHECK(!strcmp(ui_descriptor->URI, LV2_PORTS_UI_URI));
}

static void*
create(void)
{
  const LV2_Feature  uris  = {LV2_URID__map, &map};
  const LV2_Feature* all[] = {&uris, NULL};
  Plugin* const      p     = (Plugin*)calloc(1, sizeof(Plugin));
  CHECK(p);
  p->handle = descriptor->instantiate(descriptor, VIEW_RATE, "", all);
  CHECK(p->handle);
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const row  = params_info((ParamIndex)i);
    const uint32_t         port = lv2_param_port(N_CHANNELS, (ParamIndex)i);
    atomic_store(&p->values[port], (float)lv2_port_value(row, row->default_value));
    p->controls[port] = atomic_load(&p->values[port]);
    descriptor->connect_port(p->handle, port, &p->controls[port]);
  }
  forge_position(p, NULL);
  descriptor->connect_port(p->handle, LV2_PORT_POSITION, p->events);
  descriptor->connect_port(p->handle, LV2_PORT_OFFLINE, &p->controls[LV2_PORT_OFFLINE]);
  descriptor->connect_port(p->handle, LV2_PORT_LATENCY, &p->controls[LV2_PORT_LATENCY]);
  descriptor->activate(p->handle);
  return p;
}

static void
process(void*                 context,
        float* const          channels[2],
        const uint32_t        n_frames,
        const ViewSong* const song)
{
  Plugin* const p = (Plugin*)context;
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const uint32_t port = lv2_param_port(N_CHANNELS, (ParamIndex)i);
    if (!params_info((ParamIndex)i)->read_only) {
      p->controls[port] = atomic_load(&p->values[port]);
    }
  }
  for (uint32_t c = 0; c < N_CHANNELS; ++c) {
    descriptor->connect_port(p->handle, lv2_input_port(c), channels[c]);
    descriptor->connect_port(p->handle, lv2_output_port(N_CHANNELS, c), channels[c]);
  }
  forge_position(p, song);
  view_enter_plugin();
  descriptor->run(p->handle, n_frames);
  view_leave_plugin();
}

static void
destroy(void* context)
{
  Plugin* const p = (Plugin*)context;
  descriptor->deactivate(p->handle);
  descriptor->cleanup(p->handle);
  free(p);
}

/* What the window calls */

static uint32_t
id_of(const uint32_t port)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    if (lv2_param_port(N_CHANNELS, (ParamIndex)i) == port) {
      return params_info((ParamIndex)i)->id;
    }
  }
  CHECK(!"a port of a parameter");
  return 0;
}

static void
write_port(LV2UI_Controller controller,
           const uint32_t   port,
           const uint32_t   n_bytes,
           const uint32_t   protocol,
           const void*      bytes)
{
  Plugin* const p     = (Plugin*)controller;
  const float   value = *(const float*)bytes;
  CHECK(n_bytes == sizeof(value) && !protocol);
  atomic_store(&p->values[port], value);
  view_note_edit(p, VIEW_VALUE, id_of(port), (double)value);
}

static void
touch(LV2UI_Feature_Handle handle, const uint32_t port, const bool is_held)
{
  view_note_edit(handle, is_held ? VIEW_BEGIN : VIEW_END, id_of(port), 0.0);
}

static int
take_size(LV2UI_Feature_Handle handle, const int width, const int height)
{
  CHECK(width > 0 && height > 0);
  return !view_take_size(handle, (uint32_t)width, (uint32_t)height);
}

static void
call_idle(void* context, const int fd)
{
  (void)fd;
  Plugin* const p = (Plugin*)context;
  if (p->idles->idle(p->ui)) {
    ++p->n_closed;
    (void)view_loop_stop(p);
  }
}

/* The window */

static const void*
extension(const char* const uri)
{
  const void* const data = ui_descriptor->extension_data(uri);
  CHECK(data);
  return data;
}

/// Instantiate the window, in another or, if that is 0, in none yet
static LV2UI_Handle
instantiate(Plugin* const p, const uintptr_t parent, const bool gives_access)
{
  const LV2_Options_Option options[] = {{.key   = map_uri(NULL, LV2_UI__scaleFactor),
                                         .size  = sizeof(p->scale),
                                         .type  = map_uri(NULL, LV2_ATOM__Float),
                                         .value = &p->scale},
                                        {.value = NULL}};
  p->resizes                         = (LV2UI_Resize){p, take_size};
  p->touches                         = (LV2UI_Touch){p, touch};

  const LV2_Feature  uris   = {LV2_URID__map, &map};
  const LV2_Feature  sizes  = {LV2_UI__resize, &p->resizes};
  const LV2_Feature  held   = {LV2_UI__touch, &p->touches};
  const LV2_Feature  chosen = {LV2_OPTIONS__options,
                               (void*)&options[p->scale > 0.0F ? 0 : 1]};
  const LV2_Feature  within = {LV2_UI__parent, (void*)parent};
  const LV2_Feature  access = {LV2_INSTANCE_ACCESS_URI, p->handle};
  const LV2_Feature* all[]  = {&uris, &sizes, &held, &chosen, NULL, NULL, NULL};
  int                n      = 4;
  if (parent) {
    all[n++] = &within;
  }
  if (gives_access) {
    all[n++] = &access;
  }
  LV2UI_Widget       widget = (LV2UI_Widget)1;
  const LV2UI_Handle ui     = ui_descriptor->instantiate(
    ui_descriptor, LV2_PORTS_URI, "", write_port, p, &widget, all);
  CHECK(!ui || !widget == !parent);
  return ui;
}

/// Have the loop call the window
static void
start_calls(Plugin* const p)
{
  p->idles = (const LV2UI_Idle_Interface*)extension(LV2_UI__idleInterface);
  (void)view_loop_start(IDLE_MS, call_idle, p);
}

static bool
open_ui(void* context, const uintptr_t parent)
{
  Plugin* const p = (Plugin*)context;
  p->ui           = instantiate(p, parent, true);
  if (p->ui) {
    start_calls(p);
  }
  return p->ui;
}

static void
close_ui(void* context)
{
  Plugin* const p = (Plugin*)context;
  CHECK(view_loop_stop(p) == 1 && !p->n_closed);
  ui_descriptor->cleanup(p->ui);
  p->ui = NULL;
}

/// LV2 has no size that a window could be asked for
static void
size_of(void* context, uint32_t* const width, uint32_t* const height)
{
  const Plugin* const p     = (const Plugin*)context;
  const float         scale = p->scale > 0.0F ? p->scale : 1.0F;
  *width                    = (uint32_t)(720.0F * scale);
  *height                   = (uint32_t)(420.0F * scale);
}

static void
resize(void* context, const uint32_t width, const uint32_t height)
{
  const Plugin* const       p = (const Plugin*)context;
  const LV2UI_Resize* const r = (const LV2UI_Resize*)extension(LV2_UI__resize);
  CHECK(r->ui_resize(p->ui, 0, 100));
  (void)view_take_size(p, width, height);
  CHECK(!r->ui_resize(p->ui, (int)width, (int)height));
}

/// An option that takes effect when the window is opened next
static void
scale_ui(void* context, const double scale)
{
  ((Plugin*)context)->scale = (float)scale;
}

/* What hosts do wrongly */

static void
check(const uintptr_t parent)
{
  Plugin* const p = (Plugin*)create();
  CHECK(!instantiate(p, parent, false)); // without access to the plugin
  CHECK(!ui_descriptor->extension_data("another"));

  // A window without a parent comes and goes
  const LV2UI_Show_Interface* const shows =
    (const LV2UI_Show_Interface*)extension(LV2_UI__showInterface);
  p->ui = instantiate(p, 0, true);
  CHECK(p->ui);
  for (int i = 0; i < 3; ++i) {
    CHECK(!shows->show(p->ui) && !shows->show(p->ui));
    start_calls(p);
    view_loop_run(50.0);
    CHECK(view_loop_stop(p) == 1 && !p->n_closed);
    CHECK(!shows->hide(p->ui) && !shows->hide(p->ui));
    CHECK(p->idles->idle(p->ui)); // no more is to be called
  }
  CHECK(!shows->show(p->ui));
  ui_descriptor->cleanup(p->ui); // while it is shown
  destroy(p);
}

const ViewFormat view_lv2 = {.load    = load,
                             .create  = create,
                             .process = process,
                             .open    = open_ui,
                             .size    = size_of,
                             .resize  = resize,
                             .scale   = scale_ui,
                             .close   = close_ui,
                             .destroy = destroy,
                             .check   = check};
