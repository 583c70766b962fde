/* The program's version, as the first heading of CHANGELOG.md says it. */
#ifndef DTU_VERSION_H
#define DTU_VERSION_H

extern const char dtu_version[];

/* The address of the project, as packaging/home says it; "" while it is not published. */
extern const char dtu_home[];

#endif
