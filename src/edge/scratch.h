/*
 * Memory for what cJSON makes of a reply. A tree of it has hundreds of small parts, which are all there
 * at once and all gone again before the callback returns that parsed it: taken one behind another from
 * one block, they cost no search and leave no holes. Without it they would be nine of ten allocations of
 * this program.
 *
 * There is one block in the process, as cJSON's hooks are the process' too; not for several threads.
 */
#ifndef DTU_EDGE_SCRATCH_H
#define DTU_EDGE_SCRATCH_H

#include <stddef.h>

/* From now on cJSON takes its memory here. Before the first use of cJSON. */
void scratch_for_json(void);

/*
 * Aligned for anything; NULL: out of memory. What does not fit into the rest of the block comes from
 * malloc(). The block is empty again when everything that came from it was given back; of what was given
 * back before, only the piece taken last is used anew.
 */
void *scratch_take(size_t size);
/* What scratch_take() returned, or NULL. */
void scratch_give(void *p);

/* Bytes of the block in use, and how many there are. */
size_t scratch_used(void);
size_t scratch_size(void);

#endif
