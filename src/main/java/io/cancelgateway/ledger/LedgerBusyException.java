package io.cancelgateway.ledger;

import org.springframework.dao.TransientDataAccessResourceException;

/** So many writes are under way that no more are taken. It says nothing about the database. */
public final class LedgerBusyException extends TransientDataAccessResourceException {

    private static final long serialVersionUID = 1L;

    LedgerBusyException(String message) {
        super(message);
    }
}
