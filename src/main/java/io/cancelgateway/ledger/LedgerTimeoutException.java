package io.cancelgateway.ledger;

/** The ledger took longer than it was waited for. What was to be written may be committed all the same, later. */
public final class LedgerTimeoutException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LedgerTimeoutException() {
        super("The ledger did not answer in time", null, false, false);
    }
}
