-- SPDX-License-Identifier: GPL-3.0-or-later

-- Make a session of one stereo track with a plugin on it, and save it.
-- Arguments: FOLDER (must not exist), RATE, PLUGIN, BPM, BEATS, UNIT, then NAME=VALUE
-- for each parameter to set, its value as the plugin counts it.

local name = "session"
local session = assert(create_session(arg[1], name, tonumber(arg[2])), "no session")

local map = Temporal.TempoMap.write_copy()
local bpm, start = tonumber(arg[4]), Temporal.timepos_t(0)
map:set_tempo(Temporal.Tempo(bpm, bpm, 4), start)
map:set_meter(Temporal.Meter(tonumber(arg[5]), tonumber(arg[6])), start)
Temporal.TempoMap.update(map)
map = nil

local last = ARDOUR.PresentationInfo.max_order
local normal = ARDOUR.TrackMode.Normal
local tracks = session:new_audio_track(2, 2, nil, 1, "mix", last, normal, true)
local track = tracks:front()

-- Another thread connects the track to the master bus, the second channel last
local waits = 0
while not track:output():audio(1):connected() do
  waits = waits + 1
  assert(waits < 200, "the track was never connected")
  sleep(0.05)
end

local plugin = ARDOUR.LuaAPI.new_plugin(session, arg[3], ARDOUR.PluginType.VST3, "")
assert(not plugin:isnil(), "no plugin of this name was scanned")
assert(track:add_processor_by_index(plugin, 0, nil, true) == 0, "it does not fit")

local inside = plugin:to_insert():plugin(0)
local places = {}
for i = 0, inside:parameter_count() - 1 do
  places[inside:parameter_label(i)] = i
end
for i = 7, #arg do
  local label, value = string.match(arg[i], "^(.-)=(.*)$")
  local place = assert(places[label], "no parameter " .. label)
  assert(ARDOUR.LuaAPI.set_processor_param(plugin, place, tonumber(value)))
end

assert(session:save_state("", false, false, false, false, false) == 0)
close_session()
print("ardour=done")
