/* Preloaded into Qt's `qml` by the tests: registers the resource in the file that DTU_RESOURCE names, as gui-v2 does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* QResource::registerResource(const uchar *, const QString &); an empty QString is three words of 0. */
#define REGISTER "_ZN9QResource16registerResourceEPKhRK7QString"

__attribute__((constructor)) static void register_resource(void)
{
    static const void *const empty[3];
    static unsigned char data[1 << 20]; /* stays: Qt reads from it */
    const char *path = getenv("DTU_RESOURCE");
    FILE *file = path ? fopen(path, "rb") : NULL;
    bool (*registered)(const unsigned char *, const void *);

    if (!file)
        return;
    *(void **)&registered = dlsym(RTLD_DEFAULT, REGISTER);
    if (registered && (fread(data, 1, sizeof data, file) == 0 || !registered(data, empty)))
        fprintf(stderr, "the resource in %s is refused\n", path);
    fclose(file);
}
