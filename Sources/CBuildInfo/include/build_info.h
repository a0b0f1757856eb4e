#ifndef BUILD_INFO_H
#define BUILD_INFO_H

/// The commit that the package was built from, "-dirty" appended when the checkout had changes; "unknown" outside git.
const char *build_info_commit(void);

#endif
