#include "version.h"

const char dtu_version[] = DTU_VERSION;
