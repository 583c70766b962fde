/*
 * Whatever comes from the service's process to the one that keeps its files: should somebody have taken that over, he has
 * root's process before him. Nothing but the kept files may change, and each as its rights allow.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/sys/file_access.h"
#include "edge/sys/privsep.h"

enum { FILES = 3, REQUESTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], paths[FILES][80];
static const char *const names[FILES] = {"readable", "state.json", "lock"};
static struct kept_file kept[FILES] = {{paths[0], FILE_READ | FILE_PRIVATE},
                                       {paths[1], FILE_READ | FILE_REPLACE},
                                       {paths[2], FILE_LOCK}};

static void leave(void)
{
    char path[80];

    for (size_t i = 0; i < FILES; i++)
        (void)unlink(paths[i]);
    (void)snprintf(path, sizeof path, "%s/state.json.bak", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* In memory where there is such a folder: each state file is synced. */
static void settle(void)
{
    (void)snprintf(folder, sizeof folder, "%s/dtu-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < FILES; i++)
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    FILE *f = fopen(paths[0], "w");
    if (!f || fputs("as it was", f) < 0 || fclose(f) != 0)
        abort();
    (void)atexit(leave);
}

static void check_readable(void)
{
    char text[16] = "";
    FILE *f = fopen(paths[0], "r");

    if (!f || !fgets(text, sizeof text, f) || strcmp(text, "as it was") != 0)
        abort();
    (void)fclose(f);
}

static void check_folder(void)
{
    DIR *d = opendir(folder);

    if (!d)
        abort();
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        bool known = e->d_name[0] == '.' || strcmp(e->d_name, "state.json.bak") == 0;
        for (size_t i = 0; i < FILES; i++)
            known = known || strcmp(e->d_name, names[i]) == 0;
        if (!known)
            abort();
    }
    (void)closedir(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2], answered = 0;

    if (!*folder)
        settle();
    if (size > 64 * 1024 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return -1;
    if (file_access_send(ends[0], data, size) < 0 || shutdown(ends[0], SHUT_WR) < 0)
        abort();
    while (answered < REQUESTS_MAX && privsep_answer(ends[1], kept, FILES) == 0)
        answered++;
    close(ends[0]);
    close(ends[1]);
    check_readable();
    check_folder();
    return 0;
}
