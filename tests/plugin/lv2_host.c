/* SPDX-License-Identifier: GPL-3.0-or-later

   A plain LV2 host, which knows the ports without their description: plays a file
   offline; play.h lists the options.  Prints `key=value` lines: what it saw. */

#include "lv2_host.h"

#include "check.h"

#include <lv2/atom.h>
#include <lv2/state.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_URIS = 256 };

/* Numbers for URIs */

LV2_URID
lv2_host_map(const LV2_URID_Map_Handle handle, const char* const uri)
{
  static char* uris[MAX_URIS];
  (void)handle;
  LV2_URID i = 0;
  while (uris[i] && strcmp(uris[i], uri) != 0) {
    ++i;
    CHECK(i < MAX_URIS);
  }
  if (!uris[i]) {
    uris[i] = strdup(uri);
  }
  return i + 1;
}

/* Loading */

static const LV2_Descriptor*
load(const char* const path, const uint32_t n_channels)
{
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  const LV2_Descriptor_Function get =
    (LV2_Descriptor_Function)(uintptr_t)dlsym(library, "lv2_descriptor");
  CHECK(get && get(0) && get(1) && !get(2));
  const LV2_Descriptor* const descriptor = get(n_channels == 1);
  printf("uri=%s\n", descriptor->URI);
  CHECK(!strcmp(descriptor->URI, n_channels == 1 ? LV2_PORTS_MONO_URI : LV2_PORTS_URI));
  CHECK(!descriptor->extension_data("another"));
  return descriptor;
}

static void
connect_ports(Lv2Host* const host)
{
  const LV2_Descriptor* const d = host->descriptor;
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const row  = params_info((ParamIndex)i);
    const uint32_t         port = lv2_param_port(host->n_channels, (ParamIndex)i);
    host->controls[port]        = (float)lv2_port_value(row, row->default_value);
    d->connect_port(host->handle, port, &host->controls[port]);
  }
  host->controls[LV2_PORT_OFFLINE] = 1.0F;
  d->connect_port(host->handle, LV2_PORT_OFFLINE, &host->controls[LV2_PORT_OFFLINE]);
  d->connect_port(host->handle, LV2_PORT_LATENCY, &host->controls[LV2_PORT_LATENCY]);
  d->connect_port(host->handle, LV2_PORT_POSITION, host->events);
  d->connect_port(host->handle, 99999, NULL);
}

/// Check that a host without numbers for URIs can do without states
static void
check_without_numbers(const LV2_Descriptor* const descriptor, const double rate)
{
  const LV2_Feature* const         none[] = {NULL};
  const LV2_State_Interface* const states =
    (const LV2_State_Interface*)descriptor->extension_data(LV2_STATE__interface);
  CHECK(states && !descriptor->instantiate(descriptor, 1.0, "", none));
  const LV2_Handle handle = descriptor->instantiate(descriptor, rate, "", none);
  CHECK(handle);
  CHECK(states->save(handle, NULL, NULL, 0, NULL) == LV2_STATE_ERR_NO_FEATURE);
  CHECK(states->restore(handle, NULL, NULL, 0, NULL) == LV2_STATE_ERR_NO_FEATURE);
  descriptor->cleanup(handle);
}

static void
instantiate(Lv2Host* const host, const PlayOptions* const options)
{
  host->n_channels         = options->n_channels;
  host->rate               = options->rate;
  host->tempo_bpm          = options->tempo_bpm;
  host->map                = (LV2_URID_Map){NULL, lv2_host_map};
  const LV2_Feature  map   = {LV2_URID__map, &host->map};
  const LV2_Feature* all[] = {&map, NULL};
  lv2_atom_forge_init(&host->forge, &host->map);

  const double begun = play_now_ms();
  host->descriptor   = load(options->plugin, options->n_channels);
  check_without_numbers(host->descriptor, options->rate);
  host->handle =
    host->descriptor->instantiate(host->descriptor, options->rate, "", all);
  CHECK(host->handle);
  printf("scan_ms=%.3f\n", play_now_ms() - begun);
  play_print_process("after_scan");
  connect_ports(host);
}

/* State */

static LV2_State_Status
store(const LV2_State_Handle handle,
      const uint32_t         key,
      const void* const      value,
      const size_t           size,
      const uint32_t         type,
      const uint32_t         flags)
{
  const bool is_state = key == lv2_host_map(NULL, LV2_PORTS_STATE_URI);
  CHECK(is_state || key == lv2_host_map(NULL, LV2_PORTS_TARGET_URI));
  CHECK(type == lv2_host_map(NULL, is_state ? LV2_ATOM__Chunk : LV2_ATOM__Float));
  CHECK(flags == (LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE));
  char path[4096];
  snprintf(path, sizeof(path), "%s%s", (const char*)handle, is_state ? "" : ".target");
  play_write(path, value, size);
  return LV2_STATE_SUCCESS;
}

