package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the port for callers takes, how long it waits, and what each of its responses says. */
class EdgeIT {

    private static final String BATCH = "68f4ddaf8aaa60d33df0e800";

    private static final String CANCEL = "POST /v1.3/analyze/batches/" + BATCH + "/cancel HTTP/1.1\r\nHost: a\r\n"
            + "x-api-key: " + TestGateway.TOKEN + "\r\n";

    private static final String CALLER =
            "GET /v1/caller HTTP/1.1\r\nHost: a\r\nx-api-key: " + TestGateway.TOKEN + "\r\n\r\n";

    @Test
    void whoIsSlowIsLetGo() throws Exception {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway = TestGateway.builder()
                        .upstream(simulator)
                        .with("server.tomcat.connection-timeout", "500ms")
                        .with("server.tomcat.keep-alive-timeout", "700ms")
                        .start()) {
            simulator.account(TestGateway.KEY);
            for (String part : new String[] {"", "POS", CANCEL, CANCEL + "X-A: b"}) {
                assertThat(untilClosed(gateway, part)).as(part).doesNotContain("HTTP/1.1 2");
            }
            // a body that is needed, and stops
            String bulk = CANCEL.replace("/v1.3/analyze/batches/" + BATCH + "/cancel", "/v1/cancellations");
            assertThat(untilClosed(gateway, bulk + "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"))
                    .startsWith("HTTP/1.1 408")
                    .contains("\"bad_request\"");
            // a connection that is idle
            assertThat(untilClosed(gateway, CALLER)).startsWith("HTTP/1.1 200");
            assertThat(simulator.requests()).isEmpty();
            // a body that is not needed does not hold up its cancel
            assertThat(untilClosed(gateway, CANCEL + "Content-Length: 5\r\n\r\nabc"))
                    .startsWith("HTTP/1.1 404")
                    .containsOnlyOnce("HTTP/1.1");
            assertThat(simulator.requests()).hasSize(1);
        }
    }

    @Test
    void connectionsBeyondTheLimitWait() throws Exception {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway = TestGateway.builder()
                        .upstream(simulator)
                        .with("server.tomcat.max-connections", "1")
                        .start()) {
            try (Socket first = connect(gateway);
                    Socket second = connect(gateway)) {
                write(first, CALLER);
                assertThat(first.getInputStream().read()).isEqualTo('H');
                write(second, CALLER);
                second.setSoTimeout(500);
                InputStream answer = second.getInputStream();
                assertThatThrownBy(answer::read).isInstanceOf(SocketTimeoutException.class);

                first.close();

                second.setSoTimeout(5000);
                assertThat(answer.read()).isEqualTo('H');
            }
        }
    }

    @Test
    void everyResponseHasTheHeadersOfAnApiAndNoOthers() {
        try (TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
                TestGateway.InProcess gateway =
                        TestGateway.builder().upstream(simulator).start()) {
            String batch = simulator
                    .account(TestGateway.KEY)
                    .createBatch(3, 1, Duration.ofHours(1))
                    .id();
            hasHeadersOfAnApi(gateway.cancel(batch), 202);
            hasHeadersOfAnApi(gateway.cancel(batch, "Prefer", "respond-async"), 202);
            hasHeadersOfAnApi(gateway.get("/v1/cancellations/" + batch), 200);
            hasHeadersOfAnApi(gateway.get("/v1/cancellations"), 200);
            hasHeadersOfAnApi(gateway.get("/v1.3/analyze/batches/" + batch), 200);
            hasHeadersOfAnApi(gateway.get("/v1.3/analyze/batches"), 200);
            hasHeadersOfAnApi(gateway.post("/v1/cancellations", "{\"batch_ids\":[\"" + batch + "\"]}"), 200);
            hasHeadersOfAnApi(gateway.get("/v1/caller"), 200);
            hasHeadersOfAnApi(gateway.getWith("/v1/caller"), 401);
            hasHeadersOfAnApi(gateway.get("/nothing"), 404);
            hasHeadersOfAnApi(gateway.get("/v1/a;b"), 400);
            hasHeadersOfAnApi(gateway.get("/v1/%2f"), 400);
            hasHeadersOfAnApi(gateway.cancel("%3Cscript%3E"), 400);
            hasHeadersOfAnApi(gateway.management("/actuator/health"), 200);
            hasHeadersOfAnApi(gateway.management("/actuator/prometheus"), 200);
        }
    }

    private static void hasHeadersOfAnApi(Reply reply, int status) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(status);
        assertThat(reply.response().headers().allValues("cache-control")).containsExactly("no-store");
        assertThat(reply.response().headers().allValues("x-content-type-options"))
                .containsExactly("nosniff");
        assertThat(reply.response().headers().map().keySet())
                .isSubsetOf(
                        "allow",
                        "cache-control",
                        "connection",
                        "content-length",
                        "content-type",
                        "date",
                        "location",
                        "preference-applied",
                        "retry-after",
                        "transfer-encoding",
                        "www-authenticate",
                        "x-content-type-options");
        assertThat(reply.text()).doesNotContain("<script>");
    }

    private static String untilClosed(TestGateway gateway, String bytes) throws IOException {
        try (Socket socket = connect(gateway)) {
            write(socket, bytes);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Socket connect(TestGateway gateway) throws IOException {
        Socket socket = new Socket("127.0.0.1", gateway.port());
        socket.setSoTimeout(5000);
        return socket;
    }

    private static void write(Socket socket, String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }
}
