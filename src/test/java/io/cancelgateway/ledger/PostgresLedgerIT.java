package io.cancelgateway.ledger;

import io.cancelgateway.support.Databases;

class PostgresLedgerIT extends LedgerContract {

    private static final String ADDRESS = Databases.postgres();

    @Override
    String address() {
        return ADDRESS;
    }
}
