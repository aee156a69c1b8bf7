package io.cancelgateway.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the gateway answered. */
public record Reply(HttpResponse<byte[]> response) {

    /**
     * Asserts that it is as docs/openapi.yaml says.
     *
     * @param upstreamSendsNonsense whether the body of a success can be anything
     */
    Reply asDocumented(boolean upstreamSendsNonsense) {
        ApiDocument.check(response, upstreamSendsNonsense);
        return this;
    }

    public int status() {
        return response.statusCode();
    }

    public byte[] bytes() {
        return response.body();
    }

    public String text() {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    public JsonNode json() {
        return JsonMapper.shared().readTree(response.body());
    }

    /** Null where the answer has none. */
    public String header(String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    /** Asserts the one shape of errors, and that it says this. */
    public Reply isProblem(int status, String code) {
        assertThat(status()).as(text()).isEqualTo(status);
        assertThat(header("Content-Type")).isEqualTo("application/problem+json");
        JsonNode problem = json();
        assertThat(problem.propertyNames())
                .containsOnly("type", "title", "status", "detail", "instance", "trace_id", "error");
        assertThat(problem.path("type").stringValue()).startsWith("urn:problem-type:cancel-gateway:");
        assertThat(problem.path("title").stringValue()).isNotBlank();
        assertThat(problem.path("status").intValue()).isEqualTo(status);
        assertThat(problem.path("detail").stringValue()).isNotBlank();
        assertThat(problem.path("instance").stringValue())
                .isEqualTo(response.uri().getRawPath());
        assertThat(problem.path("trace_id").stringValue()).matches("[0-9a-f]{32}");
        assertThat(problem.path("error").propertyNames()).containsExactly("code", "message");
        assertThat(problem.path("error").path("code").stringValue()).isEqualTo(code);
        assertThat(problem.path("error").path("message").stringValue()).isNotBlank();
        return this;
    }

    public String message() {
        return json().path("error").path("message").stringValue();
    }
}
