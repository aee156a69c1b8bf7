package io.cancelgateway.caller;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.Sha256;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.test.context.TestPropertySource;

/** Every request of the table in docs/API.md, by every kind of caller. */
@TestPropertySource(
        properties = {
            "gateway.callers.canceler.token-sha256=" + AccessMatrixIT.CANCEL_TOKEN_HASH,
            "gateway.callers.canceler.tenants=acme",
            "gateway.callers.canceler.permissions=cancel",
        })
class AccessMatrixIT extends EndToEnd {

    private static final String CANCEL_TOKEN = "token-of-canceler";
    static final String CANCEL_TOKEN_HASH = "6c573ada951c3146cc326eb9f7fcb1a8a8bc47947f2431a8b02f9e5d6aa1caa1";

    private static final Pattern ROW =
            Pattern.compile("\\| `(GET|POST) (/\\S+)` \\| (`read`|`cancel`|any) \\| (yes|no) \\|");

    /** A row of the table. */
    record Access(String method, String path, String permission, boolean ofATenant) {}

    static List<Access> table() throws IOException {
        List<Access> rows = new ArrayList<>();
        Matcher row = ROW.matcher(Files.readString(Path.of("docs", "API.md")));
        while (row.find()) {
            rows.add(new Access(
                    row.group(1),
                    row.group(2),
                    row.group(3).replace("`", ""),
                    row.group(4).equals("yes")));
        }
        assertThat(rows).as("rows in docs/API.md").hasSize(7);
        return rows;
    }

    @ParameterizedTest
    @MethodSource("table")
    void isAnsweredToThoseWhoMay(Access access) {
        assertThat(CANCEL_TOKEN_HASH).isEqualTo(Sha256.hex(CANCEL_TOKEN));
        refused(access, 401, "unauthorized", null);
        refused(access, 401, "unauthorized", "a token that nobody has");
        expect(access, access.permission().equals("cancel") ? "permission_denied" : null, READ_TOKEN);
        expect(access, access.permission().equals("read") ? "permission_denied" : null, CANCEL_TOKEN);
        expect(access, null, TOKEN);
        expect(access, access.ofATenant() ? "tenant_required" : null, WIDE_TOKEN);
        expect(access, access.ofATenant() ? "tenant_required" : null, STAR_TOKEN);
        expect(access, null, WIDE_TOKEN, "X-Tenant-Id", "acme");
        expect(access, null, STAR_TOKEN, "X-Tenant-Id", "acme");
        for (String tenant : List.of("globex", "nobody")) { // not its own, unknown
            expect(access, access.ofATenant() ? "tenant_not_allowed" : null, TOKEN, "X-Tenant-Id", tenant);
        }
        expect(access, access.ofATenant() ? "tenant_not_allowed" : null, WIDE_TOKEN, "X-Tenant-Id", "twin-a");
    }

    private void expect(Access access, @Nullable String code, String token, String... headers) {
        if (code == null) {
            assertThat(send(access, token, headers).status()).isIn(200, 202);
        } else {
            refused(access, code.equals("tenant_required") ? 400 : 403, code, token, headers);
        }
    }

    /** Counted, and nothing is sent for it. */
    private void refused(Access access, int status, String code, @Nullable String token, String... headers) {
        double before = count("cancel.gateway.auth.failures", "reason", code);
        int sent = SIMULATOR.requests().size() + (access.path().startsWith("/v1/cancellations/") ? 1 : 0);

        send(access, token, headers).isProblem(status, code);

        assertThat(count("cancel.gateway.auth.failures", "reason", code)).isEqualTo(before + 1);
        assertThat(SIMULATOR.requests()).hasSize(sent);
    }

    private Reply send(Access access, @Nullable String token, String... headers) {
        String batch = ACME.createBatch(1, 1, Duration.ofHours(1)).id();
        if (access.path().startsWith("/v1/cancellations/")) {
            cancel(batch); // so that it has a record
        }
        HttpRequest.BodyPublisher body =
                access.path().equals("/v1/cancellations") && access.method().equals("POST")
                        ? HttpRequest.BodyPublishers.ofString("{\"batch_ids\":[\"" + batch + "\"]}")
                        : HttpRequest.BodyPublishers.noBody();
        Stream<String> credential = token == null ? Stream.of() : Stream.of("x-api-key", token);
        return send(
                access.method(),
                access.path().replace("{batch_id}", batch),
                body,
                Stream.of(Stream.of("Content-Type", "application/json"), credential, Stream.of(headers))
                        .flatMap(part -> part)
                        .toArray(String[]::new));
    }
}
