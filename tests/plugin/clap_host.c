/* SPDX-License-Identifier: GPL-3.0-or-later

   A plain CLAP host: scans a plugin, checks what it says, and plays a file offline;
   play.h lists the options.  Prints `key=value` lines: what it saw. */

#include "clap_host.h"

#include "check.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int  n_restarts, n_latencies, n_rescans, n_ranges;
static bool is_active;

/* What the plugin may request */

static void CLAP_ABI
rescan(const clap_host_t* host, const clap_param_rescan_flags flags)
{
  (void)host;
  n_rescans += (flags & CLAP_PARAM_RESCAN_VALUES) != 0;
  if (flags & CLAP_PARAM_RESCAN_ALL) {
    CHECK(!is_active);
    ++n_ranges;
  }
}

static void CLAP_ABI
clear(const clap_host_t* host, const clap_id id, const clap_param_clear_flags flags)
{
  (void)host;
  (void)id;
  (void)flags;
}

static void CLAP_ABI
request_flush(const clap_host_t* host)
{
  (void)host;
}

static void CLAP_ABI
latency_changed(const clap_host_t* host)
{
  (void)host;
  ++n_latencies;
}

static const void* CLAP_ABI
get_extension(const clap_host_t* host, const char* id)
{
  static const clap_host_params_t  params  = {rescan, clear, request_flush};
  static const clap_host_latency_t latency = {latency_changed};
  (void)host;
  return !strcmp(id, CLAP_EXT_PARAMS)    ? (const void*)&params
         : !strcmp(id, CLAP_EXT_LATENCY) ? (const void*)&latency
                                         : NULL;
}

static void CLAP_ABI
request_restart(const clap_host_t* host)
{
  (void)host;
  ++n_restarts;
}

static void CLAP_ABI
do_nothing(const clap_host_t* host)
{
  (void)host;
}

static const clap_host_t host_table = {.clap_version     = CLAP_VERSION_INIT,
                                       .name             = "Plain host",
                                       .vendor           = "Requinto",
                                       .url              = "",
                                       .version          = "1",
                                       .get_extension    = get_extension,
                                       .request_restart  = request_restart,
                                       .request_process  = do_nothing,
                                       .request_callback = do_nothing};

/* Loading */

static const clap_plugin_t*
load(const char* const path)
{
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  const clap_plugin_entry_t* const entry =
    (const clap_plugin_entry_t*)dlsym(library, "clap_entry");
  CHECK(entry && clap_version_is_compatible(entry->clap_version) && entry->init(path));
  const clap_plugin_factory_t* const factory =
    (const clap_plugin_factory_t*)entry->get_factory(CLAP_PLUGIN_FACTORY_ID);
  CHECK(factory && !entry->get_factory("another"));
  CHECK(factory->get_plugin_count(factory) == 1);
  CHECK(!factory->get_plugin_descriptor(factory, 1));
  CHECK(!factory->create_plugin(factory, &host_table, "another"));
  const clap_plugin_descriptor_t* const about =
    factory->get_plugin_descriptor(factory, 0);
  printf("id=%s\nname=%s\n", about->id, about->name);
  const clap_plugin_t* const plugin =
    factory->create_plugin(factory, &host_table, about->id);
  CHECK(plugin && plugin->desc == about && plugin->init(plugin));
  return plugin;
}

static ClapHost
look_at(const clap_plugin_t* const plugin)
{
#define GET(id) plugin->get_extension(plugin, (id))
  const ClapHost host = {
    .plugin  = plugin,
    .params  = (const clap_plugin_params_t*)GET(CLAP_EXT_PARAMS),
    .ports   = (const clap_plugin_audio_ports_t*)GET(CLAP_EXT_AUDIO_PORTS),
    .state   = (const clap_plugin_state_t*)GET(CLAP_EXT_STATE),
    .latency = (const clap_plugin_latency_t*)GET(CLAP_EXT_LATENCY),
    .configs = (const ClapPortsConfigs*)GET(CLAP_TYPES_PORTS_CONFIG),
    .render  = (const ClapRender*)GET(CLAP_TYPES_RENDER),
    .tail    = (const ClapTail*)GET(CLAP_TYPES_TAIL)};
  CHECK(!GET("another"));
#undef GET
  CHECK(host.params && host.ports && host.state && host.latency && host.configs &&
        host.render && host.tail);
  return host;
}

