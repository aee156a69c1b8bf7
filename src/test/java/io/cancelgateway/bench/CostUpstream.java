package io.cancelgateway.bench;

import java.nio.charset.StandardCharsets;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** An upstream that has every batch and costs next to nothing: a cancel is accepted, a poll shows it canceled. */
final class CostUpstream {

    private static final String BATCH = """
            {"batch_id":"%s","analysis_mode":"general","model_name":"pegasus1.5","status":"%s","total_items":73,\
            "created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-02T00:00:00Z","queued_items":0,\
            "processing_items":%d,"ready_items":%d,"failed_items":0,"canceled_items":70}""";

    private CostUpstream() {}

    /** @param args the port */
    static void start(String[] args) {
        HttpServer.create()
                .host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .handle(CostUpstream::answer)
                .bindNow()
                .onDispose()
                .block();
    }

    private static Mono<Void> answer(HttpServerRequest request, HttpServerResponse response) {
        boolean cancel = request.method().name().equals("POST");
        String[] path = request.uri().split("/");
        byte[] body = BATCH.formatted(path[4], cancel ? "canceling" : "canceled", cancel ? 3 : 0, cancel ? 0 : 3)
                .getBytes(StandardCharsets.UTF_8);
        return response.status(cancel ? 202 : 200)
                .header("Content-Type", "application/json")
                .header("Content-Length", Integer.toString(body.length))
                .sendByteArray(Mono.just(body))
                .then();
    }
}
