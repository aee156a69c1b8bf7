package io.cancelgateway.twelvelabs;

/** Whose call it is, which decides how it gets one of the tenant's permits. */
enum Priority {
    /** A caller waits for the answer: the call waits for a permit, for a second at most. */
    CALLER,
    /**
     * One of the many calls of a bulk request: it waits for a permit as long as its deadline allows. All of a tenant's
     * bulk calls together hold at most half of its permits, so that other callers get through beside them.
     */
    BULK,
    /** Nobody waits for the answer: the call takes a permit only where one is free and no other call waits for it. */
    BACKGROUND
}
