package io.cancelgateway.durability;

import io.cancelgateway.support.Databases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** In one process: H2's file is for one. */
class H2ReplicasIT extends ReplicasContract {

    @TempDir
    private static Path directory;

    private static int databases;

    @Override
    String address() {
        databases++;
        return Databases.h2(directory.resolve(Integer.toString(databases)));
    }
}
