/*
 * Tells when a file changed, by inotify: nothing wakes while nothing does. The folder is watched, so
 * that a file that is replaced by rename(2), as editors do it, or not there yet, is seen too, and for a
 * symbolic link the folder of what it leads to as well. Where inotify is not to be had, the file is
 * looked at every few seconds.
 */
#ifndef DTU_EDGE_WATCH_H
#define DTU_EDGE_WATCH_H

#include "edge/sys/loop.h"

struct watch;

/*
 * changed is called from the loop half a second after the last of several changes, so that an editor
 * that writes in pieces is not caught in the middle. path is copied. NULL when out of memory.
 */
struct watch *watch_create(struct loop *l, const char *path, loop_fn changed, void *user);
void watch_destroy(struct watch *w); /* NULL is fine; allowed inside changed */

#endif
