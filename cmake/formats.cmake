# SPDX-License-Identifier: GPL-3.0-or-later
# The plugin as CLAP and LV2: other translations of the same instance.

# A single file, in a folder with what it needs; on macOS a bundle
set(clap_folder "${CMAKE_BINARY_DIR}/clap")
if(APPLE)
  set(clap_binaries "${clap_folder}/Requinto.clap/Contents/MacOS")
  set(clap_suffix "")
  set(bundle_format clap)
  configure_file(plugin/Info.plist.in
    "${clap_folder}/Requinto.clap/Contents/Info.plist" @ONLY)
  file(WRITE "${clap_folder}/Requinto.clap/Contents/PkgInfo" "BNDL????")
else()
  set(clap_binaries "${clap_folder}")
  set(clap_suffix ".clap")
endif()
add_library(clap MODULE
  plugin/clap/edits.c plugin/clap/entry.c plugin/clap/extensions.c plugin/clap/gui.c
  plugin/clap/gui_window.c plugin/clap/params.c plugin/clap/plugin.c
  plugin/clap/process.c)
set_target_properties(clap PROPERTIES
  OUTPUT_NAME Requinto PREFIX "" SUFFIX "${clap_suffix}"
  LIBRARY_OUTPUT_DIRECTORY "${clap_binaries}")

set(lv2_folder "${CMAKE_BINARY_DIR}/Requinto.lv2")
add_library(lv2 MODULE plugin/lv2/lv2.c plugin/lv2/position.c plugin/lv2/ui.c)
set_target_properties(lv2 PROPERTIES
  OUTPUT_NAME Requinto PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${lv2_folder}")

foreach(format clap lv2)
  target_compile_definitions(${format} PRIVATE REQUINTO_VERSION="${PROJECT_VERSION}")
  target_include_directories(${format} SYSTEM PRIVATE "${TRAVESTY_INCLUDE_DIR}")
  target_link_libraries(${format} PRIVATE editor instance warnings)
endforeach()

configure_file(THIRD_PARTY.md "${clap_folder}/THIRD_PARTY.md" COPYONLY)
configure_file(THIRD_PARTY.md "${lv2_folder}/THIRD_PARTY.md" COPYONLY)

# The class of its windows, as LV2 has it
if(NOT with_window)
  set(lv2_ui "")
elseif(WIN32)
  set(lv2_ui WindowsUI)
elseif(APPLE)
  set(lv2_ui CocoaUI)
else()
  set(lv2_ui X11UI)
endif()

# What hosts read of the LV2 plugin, and Python of the parameters; Wine runs this in a
# build for Windows
set(params_file "${CMAKE_BINARY_DIR}/params.json")
add_executable(describe plugin/lv2/describe.c plugin/lv2/describe_params.c
  plugin/lv2/describe_turtle.c)
target_compile_definitions(describe PRIVATE REQUINTO_VERSION="${PROJECT_VERSION}")
target_link_libraries(describe PRIVATE core warnings)
add_custom_command(
  OUTPUT "${lv2_folder}/manifest.ttl" "${lv2_folder}/requinto.ttl" "${params_file}"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${lv2_folder}"
  COMMAND describe "${lv2_folder}" "$<TARGET_FILE_NAME:lv2>" "${params_file}" ${lv2_ui}
  DEPENDS describe)
add_custom_target(descriptions ALL
  DEPENDS "${lv2_folder}/manifest.ttl" "${lv2_folder}/requinto.ttl" "${params_file}")

# Each finds the bridge and the windows beside itself
foreach(library bridge window_library)
  if(TARGET ${library})
    add_custom_command(TARGET ${library} POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${clap_binaries}" "${lv2_folder}"
      COMMAND "${CMAKE_COMMAND}" -E copy "$<TARGET_FILE:${library}>" "${clap_binaries}"
      COMMAND "${CMAKE_COMMAND}" -E copy "$<TARGET_FILE:${library}>" "${lv2_folder}")
  endif()
endforeach()

install(FILES "${params_file}" DESTINATION requinto)
install(DIRECTORY "${clap_folder}" "${lv2_folder}" DESTINATION requinto
  USE_SOURCE_PERMISSIONS)
