package io.cancelgateway.bench;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;

/** A PostgreSQL of its own that is as durable as one in production: the embedded one would not wait for its disk. */
final class LocalPostgres {

    private LocalPostgres() {}

    /** Starts on a free port. */
    static EmbeddedPostgres start() throws IOException {
        return EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .start();
    }
}
