package io.cancelgateway.twelvelabs;

/** Whose call it is, which decides how it gets one of the tenant's permits. */
enum Priority {
    /** A caller waits for the answer: the call waits for a permit. */
    CALLER,
    /** Nobody waits for the answer: the call takes a permit only where one is free and no other call waits for it. */
    BACKGROUND
}
