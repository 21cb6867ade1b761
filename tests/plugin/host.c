/* SPDX-License-Identifier: GPL-3.0-or-later

   A plain C host, without Python: runs a file through the plugin.

       host BUNDLE [--in FILE --out FILE] [--rate HZ] [--channels N] [--block N]
            [--realtime] [--set NAME=TEXT]... [--drain FRAMES] [--activations N]

   Files hold interleaved 32-bit floats.  `--block 0` varies the block from 1 to
   8192.  Prints `key=value` lines: what it saw. */

#include "vst3.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "text16.h"

enum { MAX_BLOCK = 8192, MAX_SETTINGS = 16, MAX_PARAMS = 64 };

typedef struct {
  const char* bundle;
  const char* in_path;
  const char* out_path;
  const char* settings[MAX_SETTINGS];
  int         n_settings;
  double      rate;
  int         n_channels;
  int         block;
  int         n_activations;
  long        n_drain; ///< Frames of silence after the file
  bool        realtime;
} Options;

typedef struct {
  struct v3_component**       component;
  struct v3_audio_processor** processor;
  struct v3_edit_controller** controller;
} Instance;

static double
now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// Print resident memory, and whether a Python library is mapped
static void
tell_process(const char* const when)
{
  char  line[512];
  FILE* status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof(line), status)) {
    long kilobytes = 0;
    if (sscanf(line, "VmRSS: %ld", &kilobytes) == 1) {
      printf("rss_mb_%s=%.1f\n", when, (double)kilobytes / 1024.0);
    }
  }
  bool  has_python = false;
  FILE* maps       = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof(line), maps)) {
    has_python = has_python || strstr(line, "libpython");
  }
  printf("python_%s=%s\n", when, has_python ? "yes" : "no");
  if (status) {
    fclose(status);
  }
  if (maps) {
    fclose(maps);
  }
}

/* Parameter changes, as a host gives them and takes them */

typedef struct {
  const struct v3_param_value_queue* table;
  v3_param_id                        id;
  double                             value;
} Queue;

typedef struct {
  const struct v3_param_changes* table;
  Queue                          queues[MAX_PARAMS];
  int32_t                        n;
} Changes;

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

static v3_param_id V3_API
get_param_id(void* self)
{
  return ((Queue*)self)->id;
}

static int32_t V3_API
get_point_count(void* self)
{
  (void)self;
  return 1;
}

static v3_result V3_API
get_point(void* self, int32_t index, int32_t* offset, double* value)
{
  *offset = 0;
  *value  = ((Queue*)self)->value;
  return index == 0 ? V3_OK : V3_INVALID_ARG;
}

static v3_result V3_API
add_point(void* self, int32_t offset, double value, int32_t* index)
{
  (void)offset;
  ((Queue*)self)->value = value;
  *index                = 0;
  return V3_OK;
}

static const struct v3_param_value_queue queue_table = {.query_interface = no_interface,
                                                        .ref             = count_one,
                                                        .unref           = count_one,
                                                        .get_param_id    = get_param_id,
                                                        .get_point_count =
                                                          get_point_count,
                                                        .get_point = get_point,
                                                        .add_point = add_point};

static int32_t V3_API
get_param_count(void* self)
{
  return ((Changes*)self)->n;
}

static struct v3_param_value_queue** V3_API
get_param_data(void* self, int32_t index)
{
  return (struct v3_param_value_queue**)(void*)&((Changes*)self)->queues[index];
}

static struct v3_param_value_queue** V3_API
add_param_data(void* self, v3_param_id* id, int32_t* index)
{
  Changes* const changes = (Changes*)self;
  CHECK(changes->n < MAX_PARAMS);
  changes->queues[changes->n] = (Queue){&queue_table, *id, 0.0};
  *index                      = changes->n;
  return get_param_data(self, changes->n++);
}

/* Newer headers make `id` const: accept either */
typedef __typeof__(((struct v3_param_changes*)NULL)->add_param_data) AddParamData;

static const struct v3_param_changes changes_table = {
  .query_interface = no_interface,
  .ref             = count_one,
  .unref           = count_one,
  .get_param_count = get_param_count,
  .get_param_data  = get_param_data,
  .add_param_data  = (AddParamData)add_param_data};

/* Loading */

static Instance
load(const char* const bundle)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s/Contents/%s/Requinto.so", bundle, BUNDLE_FOLDER);
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(2);
  }
  typedef bool (*EntryFunc)(void*);
  typedef struct v3_plugin_factory** (*FactoryFunc)(void);
  const EntryFunc   entry = (EntryFunc)(uintptr_t)dlsym(library, "ModuleEntry");
  const FactoryFunc get   = (FactoryFunc)(uintptr_t)dlsym(library, "GetPluginFactory");
  CHECK(entry && get && entry(library));

  struct v3_plugin_factory** const factory = get();
  struct v3_class_info             info;
  CHECK((*factory)->num_classes(factory) == 1);
  CHECK((*factory)->get_class_info(factory, 0, &info) == V3_OK);
  printf("class=%s\n", info.name);

  Instance instance = {0};
  CHECK((*factory)->create_instance(
          factory, info.class_id, v3_component_iid, (void**)&instance.component) ==
        V3_OK);
  struct v3_component** const c = instance.component;
  CHECK((*c)->initialize(c, NULL) == V3_OK);
  CHECK((*c)->query_interface(c, v3_audio_processor_iid, (void**)&instance.processor) ==
        V3_OK);
  CHECK((*c)->query_interface(
          c, v3_edit_controller_iid, (void**)&instance.controller) == V3_OK);
  return instance;
}