/* Scanning */

static double
value_of(const ClapHost* const host, const clap_id id)
{
  double value = NAN;
  CHECK(host->params->get_value(host->plugin, id, &value));
  return value;
}

static void
text_of(const ClapHost* const host, const clap_id id, char text[CLAP_NAME_SIZE])
{
  const double value = value_of(host, id);
  CHECK(host->params->value_to_text(host->plugin, id, value, text, CLAP_NAME_SIZE));
}

/// Check that all values of a parameter have texts which give them back
static void
check_texts(const ClapHost* const host, const clap_param_info_t* const info)
{
  const double range = info->max_value - info->min_value;
  const double step  = info->flags & CLAP_PARAM_IS_STEPPED ? 1.0 : range / 8.0;
  for (double v = info->min_value; v <= info->max_value; v += step) {
    char   text[CLAP_NAME_SIZE]  = "";
    char   again[CLAP_NAME_SIZE] = "";
    double value                 = NAN;
    CHECK(host->params->value_to_text(host->plugin, info->id, v, text, sizeof(text)));
    CHECK(host->params->text_to_value(host->plugin, info->id, text, &value));
    CHECK(
      host->params->value_to_text(host->plugin, info->id, value, again, sizeof(again)));
    CHECK(text[0] && !strcmp(text, again));
  }
}

static void
scan_params(const ClapHost* const host)
{
  const uint32_t n = host->params->count(host->plugin);
  CHECK(n <= CLAP_HOST_MAX_PARAMS);
  for (uint32_t i = 0; i < n; ++i) {
    const clap_param_info_t info                 = clap_host_info(host, i);
    char                    text[CLAP_NAME_SIZE] = "";
    for (uint32_t k = 0; k < i; ++k) {
      CHECK(clap_host_info(host, k).id != info.id);
    }
    CHECK(info.min_value < info.max_value && info.default_value >= info.min_value &&
          info.default_value <= info.max_value);
    check_texts(host, &info);
    text_of(host, info.id, text);
    printf("param.%s=%s\nflags.%s=%u\n", info.name, text, info.name, info.flags);
  }
  double            none = 0.0;
  clap_param_info_t info;
  CHECK(!host->params->get_info(host->plugin, n, &info));
  CHECK(!host->params->get_value(host->plugin, 99999, &none));
}

static void
select_ports(const ClapHost* const host, const uint32_t n_channels)
{
  bool exists = false;
  for (uint32_t i = 0; i < host->configs->count(host->plugin); ++i) {
    ClapPortsConfig config;
    CHECK(host->configs->get(host->plugin, i, &config));
    if (config.n_input_channels == n_channels) {
      CHECK(config.n_output_channels == n_channels && config.n_inputs == 2);
      CHECK(host->configs->select(host->plugin, config.id));
      exists = true;
    }
  }
  CHECK(exists && !host->configs->select(host->plugin, 9));
  for (int is_input = 0; is_input < 2; ++is_input) {
    const uint32_t n = host->ports->count(host->plugin, is_input);
    CHECK(n == (is_input ? 2U : 1U));
    for (uint32_t i = 0; i < n; ++i) {
      clap_audio_port_info_t port;
      CHECK(host->ports->get(host->plugin, i, is_input, &port));
      CHECK(port.channel_count == n_channels);
      CHECK(!(port.flags & CLAP_AUDIO_PORT_IS_MAIN) == (i > 0));
    }
  }
}

/* State, a few bytes at a time */

typedef struct {
  PlayBytes bytes;
  size_t    n_done;
} Stream;

enum { PIECE = 1000 };

static int64_t CLAP_ABI
read_piece(const clap_istream_t* stream, void* buffer, const uint64_t size)
{
  Stream* const state  = (Stream*)stream->ctx;
  const size_t  n_left = state->bytes.n_bytes - state->n_done;
  const size_t  max_n  = size < PIECE ? (size_t)size : PIECE;
  const size_t  n      = n_left < max_n ? n_left : max_n;
  memcpy(buffer, state->bytes.bytes + state->n_done, n);
  state->n_done += n;
  return (int64_t)n;
}

