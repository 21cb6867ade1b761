# SPDX-License-Identifier: GPL-3.0-or-later
# What the web page contains of npm: files ready to serve, in a package of one archive.
# It is downloaded once into the build folder; another registry is given as npm is given
# one, by NPM_CONFIG_REGISTRY.

set(wavesurfer_version 8.0.1)
set(wavesurfer_sha512 # `npm view wavesurfer.js@8.0.1 dist.integrity`, in hexadecimals
  8743a74564954ea2182d2c37fc856b06db2e9ffc70f4be6ee050376e37d20d314c5ffc6cc15592d49c0ae1f16edee966c515121e0f3340e465eb310d1bdf377a)

set(npm_registry "https://registry.npmjs.org")
foreach(given "$ENV{npm_config_registry}" "$ENV{NPM_CONFIG_REGISTRY}"
    "${NPM_CONFIG_REGISTRY}")
  if(given)
    set(npm_registry "${given}")
  endif()
endforeach()
string(REGEX REPLACE "/+$" "" npm_registry "${npm_registry}")
set(wavesurfer_url
  "${npm_registry}/wavesurfer.js/-/wavesurfer.js-${wavesurfer_version}.tgz")

set(vendor_folder "${CMAKE_BINARY_DIR}/page")
set(wavesurfer_archive "${vendor_folder}/wavesurfer.js-${wavesurfer_version}.tgz")
set(wavesurfer_files wavesurfer.esm.js plugins/regions.esm.js)

# Not EXPECTED_HASH: where it fails the build would fail, and all but the page works
function(has_wavesurfer result)
  set(actual "")
  if(EXISTS "${wavesurfer_archive}")
    file(SHA512 "${wavesurfer_archive}" actual)
  endif()
  string(COMPARE EQUAL "${actual}" "${wavesurfer_sha512}" is_equal)
  set(${result} ${is_equal} PARENT_SCOPE)
endfunction()

has_wavesurfer(is_there)
if(NOT is_there)
  file(DOWNLOAD "${wavesurfer_url}" "${wavesurfer_archive}"
    STATUS download_status INACTIVITY_TIMEOUT 20 TIMEOUT 120)
  has_wavesurfer(is_there)
endif()

if(is_there)
  list(TRANSFORM wavesurfer_files PREPEND package/dist/ OUTPUT_VARIABLE members)
  file(ARCHIVE_EXTRACT INPUT "${wavesurfer_archive}" DESTINATION "${vendor_folder}"
    PATTERNS ${members} package/LICENSE)
  list(TRANSFORM members PREPEND "${vendor_folder}/")
  install(FILES ${members} DESTINATION requinto_web/page/vendor)
  install(FILES "${vendor_folder}/package/LICENSE"
    DESTINATION requinto_web/page/vendor RENAME wavesurfer.LICENSE.txt)
else()
  list(GET download_status 0 download_code)
  list(GET download_status 1 download_error)
  if(download_code EQUAL 0)
    set(download_error "it is not the archive expected")
  endif()
  file(REMOVE "${wavesurfer_archive}")
  message(WARNING "No ${wavesurfer_url} (${download_error}): `requinto serve` has no "
                  "page; its interface for programs works. NPM_CONFIG_REGISTRY may "
                  "name another registry.")
endif()