/// Print every parameter, as a host does when it scans
static void
tell_params(const Instance* const instance)
{
  struct v3_edit_controller** const c = instance->controller;
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    v3_str_128           value;
    char                 name[128];
    char                 text[128];
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    const double normalised = (*c)->get_parameter_normalised(c, info.param_id);
    CHECK((*c)->get_parameter_string_for_value(c, info.param_id, normalised, value) ==
          V3_OK);
    text16_to(name, sizeof(name), info.title);
    text16_to(text, sizeof(text), value);
    printf("param.%s=%s\n", name, text);
  }
}

/// Write the changes that `NAME=TEXT` asks for
static void
set(const Instance* const instance, const char* const setting, Changes* const changes)
{
  struct v3_edit_controller** const c      = instance->controller;
  const char* const                 equals = strchr(setting, '=');
  CHECK(equals);
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    char                 name[128];
    v3_str_128           text;
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    text16_to(name, sizeof(name), info.title);
    text16_from(text, 128, equals + 1);
    if (strlen(name) == (size_t)(equals - setting) &&
        !strncmp(name, setting, strlen(name))) {
      double  value = 0.0;
      int32_t index = 0;
      CHECK((*c)->get_parameter_value_for_string(c, info.param_id, text, &value) ==
            V3_OK);
      struct v3_param_value_queue** const queue =
        add_param_data(changes, &info.param_id, &index);
      add_point(queue, 0, value, &index);
      return;
    }
  }
  fprintf(stderr, "no parameter for %s\n", setting);
  exit(2);
}

static double
status_of(const Instance* const instance, char text[128])
{
  struct v3_edit_controller** const c = instance->controller;
  for (int32_t i = 0; i < (*c)->get_parameter_count(c); ++i) {
    struct v3_param_info info;
    v3_str_128           value;
    char                 name[128];
    CHECK((*c)->get_parameter_info(c, i, &info) == V3_OK);
    text16_to(name, sizeof(name), info.title);
    if (!strcmp(name, "Status")) {
      const double normalised = (*c)->get_parameter_normalised(c, info.param_id);
      (*c)->get_parameter_string_for_value(c, info.param_id, normalised, value);
      text16_to(text, 128, value);
      return normalised;
    }
  }
  fprintf(stderr, "no parameter tells the status\n");
  exit(2);
}

/* Running */

/// Run one block through the plugin, in place
static double
run_block(const Instance* const instance,
          const Options* const  options,
          float* const* const   channels,
          const int32_t         n,
          Changes* const        input,
          Changes* const        output)
{
  float*                      pointers[2] = {channels[0], channels[1]};
  struct v3_audio_bus_buffers bus         = {.num_channels       = options->n_channels,
                                             .channel_buffers_32 = pointers};
  struct v3_process_data      data        = {
                .process_mode         = options->realtime ? V3_REALTIME : V3_OFFLINE,
                .symbolic_sample_size = V3_SAMPLE_32,
                .nframes              = n,
                .num_input_buses      = 1,
                .num_output_buses     = 1,
                .inputs               = &bus,
                .outputs              = &bus,
                .input_params         = (struct v3_param_changes**)(void*)input,
                .output_params        = (struct v3_param_changes**)(void*)output,
  };
  const double begun = now_s();
  CHECK((*instance->processor)->process(instance->processor, &data) == V3_OK);
  return now_s() - begun;
}

