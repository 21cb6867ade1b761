/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "lv2/describe_turtle.h"

#include "core/references.h"
#include "lv2/ports.h"

#include <stdio.h>

static const char prefixes[] =
  "# SPDX-License-Identifier: GPL-3.0-or-later\n"
  "# Made from plugin/core/params.c by plugin/lv2/describe.c\n"
  "@prefix atom: <http://lv2plug.in/ns/ext/atom#> .\n"
  "@prefix doap: <http://usefulinc.com/ns/doap#> .\n"
  "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
  "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n"
  "@prefix pg: <http://lv2plug.in/ns/ext/port-groups#> .\n"
  "@prefix pprops: <http://lv2plug.in/ns/ext/port-props#> .\n"
  "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
  "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
  "@prefix state: <http://lv2plug.in/ns/ext/state#> .\n"
  "@prefix time: <http://lv2plug.in/ns/ext/time#> .\n"
  "@prefix units: <http://lv2plug.in/ns/extensions/units#> .\n"
  "@prefix urid: <http://lv2plug.in/ns/ext/urid#> .\n";

/// One of the two plugins, as its description is written
typedef struct {
  FILE*       file;
  const char* uri;
  uint32_t    n_channels;
} Plugin;

/* Ports; the first begins the plugin's list, the others go on */

static void
begin_port(const Plugin* const plugin,
           const uint32_t      index,
           const char* const   types,
           const char* const   symbol,
           const char* const   name)
{
  fprintf(plugin->file,
          "%s[\n\t\ta %s ;\n\t\tlv2:index %u ;\n\t\tlv2:symbol \"%s\" ;\n"
          "\t\tlv2:name \"%s\"",
          index ? " , " : "\tlv2:port ",
          types,
          index,
          symbol,
          name);
}

static void
end_port(const Plugin* const plugin)
{
  fputs("\n\t]", plugin->file);
}

static void
add(const Plugin* const plugin, const char* const property, const char* const object)
{
  fprintf(plugin->file, " ;\n\t\t%s %s", property, object);
}

static void
add_range(const Plugin* const plugin,
          const double        min,
          const double        max,
          const double        default_value)
{
  fprintf(plugin->file,
          " ;\n\t\tlv2:minimum %.1f ;\n\t\tlv2:maximum %.1f ;\n\t\tlv2:default %.1f",
          min,
          max,
          default_value);
}

static void
write_first_ports(const Plugin* const plugin)
{
  begin_port(
    plugin, LV2_PORT_POSITION, "lv2:InputPort , atom:AtomPort", "position", "Position");
  add(plugin, "lv2:designation", "lv2:control");
  add(plugin, "atom:bufferType", "atom:Sequence");
  add(plugin, "atom:supports", "time:Position");
  add(plugin, "lv2:portProperty", "lv2:connectionOptional");
  end_port(plugin);

  begin_port(plugin,
             LV2_PORT_OFFLINE,
             "lv2:InputPort , lv2:ControlPort",
             "freewheel",
             "Freewheel");
  add(plugin, "lv2:designation", "lv2:freeWheeling");
  add(plugin, "lv2:portProperty", "lv2:toggled , pprops:notOnGUI");
  add_range(plugin, 0.0, 1.0, 0.0);
  end_port(plugin);

  begin_port(
    plugin, LV2_PORT_LATENCY, "lv2:OutputPort , lv2:ControlPort", "latency", "Latency");
  add(plugin, "lv2:designation", "lv2:latency");
  add(plugin, "lv2:portProperty", "lv2:reportsLatency , lv2:integer , pprops:notOnGUI");
  add(plugin, "units:unit", "units:frame");
  end_port(plugin);
}

