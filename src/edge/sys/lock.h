/*
 * A lock between processes: an empty file that the holder has locked (fcntl(2)). It ends with the
 * process, however that ends, and the file stays where it is, so that nobody writes for it twice.
 */
#ifndef DTU_EDGE_LOCK_H
#define DTU_EDGE_LOCK_H

enum { LOCK_TAKEN = 1 };

/*
 * Makes the file where there is none, and locks it. 0: *fd holds the lock until it is closed. Nothing
 * else in this process may open the file meanwhile: closing that would end the lock, too.
 * LOCK_TAKEN: another process has it, and its number is in *holder (0 where that cannot be told).
 * -errno: it cannot be locked (a read-only or full file system).
 */
int lock_take(const char *path, int *fd, long *holder);

/* Who has it: the process' number, 0 for nobody, -1 for somebody who cannot be told. */
long lock_holder(const char *path);

#endif
