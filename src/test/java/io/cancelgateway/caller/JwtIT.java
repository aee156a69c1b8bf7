package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import io.cancelgateway.support.AuthorizationServer;
import io.cancelgateway.support.Certificates;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import io.cancelgateway.support.TestGateway;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Callers with JWTs of an authorization server that is asked over a socket. */
class JwtIT {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final String JWT = "spring.security.oauth2.resourceserver.jwt.";

    @TempDir
    private Path directory;

    private final TwelveLabsSimulator simulator = TwelveLabsSimulator.start(Clock.systemUTC());
    private final String batch =
            simulator.account(TestGateway.KEY).createBatch(3, 1, HOUR).id();
    private final AuthorizationServer server = AuthorizationServer.start();

    @AfterEach
    void stop() {
        server.close();
        simulator.close();
    }

    @Test
    void onlyAGoodTokenOfAKnownSubjectIsLetIn() throws Exception {
        try (TestGateway.InProcess gateway = start(byAddress())) {
            String good = server.token(_ -> {});
            assertThat(cancel(gateway, "Authorization", "Bearer " + good).status())
                    .isEqualTo(202);
            assertThat(cancel(gateway, "x-api-key", good).status()).isEqualTo(202);
            assertThat(gateway.getWith("/v1/caller", "Authorization", "Bearer " + good)
                            .json()
                            .path("name")
                            .stringValue())
                    .isEqualTo("billing");
            cancel(gateway, "Authorization", "Bearer " + good, "x-api-key", TestGateway.TOKEN)
                    .isProblem(400, "credential_conflict");

            Instant now = Instant.now();
            assertThat(refused(gateway, server.token(expired(now, 50))))
                    .as("expired within the clock skew")
                    .isFalse();
            List<Consumer<JWTClaimsSet.Builder>> bad = List.of(
                    claims -> claims.audience("another-service"),
                    claims -> claims.audience((String) null),
                    claims -> claims.issuer("https://another.example"),
                    expired(now, 90),
                    claims -> claims.expirationTime(null),
                    claims -> claims.notBeforeTime(ago(now, -90)),
                    claims -> claims.subject("system:serviceaccount:video:another"),
                    claims -> claims.subject(null));
            for (Consumer<JWTClaimsSet.Builder> change : bad) {
                assertThat(refused(gateway, server.token(change)))
                        .as(server.claims(change).toString())
                        .isTrue();
            }

            assertThat(refused(gateway, new PlainJWT(server.claims(_ -> {})).serialize()))
                    .as("not signed")
                    .isTrue();
            assertThat(refused(gateway, signedWithThePublicKeyAsSecret()))
                    .as("HS256")
                    .isTrue();
            assertThat(refused(gateway, server.token(AuthorizationServer.newKey("key-1"), _ -> {})))
                    .as("another key under the same id")
                    .isTrue();
            assertThat(refused(gateway, good.substring(0, good.length() - 4) + "AAAA"))
                    .as("another signature")
                    .isTrue();
            assertThat(refused(gateway, server.token(claims -> claims.claim("pad", "x".repeat(4500)))))
                    .as("oversized")
                    .isTrue();
            assertThat(simulator.requests()).hasSize(3);
        }
    }

