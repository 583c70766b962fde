/*
 * A capture (core/capture.h) as a gateway: rows of edge/net/transports.c. Of conf, replay_file, replay_speed and
 * interval_ms count, and the section: that of the same name is played, else the first DTU in the file.
 *
 * The file is read with the first message, and its time begins then. A request is answered with what its path was
 * answered next, as soon as that has come, or will within half an interval; else with the newest. Nothing is left out,
 * however fast it is played (see drivers/replay.c), but failures that are older than one interval. What was pushed
 * comes at its time, each message.
 * Two polling intervals after the end of the capture nobody answers any more; until then the last replies stand.
 *
 * A file that cannot be read, or is damaged, is a reply that fails, and says why with the number of the line.
 */
#ifndef DTU_EDGE_REPLAY_H
#define DTU_EDGE_REPLAY_H

#include "edge/net/transport.h"

extern const struct transport replay_transport;
extern const struct feed_transport replay_feed_transport;

#endif
