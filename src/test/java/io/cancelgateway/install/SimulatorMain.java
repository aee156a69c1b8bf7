package io.cancelgateway.install;

import com.sun.net.httpserver.HttpServer;
import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.TwelveLabsSimulator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.springframework.web.util.UriComponentsBuilder;

/** The simulator as a program, for a container of its own: the API on one port, what a test tells it on another. */
public final class SimulatorMain {

    static final int API_PORT = 8090;
    static final int CONTROL_PORT = 8091;

    /** Not static: the demo's main is to be the only one that is found among the tests. */
    void main(String[] args) throws IOException {
        TwelveLabsSimulator simulator = TwelveLabsSimulator.start("0.0.0.0", API_PORT, Clock.systemUTC());
        HttpServer control = HttpServer.create(new InetSocketAddress("0.0.0.0", CONTROL_PORT), 0);
        control.createContext("/", exchange -> {
            Map<String, String> parameters = new HashMap<>();
            UriComponentsBuilder.fromUri(exchange.getRequestURI())
                    .build()
                    .getQueryParams()
                    .toSingleValueMap()
                    .forEach(parameters::put);
            byte[] answer = answer(simulator, exchange.getRequestURI().getPath(), parameters)
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        control.start();
    }

    private static String answer(TwelveLabsSimulator simulator, String path, Map<String, String> parameters) {
        return switch (path) {
            case "/ready" -> "ready";
            case "/batch" ->
                simulator
                        .account(parameters.get("key"))
                        .createBatch(73, 3, Duration.ofSeconds(Integer.parseInt(parameters.get("seconds"))))
                        .id();
            case "/slow-cancel" -> {
                simulator.next(
                        Operation.CANCEL, Fault.slow(Duration.ofMillis(Integer.parseInt(parameters.get("millis")))));
                yield "";
            }
            case "/cancels" ->
                Integer.toString(simulator.requests(Operation.CANCEL).size());
            case "/violations" -> String.join("\n", simulator.violations());
            default -> throw new IllegalArgumentException(path);
        };
    }
}