static void
sleep_s(const double seconds)
{
  if (seconds > 0.0) {
    const struct timespec pause = {(time_t)seconds,
                                   (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
  }
}

static void
run_file(const Instance* const instance, const Options* const options)
{
  static float memory[2][MAX_BLOCK];
  static float frames[2 * MAX_BLOCK];
  float* const channels[2] = {memory[0], memory[1]};
  FILE* const  in          = fopen(options->in_path, "rb");
  FILE* const  out         = fopen(options->out_path, "wb");
  CHECK(in && out);

  static Changes input;
  static Changes output;
  input.table  = &changes_table;
  output.table = &changes_table;
  for (int i = 0; i < options->n_settings; ++i) {
    set(instance, options->settings[i], &input);
  }

  const size_t n_channels = (size_t)options->n_channels;
  unsigned     seed       = 1;
  long         n_left     = options->n_drain;
  double       longest_s  = 0.0;
  double       due_s      = now_s();
  int          n_blocks   = 0;
  char         status[128];
  for (bool ended = false; !ended || n_left > 0;) {
    const size_t n_most =
      options->block ? (size_t)options->block : 1 + draw(&seed) % MAX_BLOCK;
    size_t n = 0;
    if (!ended) {
      n     = fread(frames, n_channels * sizeof(float), n_most, in);
      ended = n < n_most;
    } else {
      n = n_left < (long)n_most ? (size_t)n_left : n_most;
      n_left -= (long)n;
      memset(frames, 0, n * n_channels * sizeof(float));
    }
    for (size_t i = 0; i < n * n_channels; ++i) {
      memory[i % n_channels][i / n_channels] = frames[i];
    }
    output.n = 0;
    const double s =
      run_block(instance, options, channels, (int32_t)n, &input, &output);
    input.n   = 0;
    longest_s = s > longest_s ? s : longest_s;
    for (size_t i = 0; i < n * n_channels; ++i) {
      frames[i] = memory[i % n_channels][i / n_channels];
    }
    CHECK(fwrite(frames, n_channels * sizeof(float), n, out) == n);
    for (int32_t i = 0; i < output.n; ++i) {
      status_of(instance, status);
      printf("status_at_block_%d=%s\n", n_blocks, status);
    }
    ++n_blocks;
    if (options->realtime) {
      due_s += (double)n / options->rate;
      sleep_s(due_s - now_s());
    }
  }
  status_of(instance, status);
  printf("status=%s\nlongest_block_ms=%.3f\n", status, longest_s * 1e3);
  fclose(in);
  CHECK(!fclose(out));
}

static void
activate(const Instance* const instance, const Options* const options)
{
  struct v3_audio_processor** const p = instance->processor;
  v3_speaker_arrangement            speak =
    options->n_channels == 1 ? V3_SPEAKER_M : V3_SPEAKER_L | V3_SPEAKER_R;
  struct v3_process_setup setup = {options->realtime ? V3_REALTIME : V3_OFFLINE,
                                   V3_SAMPLE_32,
                                   MAX_BLOCK,
                                   options->rate};
  CHECK((*p)->set_bus_arrangements(p, &speak, 1, &speak, 1) == V3_TRUE);
  CHECK((*p)->setup_processing(p, &setup) == V3_OK);
  CHECK((*instance->component)->set_active(instance->component, 1) == V3_OK);
  CHECK((*p)->set_processing(p, 1) == V3_OK);
}

static void
deactivate(const Instance* const instance)
{
  struct v3_audio_processor** const p = instance->processor;
  CHECK((*p)->set_processing(p, 0) == V3_OK);
  CHECK((*instance->component)->set_active(instance->component, 0) == V3_OK);
}

static Options
parse(const int argc, char** const argv)
{
  Options options = {
    .rate = 44100.0, .n_channels = 2, .block = 512, .n_activations = 1};
  for (int i = 1; i < argc; ++i) {
    const char* const name  = argv[i];
    const bool        last  = i + 1 >= argc;
    const char* const value = last ? "" : argv[i + 1];
    if (!strcmp(name, "--realtime")) {
      options.realtime = true;
      continue;
    }
    if (strncmp(name, "--", 2) != 0) {
      options.bundle = name;
      continue;
    }
    if (!strcmp(name, "--in")) {
      options.in_path = value;
    } else if (!strcmp(name, "--out")) {
      options.out_path = value;
    } else if (!strcmp(name, "--rate")) {
      options.rate = atof(value);
    } else if (!strcmp(name, "--channels")) {
      options.n_channels = atoi(value);
    } else if (!strcmp(name, "--block")) {
      options.block = atoi(value);
    } else if (!strcmp(name, "--drain")) {
      options.n_drain = atol(value);
    } else if (!strcmp(name, "--activations")) {
      options.n_activations = atoi(value);
    } else if (!strcmp(name, "--set") && options.n_settings < MAX_SETTINGS) {
      options.settings[options.n_settings++] = value;
    } else {
      fprintf(stderr, "unknown option %s\n", name);
      exit(2);
    }
    ++i;
  }
  CHECK(options.bundle && options.block >= 0 && options.block <= MAX_BLOCK);
  CHECK(options.n_channels == 1 || options.n_channels == 2);
  return options;
}

int
main(const int argc, char** const argv)
{
  const Options  options  = parse(argc, argv);
  const double   begun    = now_s();
  const Instance instance = load(options.bundle);
  tell_params(&instance);
  printf("scan_ms=%.3f\n", (now_s() - begun) * 1e3);
  tell_process("after_scan");

  for (int i = 0; i < options.n_activations; ++i) {
    activate(&instance, &options);
    printf("latency=%u\n",
           (*instance.processor)->get_latency_samples(instance.processor));
    if (options.in_path && options.out_path) {
      run_file(&instance, &options);
    }
    deactivate(&instance);
  }
  tell_process("after_run");

  CHECK((*instance.component)->terminate(instance.component) == V3_OK);
  (*instance.processor)->unref(instance.processor);
  (*instance.controller)->unref(instance.controller);
  printf("references_left=%u\n", (*instance.component)->unref(instance.component));
  printf("host=done\n");
  return 0;
}
