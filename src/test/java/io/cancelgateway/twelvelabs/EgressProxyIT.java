package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import io.cancelgateway.support.TinyProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The upstream by way of an HTTP proxy. */
@ExtendWith(OutputCaptureExtension.class)
class EgressProxyIT {

    private static final String PASSWORD = "pass-of-proxy";

    private final TwelveLabsSimulator upstream = TwelveLabsSimulator.start(Clock.systemUTC());
    private final String batch = upstream.account(TestGateway.KEY).createBatch().id();

    @AfterEach
    void stopUpstream() {
        upstream.close();
    }

    /** A tinyproxy that asks for a password. */
    @Nested
    class RealProxy {

        @TempDir
        private Path directory;

        private TinyProxy proxy;

        @BeforeEach
        void startProxy() throws IOException {
            proxy = TinyProxy.start(directory, PASSWORD);
        }

        @AfterEach
        void stopProxy() {
            if (proxy != null) {
                proxy.close();
            }
        }

        @Test
        void isUsedWithItsPassword() throws IOException {
            try (TestGateway gateway = by(proxy.port(), PASSWORD).start()) {
                assertThat(gateway.cancel(batch).status()).isEqualTo(202);
            }
            assertThat(tunnels()).isPositive();
        }

        @Test
        void isTakenFromTheEnvironment() throws IOException {
            try (TestGateway gateway = to(upstream.baseUrl())
                    .with("HTTP_PROXY", "http://gateway:%s@127.0.0.1:%d".formatted(PASSWORD, proxy.port()))
                    .with("gateway.upstream.proxy.non-proxy-hosts", "")
                    .start()) {
                assertThat(gateway.cancel(batch).status()).isEqualTo(202);
            }
            assertThat(tunnels()).isPositive();
        }

        /** The proxy sees nothing of it but the name and the port. */
        @Test
        void carriesTls() throws Exception {
            Certificates certificates = new Certificates();
            try (TwelveLabsSimulator secure = TwelveLabsSimulator.startWithTls(
                            Clock.systemUTC(), Certificates.server(certificates.issue("localhost")));
                    TestGateway gateway = by(proxy.port(), PASSWORD)
                            .upstream(secure.baseUrl().replace("http://127.0.0.1", "https://localhost"))
                            .with("gateway.upstream.ssl-bundle", "upstream")
                            .with(
                                    "spring.ssl.bundle.pem.upstream.truststore.certificate",
                                    certificates.authority(directory))
                            .start()) {
                String id = secure.account(TestGateway.KEY).createBatch().id();

                assertThat(gateway.cancel(id).status()).isEqualTo(202);
            }
            assertThat(proxy.log()).contains("CONNECT localhost:");
        }

        @Test
        void thatRefusesThePasswordIsAnUpstreamThatCannotBeReached(CapturedOutput output) throws IOException {
            try (TestGateway gateway = by(proxy.port(), "another-password").start()) {
                assertNotSent(gateway).contains("by way of the proxy");
            }
            assertThat(output).doesNotContain("another-password");
        }

        @Test
        void isNotUsedForTheLoopbackByDefault() throws IOException {
            try (TestGateway gateway = to(upstream.baseUrl())
                    .with("gateway.upstream.proxy.host", "127.0.0.1")
                    .with("gateway.upstream.proxy.port", proxy.port())
                    .start()) {
                assertThat(gateway.cancel(batch).status()).isEqualTo(202);
            }
            assertThat(tunnels()).isZero();
        }

        private long tunnels() throws IOException {
            return proxy.log()
                    .lines()
                    .filter(line -> line.contains("CONNECT 127.0.0.1:"))
                    .count();
        }
    }

    @Test
    void thatIsDownIsAnUpstreamThatCannotBeReached() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0)) {
            closed = socket.getLocalPort();
        }
        try (TestGateway gateway = by(closed, PASSWORD).start()) {
            assertNotSent(gateway);
        }
    }

    /** The empty one closes at once. */
    @ParameterizedTest
    @CsvSource({
        "http, ''",
        "https, ''",
        "http, 220 ftp.example.com",
        "https, 220 ftp.example.com",
        "http, HTTP/1.1 403 Forbidden",
        "https, HTTP/1.1 403 Forbidden"
    })
    void thatMakesNoTunnelIsAnUpstreamThatCannotBeReached(String scheme, String answer) throws IOException {
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestGateway gateway = by(proxy.getLocalPort(), PASSWORD)
                        .upstream(upstream.baseUrl().replace("http", scheme))
                        .start()) {
            Thread.ofVirtual().start(() -> answerAll(proxy, answer.isEmpty() ? "" : answer + "\r\n\r\n"));

            assertNotSent(gateway).contains("by way of the proxy");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "https"})
    void thatSaysNothingCostsTheConnectTimeout(String scheme) throws IOException {
        try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestGateway gateway = by(proxy.getLocalPort(), PASSWORD)
                        .upstream(upstream.baseUrl().replace("http", scheme))
                        .with("gateway.upstream.connect-timeout", "200ms")
                        .with("gateway.upstream.attempt-timeout", "20s")
                        .with("gateway.upstream.deadline", "60s")
                        .start()) {
            long begun = System.nanoTime();

            assertNotSent(gateway).contains("by way of the proxy");

            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        }
    }

    private static void answerAll(ServerSocket proxy, String answer) {
        while (!proxy.isClosed()) {
            try (Socket client = proxy.accept()) {
                client.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
                // closed
            }
        }
    }

    private AbstractStringAssert<?> assertNotSent(TestGateway gateway) {
        Reply reply = gateway.cancel(batch);

        reply.isProblem(502, "upstream_error");
        assertThat(upstream.requests()).isEmpty();
        assertThat(gateway.metric("cancel_gateway_upstream_attempts_total", "result=\"connect_failed\""))
                .isEqualTo(gateway.metric("cancel_gateway_upstream_attempts_total", "operation=\"cancel\""))
                .isPositive();
        return assertThat(reply.message()).doesNotContain(PASSWORD);
    }

    private TestGateway.Builder by(int port, String password) {
        return to(upstream.baseUrl())
                .with("gateway.upstream.proxy.host", "127.0.0.1")
                .with("gateway.upstream.proxy.port", port)
                .with("gateway.upstream.proxy.username", "gateway")
                .with("gateway.upstream.proxy.password", password)
                .with("gateway.upstream.proxy.non-proxy-hosts", "");
    }

    private static TestGateway.Builder to(String baseUrl) {
        return TestGateway.builder().upstream(baseUrl).with("gateway.retry.base-delay", "1ms");
    }
}
