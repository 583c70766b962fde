/*
 * Runs a fuzz target on stored inputs: every file of the folders and files given. Exit 1 when there
 * was none, so that a lost corpus does not pass as a good one.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4 * 1024 * 1024 };

/* 1 when the file was run, 0 when it could not be read. */
static unsigned replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = f ? malloc(INPUT_MAX) : NULL, *exact = NULL;
    size_t size = data ? fread(data, 1, INPUT_MAX, f) : 0;

    if (f)
        (void)fclose(f);
    if (data)
        exact = malloc(size ? size : 1); /* of its own size, so that the sanitizer sees its end */
    if (!exact) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        return 0;
    }
    memcpy(exact, data, size);
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

static unsigned replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char path[4096];
    unsigned count = 0;

    while (dir && (entry = readdir(dir))) {
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            count += replay_file(path);
    }
    if (dir)
        (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) < 0)
            (void)fprintf(stderr, "%s: not there\n", argv[i]);
        else
            count += S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
    }
    (void)printf("%u inputs replayed\n", count);
    return count ? 0 : 1;
}
