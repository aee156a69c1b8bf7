package io.cancelgateway.ledger;

import io.cancelgateway.support.Databases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class H2LedgerIT extends LedgerContract {

    @TempDir
    private static Path directory;

    @Override
    String address() {
        return Databases.h2(directory);
    }
}
