#include "version.h"

const char dtu_version[] = DTU_VERSION;
const char dtu_home[] = DTU_HOME;
