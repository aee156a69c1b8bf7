package io.cancelgateway.ledger;

/** The ledger did not answer within the wait. Its work goes on and may still be committed. */
public final class LedgerTimeoutException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LedgerTimeoutException() {
        super("The ledger did not answer in time", null, false, false);
    }
}
