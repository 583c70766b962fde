/* CRC-32 as zlib, gzip and Ethernet compute it (reflected, polynomial 0xEDB88320). Pure. */
#ifndef DTU_CORE_CRC32_H
#define DTU_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t len);

#endif
