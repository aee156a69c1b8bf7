package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import io.cancelgateway.support.AuthorizationServer;
import io.cancelgateway.support.Secrets;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

@ExtendWith(OutputCaptureExtension.class)
class JwkSetRetrievalTests {

    private static final String TOKEN = "token-of-pod-7777";

    /** Over the JDK's HTTP client, as in the gateway. */
    private static final RestClient CLIENT = RestClient.builder()
            .requestFactory(new JdkClientHttpRequestFactory())
            .build();

    @TempDir
    private Path directory;

    private final AuthorizationServer identities = AuthorizationServer.start();
    private Path tokenFile;

    @BeforeEach
    void requireToken() throws IOException {
        identities.require(TOKEN);
        tokenFile = Files.writeString(directory.resolve("token"), TOKEN);
    }

    @AfterEach
    void stop() {
        identities.close();
    }

    @Test
    void getsTheKeysFromTheirAddressAndFromTheIssuer() throws Exception {
        for (JwkSetRetrieval retrieval : List.of(fromAddress(), fromIssuer())) {
            assertThat(get(retrieval).getKeyByKeyId("key-1")).isNotNull();
            assertThat(retrieval.knows("key-1")).isTrue();
            assertThat(retrieval.failed()).isFalse();
        }
    }

    /** A server may answer with what it was sent, and a parser quotes what it cannot read. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "200 | oops TOKEN",
                "200 | TOKEN",
                "200 | {\"keys\":\"TOKEN\"}",
                "200 | {\"keys\":[\"TOKEN\"]}",
                "200 | {\"TOKEN\":",
                "204 | TOKEN",
                "302 | TOKEN",
                "401 | oops TOKEN",
                "401 | {\"keys\":\"TOKEN\"}",
                "500 | {\"keys\":\"TOKEN\"}",
            })
    void tellsNothingOfAnAnswerThatIsNoJwkSet(int status, String answer, CapturedOutput log) {
        identities.metadata(answer.replace("TOKEN", TOKEN));
        identities.answerWith(status, answer.replace("TOKEN", TOKEN));

        for (JwkSetRetrieval retrieval : List.of(fromAddress(), fromIssuer())) {
            Throwable thrown = catchThrowable(() -> get(retrieval));

            assertThat(thrown).isInstanceOf(JWKSetUnavailableException.class);
            assertThat(retrieval.failed()).isTrue();
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            assertThat(Secrets.of(List.of(TOKEN)).in(trace + log.getAll())).isEmpty();
        }
        assertThat(log.getAll()).contains("The keys for callers' JWTs cannot be got");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TOKEN", "HTTP/1.1 TOKEN", "HTTP/1.1 200 OK\r\nTOKEN", "HTTP/1.1 200 OK\r\n\u0001: TOKEN"})
    void tellsNothingOfAnAnswerThatIsNotHttp(String answer, CapturedOutput log) throws IOException {
        try (ServerSocket server = new ServerSocket(0)) {
            Thread.ofVirtual().start(() -> answer(server, answer.replace("TOKEN", TOKEN) + "\r\n\r\n"));

            Throwable thrown = catchThrowable(() -> get(JwkSetRetrieval.fromAddress(
                    CLIENT, "http://127.0.0.1:" + server.getLocalPort() + "/jwks", tokenFile)));

            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            assertThat(thrown).isInstanceOf(JWKSetUnavailableException.class);
            assertThat(log.getAll()).contains("The keys for callers' JWTs cannot be got");
            assertThat(Secrets.of(List.of(TOKEN)).in(trace + log.getAll())).isEmpty();
        }
    }

    private static void answer(ServerSocket server, String answer) {
        try (Socket client = server.accept()) {
            assertThat(client.getInputStream().read(new byte[8192])).isPositive();
            client.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            // closed
        }
    }

    @Test
    void refusesAnAnswerWithoutEnd() {
        identities.answerWith(200, " ".repeat(2 << 20) + identities.publicKeys());

        assertThat(catchThrowable(() -> get(fromAddress()))).hasStackTraceContaining("larger than 1 MiB");
    }

    private JwkSetRetrieval fromAddress() {
        return JwkSetRetrieval.fromAddress(CLIENT, identities.jwksUri(), tokenFile);
    }

    private JwkSetRetrieval fromIssuer() {
        return JwkSetRetrieval.fromIssuer(CLIENT, identities.issuer(), tokenFile);
    }

    private static JWKSet get(JwkSetRetrieval retrieval) throws Exception {
        return retrieval.getJWKSet(JWKSetCacheRefreshEvaluator.forceRefresh(), 0, null);
    }
}
