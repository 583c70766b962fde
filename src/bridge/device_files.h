/*
 * The owner's own device files: devices/<type>.ini beside the configuration (core/device_type.h). They are read with
 * the configuration, at a start and whenever that changes.
 */
#ifndef DTU_BRIDGE_DEVICE_FILES_H
#define DTU_BRIDGE_DEVICE_FILES_H

#include "core/conf.h"

enum { DEVICE_FILES_MAX = 64, DEVICE_FILE_BYTES_MAX = 32 * 1024 };

struct device_files {
    size_t count;
    struct device_text texts[DEVICE_FILES_MAX + 1]; /* by name; the last one has none */
};

/*
 * Never fails: without the folder there are none. A file that cannot be read is there with its problem, which is told
 * where a section names it. Free with device_files_finish().
 */
void device_files_read(struct device_files *files, const char *config_path);
void device_files_finish(struct device_files *files);

/* config_parse() with them. */
struct config *device_files_parse(const char *config_path, const char *text, size_t len,
                                  struct conf_report *report);

#endif
