-- SPDX-License-Identifier: GPL-3.0-or-later

-- Open a session that was saved, tell what Ardour knows of the plugin on its track,
-- and save it once more, under the name "again".
-- Argument: FOLDER.

local session = assert(load_session(arg[1], "session"), "no session")
local track = session:route_by_name("mix"):to_track()
local plugin = track:nth_plugin(0)
assert(not plugin:isnil(), "the plugin was not loaded")

local insert = plugin:to_insert()
print("latency=" .. insert:signal_latency())
local inside = insert:plugin(0)
for i = 0, inside:parameter_count() - 1 do
  local value = ARDOUR.LuaAPI.get_processor_param(plugin, i, true)
  print("param." .. inside:parameter_label(i) .. "=" .. value)
end

assert(session:save_state("again", false, false, false, false, false) == 0)
close_session()
print("ardour=done")