/// Write the ports of input, output or sidechain
static void
write_audio_ports(const Plugin* const plugin,
                  const uint32_t      first,
                  const char* const   direction,
                  const char* const   symbol,
                  const char* const   name)
{
  static const char* const sides[]         = {"left", "right"};
  const bool               is_mono         = plugin->n_channels == 1;
  char                     types[64]       = "";
  char                     full_symbol[64] = "";
  char                     full_name[64]   = "";
  char                     object[128]     = "";
  snprintf(types, sizeof(types), "lv2:%sPort , lv2:AudioPort", direction);
  for (uint32_t c = 0; c < plugin->n_channels; ++c) {
    const char* const side = is_mono ? "" : sides[c];
    const size_t      n    = sizeof(full_symbol);
    snprintf(full_symbol, n, "%s%s%s", symbol, is_mono ? "" : "_", side);
    snprintf(full_name, n, "%s%s%s", name, is_mono ? "" : " ", side);
    begin_port(plugin, first + c, types, full_symbol, full_name);
    snprintf(object, sizeof(object), "<%s#%s>", plugin->uri, symbol);
    add(plugin, "pg:group", object);
    snprintf(object, sizeof(object), "pg:%s", is_mono ? "center" : side);
    add(plugin, "lv2:designation", object);
    if (symbol[0] == 's') {
      add(plugin, "lv2:portProperty", "lv2:isSideChain , lv2:connectionOptional");
    }
    end_port(plugin);
  }
}

/* Parameters */

static void
write_point(const Plugin* const plugin, const uint32_t value, const char* const label)
{
  fprintf(plugin->file,
          "%s[ rdfs:label \"%s\" ; rdf:value %u ]",
          value ? " ,\n\t\t\t" : " ;\n\t\tlv2:scalePoint ",
          label,
          value);
}

/// Write names of the user's targets, of which only the user's own computer knows what
/// they are called, from number `n` on; return how many targets there are then
static uint32_t
write_own_targets(const Plugin* const plugin, const uint32_t n)
{
  write_point(plugin, n, REFERENCES_LEARNED);
  for (uint32_t i = 1; i <= LV2_OWN_TARGETS; ++i) {
    char label[16];
    snprintf(label, sizeof(label), "Own %u", i);
    write_point(plugin, n + i, label);
  }
  return n + 1 + LV2_OWN_TARGETS;
}

static void
write_list(const Plugin* const    plugin,
           const ParamIndex       index,
           const ParamInfo* const row)
{
  uint32_t n = row->n_labels;
  for (uint32_t i = 0; i < n; ++i) {
    write_point(plugin, i, row->labels[i]);
  }
  if (index == PARAM_TARGET) {
    n = write_own_targets(plugin, n);
  }
  add(plugin, "lv2:portProperty", "lv2:integer , lv2:enumeration");
  add_range(plugin, row->min, n - 1, row->default_value);
}

static void
write_number(const Plugin* const    plugin,
             const ParamIndex       index,
             const ParamInfo* const row)
{
  if (!row->n_decimals) {
    add(plugin, "lv2:portProperty", "lv2:integer");
  }
  // The table has no unit for the tempo, which other hosts would misread
  const bool is_percent = row->unit[0] == '%';
  if (is_percent || index == PARAM_TEMPO) {
    add(plugin, "units:unit", is_percent ? "units:pc" : "units:bpm");
  }
  add_range(plugin, row->min, row->max, row->default_value);
}

static void
write_param(const Plugin* const plugin, const ParamIndex index)
{
  const ParamInfo* const row = params_info(index);
  begin_port(plugin,
             lv2_param_port(plugin->n_channels, index),
             row->read_only ? "lv2:OutputPort , lv2:ControlPort"
                            : "lv2:InputPort , lv2:ControlPort",
             row->is_bypass ? "enabled" : row->key,
             row->is_bypass ? "Enabled" : row->name);
  if (row->is_bypass) {
    add(plugin, "lv2:designation", "lv2:enabled");
  }
  if (row->is_switch) {
    add(plugin, "lv2:portProperty", "lv2:toggled");
    add_range(plugin, 0.0, 1.0, lv2_port_value(row, row->default_value));
  } else if (row->labels) {
    write_list(plugin, index, row);
  } else {
    write_number(plugin, index, row);
  }
  if (row->unsaved && !row->read_only) {
    add(plugin, "lv2:portProperty", "pprops:notAutomatic");
  }
  if (index == PARAM_CLIP) {
    // Its change takes effect at the next activation only
    add(plugin, "lv2:portProperty", "pprops:expensive");
  }
  end_port(plugin);
}