    @Test
    void aFloodOfUnknownKeysAsksForTheKeysTwiceAtMost() {
        try (TestGateway.InProcess gateway = start(byAddress())) {
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
            int before = server.asked();
            for (int i = 0; i < 20; i++) {
                assertThat(refused(gateway, server.token(AuthorizationServer.newKey("unknown-" + i % 2), _ -> {})))
                        .isTrue();
            }
            assertThat(server.asked() - before).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void aKeyThatIsRolledOverIsFound() {
        try (TestGateway.InProcess gateway = start(byAddress())) {
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
            server.rollOver("key-2");
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
        }
    }

    @Test
    void aServerThatIsDownStopsNeitherStaticTokensNorTokensWhoseKeyIsKnown() {
        try (TestGateway.InProcess gateway = start(byAddress())) {
            String known = server.token(_ -> {});
            assertThat(refused(gateway, known)).isFalse();
            server.answerWith(500, "oops");

            Reply unknown = cancel(
                    gateway, "Authorization", "Bearer " + server.token(AuthorizationServer.newKey("key-9"), _ -> {}));
            unknown.isProblem(503, "identity_unavailable");
            assertThat(unknown.header("Retry-After")).isEqualTo("1");
            server.answerWith(200, "<html>");
            cancel(gateway, "Authorization", "Bearer " + server.token(AuthorizationServer.newKey("key-9"), _ -> {}))
                    .isProblem(503, "identity_unavailable");
            server.close();

            assertThat(refused(gateway, known)).isFalse();
            assertThat(cancel(gateway, "x-api-key", TestGateway.TOKEN).status()).isEqualTo(202);
        }
    }

    @Test
    void aServerThatHangsFromTheStartHoldsNobodyLong() throws Exception {
        try (ServerSocket hanging = new ServerSocket(0);
                TestGateway.InProcess gateway = start(TestGateway.bare()
                        .with(JWT + "jwk-set-uri", "http://127.0.0.1:" + hanging.getLocalPort() + "/jwks"))) {
            Instant start = Instant.now();
            cancel(gateway, "Authorization", "Bearer " + server.token(_ -> {})).isProblem(503, "identity_unavailable");
            assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(8));
            assertThat(cancel(gateway, "x-api-key", TestGateway.TOKEN).status()).isEqualTo(202);
        }
    }

    @Test
    void theIssuerIsAskedWithAToken() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "of-the-pod\n");
        server.require("of-the-pod");
        try (TestGateway.InProcess gateway = start(TestGateway.bare()
                .with(JWT + "issuer-uri", server.issuer())
                .with("gateway.jwt.bearer-token-file", token))) {
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();

            Files.writeString(token, "of-the-pod-later");
            server.require("of-the-pod-later");
            server.rollOver("key-2");
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
        }
    }

    /** As Kubernetes serves its keys: to those who have a token, behind a CA of its own. */
    @Test
    void aPrivateCaOfTheServerIsTrustedIfItIsNamed() throws Exception {
        Certificates certificates = new Certificates();
        Path token = Files.writeString(directory.resolve("token"), "of-the-pod");
        try (AuthorizationServer secure = AuthorizationServer.startWithTls(certificates.issue("localhost"));
                TestGateway.InProcess trusting = start(TestGateway.bare()
                        .with(JWT + "issuer-uri", secure.issuer())
                        .with(JWT + "jwk-set-uri", secure.jwksUri())
                        .with("spring.ssl.bundle.pem.cluster.truststore.certificate", certificates.authority(directory))
                        .with("gateway.jwt.ssl-bundle", "cluster")
                        .with("gateway.jwt.bearer-token-file", token));
                TestGateway.InProcess untrusting = start(TestGateway.bare()
                        .with(JWT + "issuer-uri", secure.issuer())
                        .with(JWT + "jwk-set-uri", secure.jwksUri()))) {
            secure.require("of-the-pod");
            String good = secure.token(_ -> {});

            assertThat(refused(trusting, good)).isFalse();
            cancel(untrusting, "x-api-key", good).isProblem(503, "identity_unavailable");
            assertThat(secure.asked()).isOne();
        }
    }

    @Test
    void theKeysMayBeInAFileThatChanges() throws Exception {
        Path file = Files.writeString(directory.resolve("jwks"), server.publicKeys());
        try (TestGateway.InProcess gateway = start(
                TestGateway.bare().with(JWT + "issuer-uri", server.issuer()).with("gateway.jwt.jwk-set-file", file))) {
            String before = server.token(_ -> {});
            assertThat(refused(gateway, before)).isFalse();

            server.rollOver("key-2");
            Files.writeString(file, server.publicKeys());

            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
            await().atMost(Duration.ofSeconds(10)).until(() -> refused(gateway, before));
            Files.writeString(file, "not a JWK set");
            await().during(Duration.ofSeconds(6)).until(() -> !refused(gateway, server.token(_ -> {})));
            assertThat(server.asked()).isZero();
        }
    }

    @Test
    void theKeyMayBeASetting() throws Exception {
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder()
                        .encodeToString(server.key().toRSAPublicKey().getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
        Path file = Files.writeString(directory.resolve("key.pem"), pem);
        try (TestGateway.InProcess gateway =
                start(TestGateway.bare().with(JWT + "public-key-location", "file:" + file))) {
            assertThat(refused(gateway, server.token(_ -> {}))).isFalse();
            assertThat(refused(gateway, server.token(claims -> claims.audience("another-service"))))
                    .isTrue();
        }
    }

    @Test
    void badSettingsStopTheStart() {
        assertThatThrownBy(() -> TestGateway.bare()
                        .upstream(simulator)
                        .with(JWT + "jwk-set-uri", server.jwksUri())
                        .start()
                        .close())
                .rootCause()
                .hasMessageContaining(JWT + "audiences");
        assertThatThrownBy(() -> start(byAddress().with(JWT + "jws-algorithms", "RS256,HS256"))
                        .close())
                .rootCause()
                .hasMessageContaining(JWT + "jws-algorithms");
    }

    private TestGateway.Builder byAddress() {
        return TestGateway.bare().with(JWT + "jwk-set-uri", server.jwksUri()).with(JWT + "issuer-uri", server.issuer());
    }

    private TestGateway.InProcess start(TestGateway.Builder gateway) {
        return gateway.upstream(simulator)
                .with(JWT + "audiences", AuthorizationServer.AUDIENCE)
                .with("gateway.tenants.acme.api-key", TestGateway.KEY)
                .with("gateway.callers.billing.subject", AuthorizationServer.SUBJECT)
                .with("gateway.callers.billing.tenants", "acme")
                .with("gateway.callers.static.token-sha256", Sha256.hex(TestGateway.TOKEN))
                .with("gateway.callers.static.tenants", "acme")
                .start();
    }

    private boolean refused(TestGateway gateway, String token) {
        Reply reply = cancel(gateway, "Authorization", "Bearer " + token);
        if (reply.status() == 202) {
            return false;
        }
        reply.isProblem(401, "unauthorized");
        return true;
    }

    private Reply cancel(TestGateway gateway, String... headers) {
        return gateway.cancelWith(batch, headers);
    }

    private static Consumer<JWTClaimsSet.Builder> expired(Instant now, int seconds) {
        return claims ->
                claims.issueTime(ago(now, 3600)).notBeforeTime(ago(now, 3600)).expirationTime(ago(now, seconds));
    }

    private static Date ago(Instant now, int seconds) {
        return Date.from(now.minusSeconds(seconds));
    }

    private String signedWithThePublicKeyAsSecret() throws Exception {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .keyID(server.key().getKeyID())
                        .build(),
                server.claims(_ -> {}));
        jwt.sign(new MACSigner(server.key().toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));
        return jwt.serialize();
    }
}
