# SPDX-License-Identifier: GPL-3.0-or-later
# The plugin as CLAP: another translation of the same instance.

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
  plugin/clap.c plugin/clap_extensions.c plugin/clap_params.c plugin/clap_process.c)
set_target_properties(clap PROPERTIES
  OUTPUT_NAME Requinto PREFIX "" SUFFIX "${clap_suffix}"
  LIBRARY_OUTPUT_DIRECTORY "${clap_binaries}")

foreach(format clap)
  target_compile_definitions(${format} PRIVATE REQUINTO_VERSION="${PROJECT_VERSION}")
  target_include_directories(${format} SYSTEM PRIVATE "${TRAVESTY_INCLUDE_DIR}")
  target_link_libraries(${format} PRIVATE instance warnings)
endforeach()

# Each finds the bridge beside itself
if(with_bridge)
  add_custom_command(TARGET bridge POST_BUILD
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${clap_binaries}"
    COMMAND "${CMAKE_COMMAND}" -E copy "$<TARGET_FILE:bridge>" "${clap_binaries}")
endif()

install(DIRECTORY "${clap_folder}" DESTINATION requinto
  USE_SOURCE_PERMISSIONS)
