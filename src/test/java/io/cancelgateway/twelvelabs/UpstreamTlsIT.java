package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An upstream with a certificate of a private authority. */
class UpstreamTlsIT {

    @TempDir
    private Path directory;

    private Certificates certificates;

    @BeforeEach
    void makeAuthority() throws Exception {
        certificates = new Certificates();
    }

    @Test
    void isReachedWithTheAuthoritysBundle() throws Exception {
        assertThat(cancel(certificates.issue("localhost"), true).status()).isEqualTo(202);
    }

    @Test
    void isNotTrustedWithoutTheBundle() throws Exception {
        assertNotSent(certificates.issue("localhost"), false);
    }

    @Test
    void isNotTrustedUnderAnotherName() throws Exception {
        assertNotSent(certificates.issue("api.example.com"), true);
    }

    @Test
    void isNotTrustedWithAnExpiredCertificate() throws Exception {
        assertNotSent(certificates.issue("localhost", Instant.now().minus(Duration.ofHours(1))), true);
    }

    @Test
    void isNotTrustedWithACertificateOfAnotherAuthority() throws Exception {
        assertNotSent(new Certificates().issue("localhost"), true);
    }

    private void assertNotSent(X509Bundle certificate, boolean bundle) throws Exception {
        Reply reply = cancel(certificate, bundle);

        reply.isProblem(502, "upstream_error");
    }

    /** Where the certificate is not trusted, nothing gets to the upstream. */
    private Reply cancel(X509Bundle certificate, boolean bundle) throws Exception {
        try (TwelveLabsSimulator upstream =
                        TwelveLabsSimulator.startWithTls(Clock.systemUTC(), Certificates.server(certificate));
                TestGateway gateway = gateway(upstream, bundle).start()) {
            String batch = upstream.account(TestGateway.KEY).createBatch().id();

            Reply reply = gateway.cancel(batch);

            boolean accepted = reply.status() == 202;
            assertThat(upstream.requests()).hasSize(accepted ? 1 : 0);
            assertThat(gateway.metric("cancel_gateway_upstream_attempts_total", "result=\"connect_failed\"") > 0)
                    .isNotEqualTo(accepted);
            return reply;
        }
    }

    private TestGateway.Builder gateway(TwelveLabsSimulator upstream, boolean bundle) throws Exception {
        TestGateway.Builder gateway = TestGateway.builder()
                .upstream(upstream.baseUrl().replace("http://127.0.0.1", "https://localhost"))
                .with("gateway.retry.base-delay", "1ms");
        return bundle
                ? gateway.with("gateway.upstream.ssl-bundle", "upstream")
                        .with(
                                "spring.ssl.bundle.pem.upstream.truststore.certificate",
                                certificates.authority(directory))
                : gateway;
    }
}
