package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.TestGateway;
import io.cancelgateway.support.TinyProxy;
import io.netty.pkitesting.X509Bundle;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway with what the chart renders for a platform: TLS on both sides, a proxy, keys and hashes from volumes. */
class PlatformIT {

    private static final String PASSWORD = "pass-of-proxy";

    @TempDir
    private Path directory;

    private final Certificates certificates = new Certificates();

    PlatformIT() throws Exception {}

    @Test
    void speaksTlsToCallersAndByAProxyToAnUpstreamWithItsOwnCa() throws Exception {
        X509Bundle certificate = certificates.issue("localhost");
        Path proxyDirectory = Files.createDirectory(directory.resolve("proxy-server"));
        try (TwelveLabsSimulator upstream =
                        TwelveLabsSimulator.startWithTls(Clock.systemUTC(), Certificates.server(certificate));
                TinyProxy proxy = TinyProxy.start(proxyDirectory, PASSWORD);
                TestGateway.InProcess gateway = new RenderedGateway(
                                Chart.render(values(upstream, proxy)), directory.resolve("pod"))
                        .with(
                                "tls",
                                Map.of(
                                        "cert.pem",
                                        certificate.getCertificatePathPEM(),
                                        "tls.key",
                                        certificate.getPrivateKeyPEM()))
                        .with("ca", Map.of("bundle.pem", Files.readString(certificates.authority(proxyDirectory))))
                        .with("proxy", Map.of("user", TinyProxy.USER + "\n", "password", PASSWORD + "\n"))
                        .builder()
                        .start()) {
            String batch = upstream.account(TestGateway.KEY).createBatch().id();

            HttpResponse<String> reply = cancel(gateway.port(), batch);

            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(202);
            assertThat(proxy.log()).contains("CONNECT localhost:");
            assertThat(gateway.management("/actuator/health/readiness").status())
                    .as("the probes speak no TLS")
                    .isEqualTo(200);
            assertThat(gateway.samples()).isNotEmpty();
        }
    }

    private static String values(TwelveLabsSimulator upstream, TinyProxy proxy) {
        return """
                tenants: {existingVolume: {csi: {driver: secrets-store.csi.k8s.io}}}
                callers:
                  existingVolume: {projected: {sources: [{secret: {name: hashes}}]}}
                  access: {billing: {tenants: [acme]}}
                tls: {existingSecret: server, certificateKey: cert.pem}
                caBundle: {existingConfigMap: cas, key: bundle.pem}
                gateway:
                  upstream:
                    baseUrl: %s
                    proxy:
                      host: 127.0.0.1
                      port: %d
                      nonProxyHosts: nothing.internal
                      existingSecret: credentials
                      usernameKey: user
                """.formatted(upstream.baseUrl().replace("http://127.0.0.1", "https://localhost"), proxy.port());
    }

    private HttpResponse<String> cancel(int port, String batch) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {certificates.trust()}, null);
        try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create(
                                    "https://localhost:" + port + "/v1.3/analyze/batches/" + batch + "/cancel"))
                            .header("x-api-key", TestGateway.TOKEN)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
