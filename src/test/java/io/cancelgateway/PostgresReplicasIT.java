package io.cancelgateway;

class PostgresReplicasIT extends ReplicasContract {

    @Override
    String address() {
        return Databases.postgres();
    }
}
