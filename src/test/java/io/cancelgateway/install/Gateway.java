package io.cancelgateway.install;

import io.cancelgateway.CancelGatewayApplication;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One replica on a database of its caller's choice, with tenant acme and a caller that serves it. */
final class Gateway implements AutoCloseable {

    static final String KEY = "tlk_acme_1111";

    private static final String TOKEN = "token-of-billing";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final ConfigurableApplicationContext context;
    private final String address;

    private Gateway(ConfigurableApplicationContext context) {
        this.context = context;
        address = "http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port");
    }

    static Gateway start(String database, TwelveLabsSimulator simulator) {
        return new Gateway(new SpringApplicationBuilder(CancelGatewayApplication.class)
                .run(
                        "--server.port=0",
                        "--management.server.port=0",
                        "--spring.datasource.url=" + database,
                        "--spring.datasource.hikari.maximum-pool-size=5",
                        "--gateway.upstream.base-url=" + simulator.baseUrl(),
                        "--gateway.follow-up.initial-delay=200ms",
                        "--gateway.follow-up.max-delay=1s",
                        "--gateway.tenants.acme.api-key=" + KEY,
                        "--gateway.callers.billing.token-sha256=" + RenderedPod.sha256(TOKEN),
                        "--gateway.callers.billing.tenants=acme"));
    }

    int cancel(String batch) {
        return send("POST", "/v1.3/analyze/batches/" + batch + "/cancel").statusCode();
    }

    JsonNode record(String batch) {
        return JsonMapper.shared()
                .readTree(send("GET", "/v1/cancellations/" + batch).body());
    }

    String state(String batch) {
        return record(batch).path("state").stringValue("");
    }

    private HttpResponse<String> send(String method, String path) {
        try {
            return HTTP.send(
                    HttpRequest.newBuilder(URI.create(address + path))
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .header("x-api-key", TOKEN)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
