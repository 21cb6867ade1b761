-- SPDX-License-Identifier: GPL-3.0-or-later

-- Export what a session holds, as out.wav in its folder "export".
-- Arguments: FOLDER, and the identity of one of Ardour's export presets.

local session = assert(load_session(arg[1], "session"), "no session")
local export = session:simple_export()
export:set_folder(arg[1] .. "/export")
export:set_name("out")
export:set_range(session:current_start_sample(), session:current_end_sample())
assert(export:set_preset(arg[2]), "no such preset")
assert(export:check_outputs(), "nothing to export")
assert(export:run_export(), "nothing was exported")

export = nil
collectgarbage()
close_session()
io.write("ardour=done\n")
