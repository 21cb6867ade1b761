/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "png.h"

#include <stdio.h>
#include <stdlib.h>

/* PNG (ISO/IEC 15948), zlib (RFC 1950) and stored blocks of deflate (RFC 1951). */

enum { MAX_STORED = 65535, ADLER = 65521 };

/// Write a number, the high byte first
static void
write_u32(unsigned char bytes[4], const uint32_t value)
{
  for (unsigned i = 0; i < 4; ++i) {
    bytes[i] = (unsigned char)(value >> (24 - 8 * i));
  }
}

/// Return the check sum of a chunk, from that of what comes before
static uint32_t
check_sum(uint32_t crc, const unsigned char* const bytes, const size_t n)
{
  for (size_t i = 0; i < n; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc & 1U ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
    }
  }
  return crc;
}

/// Write a chunk; return whether that went well
static bool
write_chunk(FILE* const                file,
            const char* const          name,
            const unsigned char* const bytes,
            const size_t               n)
{
  unsigned char head[8] = {0};
  unsigned char tail[4] = {0};
  write_u32(head, (uint32_t)n);
  for (int i = 0; i < 4; ++i) {
    head[4 + i] = (unsigned char)name[i];
  }
  write_u32(tail, ~check_sum(check_sum(~0U, head + 4, 4), bytes, n));
  return fwrite(head, 1, 8, file) == 8 && fwrite(bytes, 1, n, file) == n &&
         fwrite(tail, 1, 4, file) == 4;
}

/// Return rows of red, green and blue, each after the number of no filter
static unsigned char*
rows_of(const uint32_t* const pixels, const uint32_t width, const uint32_t height)
{
  unsigned char* const rows = (unsigned char*)malloc((width * 3UL + 1) * height);
  unsigned char*       to   = rows;
  for (uint32_t y = 0; rows && y < height; ++y) {
    *to++ = 0;
    for (uint32_t x = 0; x < width; ++x) {
      const uint32_t pixel = pixels[(size_t)y * width + x];
      *to++                = (unsigned char)(pixel >> 16U);
      *to++                = (unsigned char)(pixel >> 8U);
      *to++                = (unsigned char)pixel;
    }
  }
  return rows;
}

/// Return a stream of zlib that holds `*n` bytes as they are, and set `*n` to its
/// length
static unsigned char*
store(const unsigned char* const bytes, size_t* const n)
{
  const size_t         n_blocks = *n / MAX_STORED + 1;
  unsigned char* const stream   = (unsigned char*)malloc(*n + 5 * n_blocks + 6);
  size_t               length   = 0;
  uint32_t             low      = 1;
  uint32_t             high     = 0;
  if (!stream) {
    return NULL;
  }
  stream[length++] = 0x78;
  stream[length++] = 0x01;
  for (size_t block = 0; block < n_blocks; ++block) {
    const size_t start = block * MAX_STORED;
    const size_t size  = *n - start < MAX_STORED ? *n - start : MAX_STORED;

    stream[length++] = block + 1 == n_blocks;
    stream[length++] = (unsigned char)size;
    stream[length++] = (unsigned char)(size >> 8U);
    stream[length++] = (unsigned char)~size;
    stream[length++] = (unsigned char)(~size >> 8U);
    for (size_t i = 0; i < size; ++i) {
      stream[length++] = bytes[start + i];
      low              = (low + bytes[start + i]) % ADLER;
      high             = (high + low) % ADLER;
    }
  }
  write_u32(stream + length, high << 16U | low);
  *n = length + 4;
  return stream;
}

bool
png_write(const char* const     path,
          const uint32_t* const pixels,
          const uint32_t        width,
          const uint32_t        height)
{
  size_t               n      = (width * (size_t)3 + 1) * height;
  unsigned char* const rows   = rows_of(pixels, width, height);
  unsigned char* const stream = rows ? store(rows, &n) : NULL;
  FILE* const          file   = stream ? fopen(path, "wb") : NULL;
  bool                 is_ok  = file != NULL;
  if (file) {
    unsigned char header[13] = {[8] = 8, [9] = 2}; // bits of a sample; colours
    write_u32(header, width);
    write_u32(header + 4, height);
    is_ok = fwrite("\x89PNG\r\n\x1a\n", 1, 8, file) == 8 &&
            write_chunk(file, "IHDR", header, sizeof(header)) &&
            write_chunk(file, "IDAT", stream, n) && write_chunk(file, "IEND", rows, 0);
    is_ok = !fclose(file) && is_ok;
  }
  free(stream);
  free(rows);
  return is_ok;
}
