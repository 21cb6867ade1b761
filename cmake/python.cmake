# SPDX-License-Identifier: GPL-3.0-or-later
# The Python that the bridge is compiled for, and that hosts without one start.

if(CMAKE_CROSSCOMPILING)
  # The interpreter here runs our scripts, and gives its version for that elsewhere
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
  message(WARNING "Building without the bridge to Python, which needs the Python of "
                  "${CMAKE_SYSTEM_NAME}: the plugin will say that there is none")
  set(with_bridge FALSE)
  set(env_python "")
  set(env_libpython "")
  set(env_libpython_name "python${Python_VERSION_MAJOR}${Python_VERSION_MINOR}.dll")
else()
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c [[
import os, sys, sysconfig
known = sysconfig.get_config_var
if sys.platform == "win32":
    folder, name = sys.base_prefix, "python%d%d.dll" % sys.version_info[:2]
else:
    folder = known("PYTHONFRAMEWORKPREFIX") or known("LIBDIR") or ""
    name = known("INSTSONAME") or ""
print(os.path.join(folder, name).replace(os.sep, "/"), name, sep=";")
]]
    OUTPUT_VARIABLE libpython OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(with_bridge TRUE)
  set(env_python "${Python_EXECUTABLE}")
  list(GET libpython 0 env_libpython)
  list(GET libpython 1 env_libpython_name)
endif()
