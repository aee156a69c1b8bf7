package io.cancelgateway.durability;

import io.cancelgateway.support.TestGateway;
import java.util.function.Supplier;

/** A replica of the packaged gateway that is killed, and started again in its place. */
final class Replica {

    /** From one start to the SIGKILL, if there was one. */
    static final class Life {

        private final TestGateway.Packaged gateway;
        private volatile long killedAt = Long.MAX_VALUE;

        private Life(TestGateway.Packaged gateway) {
            this.gateway = gateway;
        }

        TestGateway.Packaged gateway() {
            return gateway;
        }

        /** By {@link System#nanoTime}; the largest number where it was not killed. */
        long killedAt() {
            return killedAt;
        }

        boolean killed() {
            return killedAt != Long.MAX_VALUE;
        }
    }

    private final Supplier<TestGateway.Packaged> starter;
    private volatile Life life;

    /** Starts the first one. */
    Replica(Supplier<TestGateway.Packaged> starter) {
        this.starter = starter;
        this.life = new Life(starter.get());
    }

    Life life() {
        return life;
    }

    void kill() {
        life.killedAt = System.nanoTime();
        life.gateway.kill();
    }

    /** One that cannot start, because it has no database then, is started again, as Kubernetes does. */
    void startAgain() {
        while (true) {
            try {
                life = new Life(starter.get());
                return;
            } catch (IllegalStateException e) {
                System.out.println("CHAOS a replica did not start: "
                        + e.getMessage()
                                .lines()
                                .filter(line -> line.contains("Caused by"))
                                .findFirst()
                                .orElse(""));
            }
        }
    }
}
