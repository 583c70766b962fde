#include "bridge/device_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/locations.h"
#include "edge/sys/file.h"

static const char suffix[] = ".ini";

/* The length of the type's name, 0 where the file is none of a device. */
static size_t type_length(const char *name)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strspn(name, characters);

    return len > 0 && len < DEVICE_TYPE_MAX && strcmp(name + len, suffix) == 0 ? len : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct device_text *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void add(struct device_files *files, const char *folder, const char *name)
{
    struct device_text *text = &files->texts[files->count];
    size_t type_len = type_length(name), len = 0;
    char path[LOCATION_MAX];

    if (!type_len || files->count == DEVICE_FILES_MAX)
        return;
    text->name = strndup(name, type_len);
    if (!text->name)
        return;
    int written = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (written >= 0 && written < LOCATION_MAX)
        text->text = file_read(path, DEVICE_FILE_BYTES_MAX, &len);
    else
        errno = ENAMETOOLONG;
    if (text->text && strlen(text->text) != len) {
        free((char *)text->text);
        text->text = NULL;
        errno = EILSEQ;
    }
    text->problem = text->text ? NULL : strerror(errno);
    files->count++;
}

void device_files_read(struct device_files *files, const char *config_path)
{
    char folder[LOCATION_MAX];
    struct dirent *entry;

    *files = (struct device_files){.count = 0};
    location_devices(config_path, folder);
    DIR *dir = *folder ? opendir(folder) : NULL;
    while (dir && (entry = readdir(dir)))
        add(files, folder, entry->d_name);
    if (dir)
        closedir(dir);
    qsort(files->texts, files->count, sizeof files->texts[0], by_name);
}

void device_files_finish(struct device_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free((char *)files->texts[i].name);
        free((char *)files->texts[i].text);
    }
    files->count = 0;
}

struct config *device_files_parse(const char *config_path, const char *text, size_t len,
                                  struct conf_report *report)
{
    struct device_files files;

    device_files_read(&files, config_path);
    struct config *config = config_parse_with(text, len, files.texts, report);
    device_files_finish(&files);
    return config;
}
