package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.EndToEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Upstreams to which there is no connection to send anything on. */
class UnreachableUpstreamIT {

    abstract class NoConnection extends EndToEnd {

        @Test
        void isUpstreamErrorWithoutAnAttemptOnTheWire() {
            cancel(ACME.createBatch().id()).isProblem(502, "upstream_error");

            assertThat(SIMULATOR.requests()).isEmpty();
            assertThat(count("cancel.gateway.upstream.attempts", "result", "connect_failed"))
                    .isEqualTo(count("cancel.gateway.upstream.attempts"))
                    .isPositive();
        }
    }

    @Nested
    class ClosedPort extends NoConnection {

        @DynamicPropertySource
        static void upstream(DynamicPropertyRegistry registry) throws IOException {
            try (ServerSocket closed = new ServerSocket(0)) {
                String url = "http://127.0.0.1:" + closed.getLocalPort() + "/v1.3";
                registry.add("gateway.upstream.base-url", () -> url);
            }
        }
    }

    @Nested
    class NoSuchHost extends NoConnection {

        @DynamicPropertySource
        static void upstream(DynamicPropertyRegistry registry) {
            registry.add("gateway.upstream.base-url", () -> "http://no-such-host.invalid/v1.3");
        }
    }

    @Nested
    class NotTls extends NoConnection {

        @DynamicPropertySource
        static void upstream(DynamicPropertyRegistry registry) {
            registry.add("gateway.upstream.base-url", () -> SIMULATOR.baseUrl().replace("http:", "https:"));
        }
    }

    /** The backlog is full: a connection is neither made nor refused. */
    @Nested
    class NoAnswerToAConnection extends NoConnection {

        private static final ServerSocket FULL = full();

        private static ServerSocket full() {
            try {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                for (int i = 0; i < 3; i++) {
                    java.nio.channels.SocketChannel waiting = java.nio.channels.SocketChannel.open();
                    waiting.configureBlocking(false);
                    waiting.connect(socket.getLocalSocketAddress());
                }
                return socket;
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @DynamicPropertySource
        static void upstream(DynamicPropertyRegistry registry) {
            registry.add("gateway.upstream.base-url", () -> "http://127.0.0.1:" + FULL.getLocalPort() + "/v1.3");
            registry.add("gateway.upstream.connect-timeout", () -> "200ms");
        }
    }

    @Nested
    class DeadlineBeforeAConnection extends EndToEnd {

        @DynamicPropertySource
        static void upstream(DynamicPropertyRegistry registry) {
            registry.add(
                    "gateway.upstream.base-url",
                    () -> "http://127.0.0.1:" + NoAnswerToAConnection.FULL.getLocalPort() + "/v1.3");
            registry.add("gateway.upstream.deadline", () -> "200ms");
        }

        @Test
        void isDeadlineExceeded() {
            cancel(ACME.createBatch().id()).isProblem(504, "deadline_exceeded");
        }
    }
}
