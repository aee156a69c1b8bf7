package io.cancelgateway.durability;

import io.cancelgateway.support.Databases;

class PostgresReplicasIT extends ReplicasContract {

    @Override
    String address() {
        return Databases.postgres();
    }
}
