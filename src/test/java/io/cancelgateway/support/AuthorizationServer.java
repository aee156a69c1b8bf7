package io.cancelgateway.support;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/** Signs JWTs, and serves the keys of its signatures over a socket. */
public final class AuthorizationServer implements AutoCloseable {

    public static final String AUDIENCE = "cancel-gateway";
    public static final String SUBJECT = "system:serviceaccount:video:billing";

    private final HttpServer server;
    private final String address;
    private final AtomicInteger asked = new AtomicInteger();
    private volatile RSAKey key = newKey("key-1");
    private volatile String answer = publicKeys();
    private volatile String metadata;
    private volatile int status = 200;
    private volatile String token = "";

    private AuthorizationServer(HttpServer server, String address) {
        this.server = server;
        this.address = address;
        server.createContext("/jwks", exchange -> {
            asked.incrementAndGet();
            answer(exchange, answer);
        });
        metadata = "{\"issuer\":\"" + issuer() + "\",\"jwks_uri\":\"" + jwksUri() + "\"}";
        server.createContext("/.well-known/openid-configuration", exchange -> answer(exchange, metadata));
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    public static AuthorizationServer start() {
        try {
            return new AuthorizationServer(
                    HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0), "http://127.0.0.1:");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param certificate of {@code localhost} */
    public static AuthorizationServer startWithTls(X509Bundle certificate) throws Exception {
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(certificate.toKeyManagerFactory().getKeyManagers(), null, null);
        HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        return new AuthorizationServer(server, "https://localhost:");
    }

    private void answer(HttpExchange exchange, String text) throws IOException {
        String sent = exchange.getRequestHeaders().getFirst("Authorization");
        boolean allowed = token.isEmpty() || ("Bearer " + token).equals(sent);
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(allowed ? status : 401, body.length);
        try (exchange) {
            exchange.getResponseBody().write(body);
        }
    }

    public String issuer() {
        return address + server.getAddress().getPort();
    }

    public String jwksUri() {
        return issuer() + "/jwks";
    }

    public RSAKey key() {
        return key;
    }

    public String publicKeys() {
        return new JWKSet(key.toPublicJWK()).toString();
    }

    /** How often its keys were asked for. */
    public int asked() {
        return asked.get();
    }

    /** Signs with another key from now on, and serves that alone. */
    public void rollOver(String id) {
        key = newKey(id);
        answer = publicKeys();
    }

    /** Answers with this from now on. */
    public void answerWith(int code, String body) {
        status = code;
        answer = body;
    }

    /** Answers with this where its metadata is asked for. */
    public void metadata(String body) {
        metadata = body;
    }

    public void answerWell() {
        answerWith(200, publicKeys());
    }

    /** Answers only those who bring this token. */
    public void require(String bearer) {
        token = bearer;
    }

    /** A token that is good for an hour, but for what {@code change} does to it. */
    public String token(Consumer<JWTClaimsSet.Builder> change) {
        return token(key, change);
    }

    public String token(RSAKey signer, Consumer<JWTClaimsSet.Builder> change) {
        try {
            SignedJWT jwt = new SignedJWT(
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                            .keyID(signer.getKeyID())
                            .build(),
                    claims(change));
            jwt.sign(new RSASSASigner(signer));
            return jwt.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    public JWTClaimsSet claims(Consumer<JWTClaimsSet.Builder> change) {
        Instant now = Instant.now();
        JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder()
                .issuer(issuer())
                .subject(SUBJECT)
                .audience(AUDIENCE)
                .issueTime(Date.from(now))
                .notBeforeTime(Date.from(now))
                .expirationTime(Date.from(now.plusSeconds(3600)));
        change.accept(claims);
        return claims.build();
    }

    public static RSAKey newKey(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Nobody answers any more. */
    @Override
    public void close() {
        server.stop(0);
    }
}