/* Plugins */

static void
write_groups(const Plugin* const plugin)
{
  const char* const type = plugin->n_channels == 1 ? "pg:MonoGroup" : "pg:StereoGroup";
  FILE* const       file = plugin->file;
  const char* const uri  = plugin->uri;
  fprintf(file,
          "\n<%s#input>\n\ta %s , pg:InputGroup ;\n\tlv2:symbol \"input\" ;\n"
          "\tlv2:name \"Input\" .\n",
          uri,
          type);
  fprintf(file,
          "\n<%s#output>\n\ta %s , pg:OutputGroup ;\n\tlv2:symbol \"output\" ;\n"
          "\tlv2:name \"Output\" ;\n\tpg:source <%s#input> .\n",
          uri,
          type,
          uri);
  fprintf(file,
          "\n<%s#sidechain>\n\ta %s , pg:InputGroup ;\n\tlv2:symbol \"sidechain\" ;\n"
          "\tlv2:name \"Sidechain\" ;\n\tpg:sideChainOf <%s#input> .\n",
          uri,
          type,
          uri);
}

static void
write_plugin(const Plugin* const plugin, const char* const name)
{
  int minor = 0;
  int micro = 0;
  (void)sscanf(REQUINTO_VERSION, "%*d.%d.%d", &minor, &micro);
  write_groups(plugin);
  fprintf(plugin->file,
          "\n<%s>\n\ta lv2:Plugin , lv2:SpectralPlugin , doap:Project ;\n"
          "\tdoap:name \"%s\" ;\n"
          "\tdoap:license <https://spdx.org/licenses/GPL-3.0-or-later> ;\n"
          "\tdoap:maintainer [ a foaf:Person ; foaf:name \"Requinto\" ] ;\n"
          "\trdfs:comment \"Point at an instrument, get it out of the mix\" ;\n"
          "\tlv2:minorVersion %d ;\n\tlv2:microVersion %d ;\n"
          "\tlv2:optionalFeature urid:map , lv2:hardRTCapable , "
          "state:threadSafeRestore ;\n"
          "\tlv2:extensionData state:interface ;\n"
          "\tpg:mainInput <%s#input> ;\n\tpg:mainOutput <%s#output> ;\n",
          plugin->uri,
          name,
          minor,
          micro,
          plugin->uri,
          plugin->uri);

  const uint32_t n = plugin->n_channels;
  write_first_ports(plugin);
  write_audio_ports(plugin, lv2_input_port(0), "Input", "input", "Input");
  write_audio_ports(plugin, lv2_output_port(n, 0), "Output", "output", "Output");
  write_audio_ports(
    plugin, lv2_sidechain_port(n, 0), "Input", "sidechain", "Sidechain");
  for (unsigned i = 0; i < N_PARAMS; ++i) {
    write_param(plugin, (ParamIndex)i);
  }
  fputs(" .\n", plugin->file);
}

void
describe_manifest(FILE* const file, const char* const binary)
{
  static const char* const uris[] = {LV2_PORTS_URI, LV2_PORTS_MONO_URI};

  fputs(prefixes, file);
  for (unsigned i = 0; i < 2; ++i) {
    fprintf(file,
            "\n<%s>\n\ta lv2:Plugin ;\n\tlv2:binary <%s> ;\n"
            "\trdfs:seeAlso <requinto.ttl> .\n",
            uris[i],
            binary);
  }
}

void
describe_plugins(FILE* const file)
{
  fputs(prefixes, file);
  fprintf(file,
          "\n<%s>\n\ta rdf:Property ;\n"
          "\trdfs:label \"settings\" ;\n\trdfs:range atom:Chunk .\n"
          "\n<%s>\n\ta rdf:Property ;\n"
          "\trdfs:label \"target port\" ;\n\trdfs:range atom:Float .\n",
          LV2_PORTS_STATE_URI,
          LV2_PORTS_TARGET_URI);
  write_plugin(&(Plugin){file, LV2_PORTS_URI, 2}, "Requinto");
  write_plugin(&(Plugin){file, LV2_PORTS_MONO_URI, 1}, "Requinto mono");
}
