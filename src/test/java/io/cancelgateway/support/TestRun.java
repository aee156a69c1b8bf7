package io.cancelgateway.support;

import java.util.Map;

/** What a run of the tests puts on all that it makes in Docker, so that what is left of it can be cleared away. */
public final class TestRun {

    /** A label with the value of the environment variable CANCEL_GATEWAY_RUN. */
    public static final Map<String, String> LABELS =
            Map.of("cancel-gateway.run", System.getenv().getOrDefault("CANCEL_GATEWAY_RUN", ""));

    private TestRun() {}
}
