/* SPDX-License-Identifier: GPL-3.0-or-later

   Paths, files and the environment on Windows. */

#include "os/os.h"
#include "os/win32_text.h"

#include <windows.h>

#include <string.h>

/// Take away the mark of a path that has no limit, which others do not understand
static wchar_t*
without_mark(wchar_t* const path)
{
  static const wchar_t disk[]    = L"\\\\?\\";
  static const wchar_t network[] = L"\\\\?\\UNC\\";
  const size_t         n_disk    = wcslen(disk);
  const size_t         n_network = wcslen(network);
  if (!wcsncmp(path, network, n_network)) {
    wchar_t* const start = path + n_network - 2; // \\server\share
    start[0]             = L'\\';
    return start;
  }
  return wcsncmp(path, disk, n_disk) ? path : path + n_disk;
}

bool
os_real_path(const char* const path, char* const real, const size_t size)
{
  wchar_t wide[WIN32_MAX_PATH];
  if (!win32_to_wide(path, wide)) {
    return false;
  }
  const DWORD  share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  const HANDLE file =
    CreateFileW(wide, 0, share, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  if (file == INVALID_HANDLE_VALUE) {
    return false;
  }
  const DWORD n = GetFinalPathNameByHandleW(file, wide, WIN32_MAX_PATH, 0);
  CloseHandle(file);
  if (!n || n >= WIN32_MAX_PATH || !win32_from_wide(without_mark(wide), real, size)) {
    return false;
  }
  os_tidy_path(real);
  return true;
}

FILE*
os_open(const char* const path)
{
  wchar_t wide[WIN32_MAX_PATH];
  return win32_to_wide(path, wide) ? _wfopen(wide, L"rb") : NULL;
}

void
os_tidy_path(char* const path)
{
  for (char* c = path; *c; ++c) {
    *c = *c == '\\' ? '/' : *c;
  }
}

bool
os_variable(const char* const name, char* const value, const size_t size)
{
  wchar_t wide_name[WIN32_MAX_PATH];
  wchar_t wide[WIN32_MAX_PATH];
  if (!win32_to_wide(name, wide_name)) {
    return false;
  }
  wide[0]       = L'\0';
  const DWORD n = GetEnvironmentVariableW(wide_name, wide, WIN32_MAX_PATH);
  return n && n < WIN32_MAX_PATH && win32_from_wide(wide, value, size);
}

bool
os_list_folder(const char* const path,
               void (*const visit)(void* context, const char* name),
               void* const context)
{
  char      pattern[WIN32_MAX_PATH];
  wchar_t   wide[WIN32_MAX_PATH];
  const int n = snprintf(pattern, sizeof(pattern), "%s/*", path);
  if (n < 0 || (size_t)n >= sizeof(pattern) || !win32_to_wide(pattern, wide)) {
    return false;
  }
  WIN32_FIND_DATAW entry;
  const HANDLE     folder = FindFirstFileW(wide, &entry);
  if (folder == INVALID_HANDLE_VALUE) {
    return false;
  }
  do {
    char name[WIN32_MAX_PATH];
    if (!(entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
        win32_from_wide(entry.cFileName, name, sizeof(name))) {
      visit(context, name);
    }
  } while (FindNextFileW(folder, &entry));
  FindClose(folder);
  return true;
}

bool
os_user_data(char* const path, const size_t size)
{
  if (!os_variable("APPDATA", path, size)) {
    return false;
  }
  os_tidy_path(path);
  return true;
}