static int64_t CLAP_ABI
write_piece(const clap_ostream_t* stream, const void* buffer, const uint64_t size)
{
  PlayBytes* const bytes = &((Stream*)stream->ctx)->bytes;
  const size_t     n     = size < PIECE ? (size_t)size : PIECE;
  bytes->bytes           = (unsigned char*)realloc(bytes->bytes, bytes->n_bytes + n);
  CHECK(bytes->bytes);
  memcpy(bytes->bytes + bytes->n_bytes, buffer, n);
  bytes->n_bytes += n;
  return (int64_t)n;
}

static void
load_state(const ClapHost* const host, const char* const path)
{
  // Nonsense changes nothing
  Stream               nonsense = {{(unsigned char*)"nonsense", 8}, 0};
  const clap_istream_t bad      = {&nonsense, read_piece};
  const int            n_before = n_rescans;
  CHECK(!host->state->load(host->plugin, &bad) && n_rescans == n_before);

  Stream               state = {play_read(path), 0};
  const clap_istream_t good  = {&state, read_piece};
  CHECK(host->state->load(host->plugin, &good) && n_rescans == n_before + 1);
  free(state.bytes.bytes);
}

static void
save_state(const ClapHost* const host, const char* const path)
{
  Stream               state  = {{NULL, 0}, 0};
  const clap_ostream_t stream = {&state, write_piece};
  CHECK(host->state->save(host->plugin, &stream));
  play_write(path, state.bytes.bytes, state.bytes.n_bytes);
  free(state.bytes.bytes);
}

/* Playing */

/// Print the parameters after a run, and check that their values were reported
static void
print_after(const ClapHost* const host)
{
  for (uint32_t i = 0; i < host->params->count(host->plugin); ++i) {
    const clap_param_info_t info                 = clap_host_info(host, i);
    char                    text[CLAP_NAME_SIZE] = "";
    text_of(host, info.id, text);
    printf("after.%s=%s\n", info.name, text);
    if (info.flags & CLAP_PARAM_IS_READONLY) {
      CHECK(fabs(host->reported[i] - value_of(host, info.id)) < 1e-9);
    }
  }
  printf("restarts=%d\nlatencies=%d\nranges=%d\n", n_restarts, n_latencies, n_ranges);
}

static void
play(ClapHost* const host, const PlayOptions* const options)
{
  const clap_plugin_t* const plugin = host->plugin;
  CHECK(!host->render->has_hard_realtime_requirement(plugin));
  CHECK(host->render->set(plugin, CLAP_TYPES_OFFLINE));
  for (int i = 0; i < options->n_activations; ++i) {
    CHECK(plugin->activate(plugin, options->rate, 1, PLAY_MAX_BLOCK));
    is_active = true;
    CHECK(!host->configs->select(plugin, 1));
    printf("latency=%u\n", host->latency->get(plugin));
    CHECK(host->tail->get(plugin) == host->latency->get(plugin));
    CHECK(plugin->start_processing(plugin));
    play_file(options, clap_host_run, host);
    plugin->stop_processing(plugin);
    if (options->load_late_path) {
      load_state(host, options->load_late_path);
    }
    is_active = false;
    plugin->deactivate(plugin);
  }
}

static ClapHost
begin(const char* const path, const PlayOptions* const options)
{
  const double begun = play_now_ms();
  ClapHost     host  = look_at(load(path));
  scan_params(&host);
  printf("scan_ms=%.3f\n", play_now_ms() - begun);
  play_print_process("after_scan");
  select_ports(&host, options->n_channels);
  host.tempo_bpm = options->tempo_bpm;
  return host;
}

int
main(const int argc, char** const argv)
{
  const PlayOptions options = play_parse(argc, argv);
  if (options.also) {
    ClapHost other = begin(options.also, &options);
    play(&other, &options);
    print_after(&other);
    other.plugin->destroy(other.plugin);
  }

  ClapHost host = begin(options.plugin, &options);
  if (options.load_path) {
    load_state(&host, options.load_path);
  }
  play(&host, &options);
  play_print_process("after_run");
  print_after(&host);
  if (options.save_path) {
    save_state(&host, options.save_path);
  }
  host.plugin->destroy(host.plugin);
  printf("host=done\n");
  return 0;
}
