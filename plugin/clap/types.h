/* SPDX-License-Identifier: GPL-3.0-or-later

   The CLAP interfaces we use: those of the headers, of version 1.1, and those that
   the selection of headers at hand leaves out. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <clap/entry.h>
#include <clap/ext/audio-ports.h>
#include <clap/ext/gui.h>
#include <clap/ext/latency.h>
#include <clap/ext/params.h>
#include <clap/ext/state.h>
#include <clap/ext/timer-support.h>
#include <clap/plugin-factory.h>
#include <clap/string-sizes.h>

enum { CLAP_TYPES_IS_ENUM = 1 << 16 }; ///< A flag of parameters, since 1.2

/* Which layouts of ports there are */

#define CLAP_TYPES_PORTS_CONFIG "clap.audio-ports-config"

typedef struct {
  clap_id     id;
  char        name[CLAP_NAME_SIZE];
  uint32_t    n_inputs;
  uint32_t    n_outputs;
  bool        has_main_input;
  uint32_t    n_input_channels;
  const char* input_type;
  bool        has_main_output;
  uint32_t    n_output_channels;
  const char* output_type;
} ClapPortsConfig;

typedef struct {
  uint32_t(CLAP_ABI* count)(const clap_plugin_t* plugin);
  bool(CLAP_ABI* get)(const clap_plugin_t* plugin,
                      uint32_t             index,
                      ClapPortsConfig*     config);
  bool(CLAP_ABI* select)(const clap_plugin_t* plugin, clap_id id);
} ClapPortsConfigs;

/* Whether the host waits for us */

#define CLAP_TYPES_RENDER "clap.render"

enum { CLAP_TYPES_REALTIME = 0, CLAP_TYPES_OFFLINE = 1 };

typedef struct {
  bool(CLAP_ABI* has_hard_realtime_requirement)(const clap_plugin_t* plugin);
  bool(CLAP_ABI* set)(const clap_plugin_t* plugin, int32_t mode);
} ClapRender;

/* How long sound goes on after its input */

#define CLAP_TYPES_TAIL "clap.tail"

typedef struct {
  uint32_t(CLAP_ABI* get)(const clap_plugin_t* plugin);
} ClapTail;

/* The loop of events of a host on POSIX, which may watch descriptors */

#define CLAP_TYPES_DESCRIPTORS "clap.posix-fd-support"

enum { CLAP_TYPES_DESCRIPTOR_READ = 1 }; ///< Something can be read

typedef struct {
  void(CLAP_ABI* on_descriptor)(const clap_plugin_t* plugin, int fd, uint32_t flags);
} ClapDescriptors;

typedef struct {
  bool(CLAP_ABI* register_descriptor)(const clap_host_t* host, int fd, uint32_t flags);
  bool(CLAP_ABI* modify)(const clap_host_t* host, int fd, uint32_t flags);
  bool(CLAP_ABI* unregister)(const clap_host_t* host, int fd);
} ClapHostDescriptors;
