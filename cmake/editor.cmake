# SPDX-License-Identifier: GPL-3.0-or-later
# The plugin's window: what is painted, and what the user does to it.

# stb_truetype and a font lie beside the interfaces, in DPF
find_path(STB_TRUETYPE_INCLUDE_DIR stb_truetype.h
  PATHS "${TRAVESTY_INCLUDE_DIR}/../../dgl/src/nanovg"
  NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_file(REQUINTO_FONT DejaVuSans.ttf
  PATHS "${TRAVESTY_INCLUDE_DIR}/../../dgl/src/resources"
  NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)

add_library(editor STATIC
  plugin/editor/canvas.c plugin/editor/controls.c plugin/editor/countdown.c
  plugin/editor/display.c plugin/editor/editor.c plugin/editor/edits.c
  plugin/editor/entry.c plugin/editor/font.c plugin/editor/font_data.c
  plugin/editor/keys.c plugin/editor/layout.c plugin/editor/meters.c
  plugin/editor/paint.c plugin/editor/paint_controls.c plugin/editor/paint_overlay.c
  plugin/editor/paint_slot.c plugin/editor/panel.c plugin/editor/pixels.c
  plugin/editor/play_clock.c plugin/editor/pointer.c plugin/editor/popup.c
  plugin/editor/reader.c plugin/editor/reference_check.c plugin/editor/scene.c
  plugin/editor/scene_key.c  plugin/editor/shapes.c plugin/editor/song.c plugin/editor/song_bitmap.c
  plugin/editor/song_view.c plugin/editor/spectrum_colours.c plugin/editor/standstill.c
  plugin/editor/symbols.c plugin/editor/text.c plugin/editor/text_lines.c
  plugin/editor/thumbnail.c plugin/editor/tooltip.c plugin/editor/words.c)
set_source_files_properties(plugin/editor/font_data.c PROPERTIES
  COMPILE_DEFINITIONS "FONT_FILE=\"${REQUINTO_FONT}\""
  OBJECT_DEPENDS "${REQUINTO_FONT}")
target_include_directories(editor SYSTEM PRIVATE "${STB_TRUETYPE_INCLUDE_DIR}")
target_link_libraries(editor PUBLIC instance window PRIVATE warnings)
