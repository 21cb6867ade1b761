# SPDX-License-Identifier: GPL-3.0-or-later
# The system's windows, by pugl: on Linux a library of its own beside each plugin, so
# that the plugin loads where there is no libX11.

get_filename_component(dpf_folder "${TRAVESTY_INCLUDE_DIR}/../.." ABSOLUTE)
set(pugl_folder "${dpf_folder}/dgl/src/pugl-upstream")
set(sofd_folder "${dpf_folder}/distrho/extra/sofd")
set(window_sources plugin/window/pugl_events.c plugin/window/pugl_window.c
  plugin/window/sound_names.c)
set(window_name "requinto_window${CMAKE_SHARED_MODULE_SUFFIX}")

# pugl as a library of objects, without its warnings
function(add_pugl)
  list(TRANSFORM ARGN PREPEND "${pugl_folder}/src/")
  add_library(pugl OBJECT "${pugl_folder}/src/common.c" "${pugl_folder}/src/internal.c"
    ${ARGN})
  target_compile_definitions(pugl PUBLIC PUGL_API= PUGL_DISABLE_DEPRECATED)
  target_compile_options(pugl PRIVATE -w)
  target_include_directories(pugl SYSTEM PUBLIC "${pugl_folder}/include")
endfunction()

# What the editor links
add_library(window STATIC plugin/window/window.c)
target_link_libraries(window PUBLIC os PRIVATE warnings)
set(with_window FALSE)

if(WIN32 OR APPLE)
  set(with_window TRUE)
elseif(NOT EXISTS "${pugl_folder}/src/x11.c")
  message(WARNING "No pugl in ${pugl_folder}: the plugin has no window")
else()
  find_package(X11)
  if(X11_FOUND)
    set(with_window TRUE)
  else()
    message(WARNING "No X11: the plugin has no window (apt-get install libx11-dev)")
  endif()
endif()

if(NOT with_window)
  target_compile_definitions(window PRIVATE REQUINTO_NO_WINDOW)
elseif(WIN32)
  add_pugl(win.c)
  target_sources(window PRIVATE ${window_sources}
    plugin/window/native_none.c plugin/window/win32.c plugin/window/win32_backend.c)
  target_include_directories(window SYSTEM PRIVATE "${pugl_folder}/src")
  target_link_libraries(window PRIVATE pugl comdlg32 gdi32 ole32 shell32 user32)
elseif(APPLE)
  enable_language(OBJC)
  add_pugl(mac.m mac_stub.m)
  # Classes are the whole process's, where other plugins have other versions of them
  foreach(class Window WindowDelegate WrapperView StubView)
    target_compile_definitions(pugl PRIVATE Pugl${class}=RequintoPugl${class})
  endforeach()
  target_sources(window PRIVATE ${window_sources}
    plugin/window/native_none.c plugin/window/cocoa.m)
  target_link_libraries(window PRIVATE pugl "-framework Cocoa"
    "-framework QuartzCore")
else()
  add_pugl(x11.c x11_stub.c)
  # Events pass our filter first; a parent may have any depth, and may be gone
  set_source_files_properties("${pugl_folder}/src/x11.c" PROPERTIES COMPILE_DEFINITIONS
    "XNextEvent=x11_next_event;XCreateWindow=x11_create_window;XGetWindowAttributes=x11_window_attributes")
  add_library(window_library MODULE ${window_sources}
    plugin/window/connection.c plugin/window/sofd.c plugin/window/uri_list.c
    plugin/window/x11.c plugin/window/x_dialog.c plugin/window/xdnd.c)
  set_target_properties(window_library PROPERTIES
    OUTPUT_NAME requinto_window PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${binaries}")
  set_source_files_properties(plugin/window/sofd.c PROPERTIES COMPILE_OPTIONS -w)
  target_include_directories(window_library SYSTEM PRIVATE "${sofd_folder}")
  target_link_libraries(window_library PRIVATE os pugl X11::X11 warnings)
  target_link_libraries(pugl PRIVATE X11::X11)
  target_compile_definitions(window PRIVATE REQUINTO_WINDOW_NAME="${window_name}")

  include(CheckSymbolExists)
  set(CMAKE_REQUIRED_LIBRARIES X11::X11)
  check_symbol_exists(XSetIOErrorExitHandler X11/Xlib.h has_io_error_exit_handler)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(has_io_error_exit_handler)
    target_compile_definitions(window_library PRIVATE HAS_IO_ERROR_EXIT_HANDLER)
  endif()
endif()
