/*
 * What each Linux call means in a VM of its own when the runtime lacks it: whether a service
 * notices the ENOSYS, and what to do instead. A table; which calls a given image lacks is
 * elfcheck's to say.
 */
#pragma once

enum call_kind {
    CALL_HARMLESS, /* libc or the usual caller copes: nothing is said */
    CALL_DEGRADES, /* the service runs, with something less: a note */
    CALL_FAILS,    /* what the call is for does not happen: a warning */
};

struct call {
    const char *name; /* as Linux calls it: "fork" */
    enum call_kind kind;
    const char *instead; /* what to do, one phrase, no full stop */
};

/* Never NULL: a call that is not in the table fails, with general advice. */
const struct call *call_find(const char *name);

/* All entries, sorted by name; ends with a NULL name. For tests. */
const struct call *call_table(void);
