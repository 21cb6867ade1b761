-- SPDX-License-Identifier: GPL-3.0-or-later

-- Bounce a stretch of the track through its plugin, as freezing does.
-- Arguments: FOLDER, first frame, and the first that is not bounced.

local session = assert(load_session(arg[1], "session"), "no session")
local track = session:route_by_name("mix"):to_track()
local first, last = tonumber(arg[2]), tonumber(arg[3])
local progress = ARDOUR.InterThreadInfo()
local outs = track:main_outs()
local region = track:bounce_range(first, last, progress, outs, false, "bounced")
assert(not region:isnil(), "nothing was bounced")
io.write("ardour=done\n")
io.stdout:flush()
region, outs, track = nil, nil, nil
collectgarbage()
close_session()
