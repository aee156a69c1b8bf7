package io.cancelgateway.twelvelabs;

import java.time.Clock;
import java.time.Duration;
import java.util.function.BiPredicate;
import reactor.netty.Connection;
import reactor.netty.resources.ConnectionProvider.ConnectionMetadata;

/**
 * Which idle connections are not used again: those closed, those idle for too long, and those as old as one that proved dead. The pool
 * asks for each before it gives one out; connections in use and calls that wait are not touched.
 */
final class IdleConnections implements BiPredicate<Connection, ConnectionMetadata> {

    private final long maxIdleMillis;
    private final Clock clock;

    /** The pool's time, in milliseconds since the epoch. */
    private volatile long deadUntil;

    IdleConnections(Duration maxIdleTime, Clock clock) {
        this.maxIdleMillis = maxIdleTime.toMillis();
        this.clock = clock;
    }

    /** One of those that are idle now was closed by the upstream without a word: so were the others, most likely. */
    void oneWasDead() {
        deadUntil = clock.millis();
    }

    /** Whether the connection must go. */
    @Override
    public boolean test(Connection connection, ConnectionMetadata metadata) {
        return !connection.channel().isActive()
                || metadata.idleTime() >= maxIdleMillis
                || metadata.releaseTimestamp() <= deadUntil;
    }
}