/// What a host holds of a state
typedef struct {
  PlayBytes bytes;
  LV2_URID  type;
  PlayBytes target; ///< A number, or none
} Held;

static const void*
retrieve(const LV2_State_Handle handle,
         const uint32_t         key,
         size_t* const          size,
         uint32_t* const        type,
         uint32_t* const        flags)
{
  const Held* const held = (const Held*)handle;
  *flags                 = LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE;
  if (key == lv2_host_map(NULL, LV2_PORTS_STATE_URI)) {
    *type = held->type;
    *size = held->bytes.n_bytes;
    return held->bytes.bytes;
  }
  CHECK(key == lv2_host_map(NULL, LV2_PORTS_TARGET_URI));
  *type = lv2_host_map(NULL, LV2_ATOM__Float);
  *size = held->target.n_bytes;
  return held->target.bytes;
}

static const LV2_State_Interface*
states_of(const Lv2Host* const host)
{
  const LV2_State_Interface* const states =
    (const LV2_State_Interface*)host->descriptor->extension_data(LV2_STATE__interface);
  CHECK(states);
  return states;
}

static void
load_state(const Lv2Host* const host, const char* const path)
{
  const LV2_State_Interface* const states = states_of(host);
  const LV2_URID                   chunk  = lv2_host_map(NULL, LV2_ATOM__Chunk);
  Held held = {.type = chunk}; // nothing, then nonsense, then another type
  CHECK(states->restore(host->handle, retrieve, &held, 0, NULL) ==
        LV2_STATE_ERR_NO_PROPERTY);
  held.bytes = (PlayBytes){(unsigned char*)"nonsense", 8};
  CHECK(states->restore(host->handle, retrieve, &held, 0, NULL) ==
        LV2_STATE_ERR_UNKNOWN);
  held.type = chunk + 1;
  CHECK(states->restore(host->handle, retrieve, &held, 0, NULL) ==
        LV2_STATE_ERR_BAD_TYPE);

  char target[4096];
  snprintf(target, sizeof(target), "%s.target", path);
  held = (Held){play_read(path), chunk, play_read(target)};
  CHECK(states->restore(host->handle, retrieve, &held, 0, NULL) == LV2_STATE_SUCCESS);
  free(held.bytes.bytes);
  free(held.target.bytes);
}

static void
save_state(const Lv2Host* const host, const char* path)
{
  CHECK(states_of(host)->save(host->handle, store, (void*)(uintptr_t)path, 0, NULL) ==
        LV2_STATE_SUCCESS);
}

/* Playing */

/// Have the plugin write its outputs without processing, as hosts do for the latency
static float
read_latency(Lv2Host* const host)
{
  host->controls[LV2_PORT_LATENCY] = -1.0F;
  memset(host->events, 0, sizeof(LV2_Atom_Sequence));
  ((LV2_Atom_Sequence*)(void*)host->events)->atom.size = sizeof(LV2_Atom_Sequence_Body);
  host->descriptor->run(host->handle, 0);
  return host->controls[LV2_PORT_LATENCY];
}

static void
print_after(const Lv2Host* const host)
{
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    const ParamInfo* const row       = params_info((ParamIndex)i);
    const uint32_t         port      = lv2_param_port(host->n_channels, (ParamIndex)i);
    char                   text[128] = "";
    params_to_text(
      row, lv2_port_value(row, (double)host->controls[port]), text, sizeof(text));
    printf("after.%s=%s\n", row->name, text);
  }
}

int
main(const int argc, char** const argv)
{
  static Lv2Host    host;
  const PlayOptions options = play_parse(argc, argv);
  CHECK(!options.also && !options.load_late_path);
  instantiate(&host, &options);
  if (options.load_path) {
    load_state(&host, options.load_path);
  }
  const PlayBlock first = {
    .n_frames = 1, .changes = options.changes, .n_changes = options.n_changes};
  lv2_host_set(&host, &first);
  for (int i = 0; i < options.n_activations; ++i) {
    host.descriptor->activate(host.handle);
    printf("latency=%.0f\n", (double)read_latency(&host));
    play_file(&options, lv2_host_run, &host);
    host.descriptor->deactivate(host.handle);
  }
  play_print_process("after_run");
  print_after(&host);
  if (options.save_path) {
    save_state(&host, options.save_path);
  }
  host.descriptor->cleanup(host.handle);
  printf("host=done\n");
  return 0;
}
