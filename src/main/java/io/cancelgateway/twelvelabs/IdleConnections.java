package io.cancelgateway.twelvelabs;

import java.time.Clock;
import java.time.Duration;
import java.util.function.BiPredicate;
import reactor.netty.Connection;
import reactor.netty.resources.ConnectionProvider.ConnectionMetadata;

/**
 * Decides which idle connections are evicted from the pool: those closed, those idle for too long, and those that were
 * idle already when another one turned out to be dead. The pool asks before it uses an idle connection again.
 * Connections in use, and calls that wait for one, are not affected. Safe for use by many threads.
 */
final class IdleConnections implements BiPredicate<Connection, ConnectionMetadata> {

    private final long maxIdleMillis;
    private final Clock clock;

    /** Connections idle since this time or earlier are evicted. The pool's time, in milliseconds since the epoch. */
    private volatile long evictIdleSince;

    IdleConnections(Duration maxIdleTime, Clock clock) {
        this.maxIdleMillis = maxIdleTime.toMillis();
        this.clock = clock;
    }

    /** Evicts all connections that are idle now. One of them was dead, so the others most likely are too. */
    void evictAll() {
        evictIdleSince = clock.millis();
    }

    /** Whether to evict the connection. */
    @Override
    public boolean test(Connection connection, ConnectionMetadata metadata) {
        return !connection.channel().isActive()
                || metadata.idleTime() >= maxIdleMillis
                || metadata.releaseTimestamp() <= evictIdleSince;
    }
}
