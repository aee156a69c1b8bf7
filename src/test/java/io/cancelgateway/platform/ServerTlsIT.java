package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.TestGateway;
import io.netty.pkitesting.X509Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The port for callers over TLS, as docs/CONFIGURATION.md sets it up. */
class ServerTlsIT {

    @TempDir
    private Path secret;

    private final Certificates certificates = new Certificates();

    ServerTlsIT() throws Exception {}

    /** The files are replaced as Kubernetes replaces those of a Secret: a link to their directory is swapped. */
    @Test
    void servesANewCertificateWithoutARestart() throws Exception {
        X509Bundle first = certificates.issue("localhost");
        X509Bundle second = certificates.issue("localhost");
        mount("1", first);
        Files.createSymbolicLink(secret.resolve("tls.crt"), Path.of("..data/tls.crt"));
        Files.createSymbolicLink(secret.resolve("tls.key"), Path.of("..data/tls.key"));
        try (TestGateway gateway = TestGateway.builder()
                .with("server.ssl.bundle", "server")
                .with("spring.ssl.bundle.pem.server.keystore.certificate", secret.resolve("tls.crt"))
                .with("spring.ssl.bundle.pem.server.keystore.private-key", secret.resolve("tls.key"))
                .with("spring.ssl.bundle.pem.server.reload-on-update", true)
                .with("spring.ssl.bundle.watch.file.quiet-period", "100ms")
                .start()) {
            try (SSLSocket open = connect(gateway.port())) {
                assertThat(open.getSession().getPeerCertificates()[0]).isEqualTo(first.getCertificate());

                mount("2", second);

                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                    try (SSLSocket next = connect(gateway.port())) {
                        assertThat(next.getSession().getPeerCertificates()[0]).isEqualTo(second.getCertificate());
                    }
                });
                assertThat(answer(open)).startsWith("HTTP/1.1 200");
            }
            assertThat(gateway.management("/actuator/health/readiness").status())
                    .as("the management port stays plain")
                    .isEqualTo(200);
        }
    }

    private void mount(String version, X509Bundle certificate) throws Exception {
        Path files = Files.createDirectory(secret.resolve("..version" + version));
        Certificates.write(certificate, files);
        Path link = Files.createSymbolicLink(secret.resolve("..data_tmp"), files.getFileName());
        Files.move(link, secret.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    }

    private SSLSocket connect(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {certificates.trust()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
        socket.setSoTimeout(10_000);
        socket.startHandshake();
        return socket;
    }

    private static String answer(SSLSocket socket) throws Exception {
        socket.getOutputStream()
                .write("GET /v1/caller HTTP/1.1\r\nHost: localhost\r\nx-api-key: %s\r\nConnection: close\r\n\r\n"
                        .formatted(TestGateway.TOKEN)
                        .getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
