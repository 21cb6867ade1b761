# SPDX-License-Identifier: GPL-3.0-or-later
# Which files speak to the operating system, and how it names a plugin's parts.

if(MSVC)
  message(FATAL_ERROR "Build with gcc (mingw-w64) or clang: Microsoft's compiler lacks "
                      "attributes and atomics that we use")
endif()

if(WIN32)
  set(os_sources plugin/os/win32.c plugin/os/win32_files.c plugin/os/win32_text.c
    plugin/os/ticker_win32.c)
  set(env_sources plugin/python/env_win32.c)
  set(os_libraries "")
  string(REPLACE "AMD64" "x86_64" processor "${CMAKE_SYSTEM_PROCESSOR}")
  set(binary_folder "${processor}-win")
  set(plugin_suffix ".vst3")
else()
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  set(env_sources plugin/python/env_posix.c)
  set(os_libraries Threads::Threads ${CMAKE_DL_LIBS} m)
  if(APPLE)
    set(os_sources plugin/os/posix.c plugin/os/macos.c plugin/os/ticker_macos.c)
    set(binary_folder MacOS)
    set(plugin_suffix "")
  else()
    set(os_sources plugin/os/posix.c plugin/os/linux.c plugin/os/ticker_none.c)
    set(binary_folder "${CMAKE_SYSTEM_PROCESSOR}-linux")
    set(plugin_suffix ".so")
  endif()
endif()
