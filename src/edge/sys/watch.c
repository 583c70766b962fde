#include "edge/sys/watch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "edge/sys/file.h"

enum { SETTLE_MS = 500, LOOK_MS = 5 * 1000, FOLDERS = 2 };

struct watch {
    struct loop *loop;
    loop_fn changed;
    void *user;
    char path[PATH_MAX];
    int fd; /* -1: the file is looked at every LOOK_MS */
    struct loop_fd *entry;
    char names[FOLDERS][NAME_MAX + 1]; /* of the file in each folder; "" is not watched */
    int folders[FOLDERS];              /* watch descriptors */
    struct loop_timer settle, look;
    struct file_stamp stamp; /* as last told */
};

/* An event of the folder may be of another file, or bring nothing new. */
static void on_settled(void *user)
{
    struct watch *w = user;
    struct file_stamp stamp;

    file_stamp(w->path, &stamp);
    if (file_stamp_equal(&stamp, &w->stamp))
        return;
    w->stamp = stamp;
    w->changed(w->user);
}

static void on_look(void *user)
{
    struct watch *w = user;

    loop_timer_arm(&w->look, LOOK_MS);
    on_settled(w);
}

static bool concerns(const struct watch *w, const struct inotify_event *e)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        if (w->names[i][0] && e->wd == w->folders[i] && e->len && strcmp(e->name, w->names[i]) == 0)
            return true;
    }
    return (e->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0;
}

static void on_events(void *user, int fd, short revents)
{
    struct watch *w = user;
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t len;

    (void)revents;
    while ((len = read(fd, buffer, sizeof buffer)) > 0) {
        for (char *at = buffer; at < buffer + len;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)at;
            if (concerns(w, e))
                loop_timer_arm(&w->settle, SETTLE_MS);
            at += sizeof *e + e->len;
        }
    }
}

static bool watch_folder(struct watch *w, size_t i, const char *path)
{
    char folder[PATH_MAX], name[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", path);
    (void)snprintf(name, sizeof name, "%s", path);
    (void)snprintf(w->names[i], sizeof w->names[i], "%.*s", (int)NAME_MAX, basename(name));
    w->folders[i] =
        inotify_add_watch(w->fd, dirname(folder),
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB);
    return w->folders[i] >= 0;
}

static bool start_watching(struct watch *w)
{
    char target[PATH_MAX];

    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0 || !watch_folder(w, 0, w->path))
        return false;
    if (realpath(w->path, target) && strcmp(target, w->path) != 0)
        (void)watch_folder(w, 1, target);
    w->entry = loop_fd_add(w->loop, w->fd, POLLIN, on_events, w);
    return w->entry != NULL;
}

struct watch *watch_create(struct loop *l, const char *path, loop_fn changed, void *user)
{
    struct watch *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->loop = l;
    w->changed = changed;
    w->user = user;
    (void)snprintf(w->path, sizeof w->path, "%s", path);
    loop_timer_init(&w->settle, l, on_settled, w);
    loop_timer_init(&w->look, l, on_look, w);
    file_stamp(path, &w->stamp);
    if (!start_watching(w))
        loop_timer_arm(&w->look, LOOK_MS);
    return w;
}

void watch_destroy(struct watch *w)
{
    if (!w)
        return;
    loop_timer_disarm(&w->settle);
    loop_timer_disarm(&w->look);
    loop_fd_remove(w->entry);
    if (w->fd >= 0)
        close(w->fd);
    free(w);
}
