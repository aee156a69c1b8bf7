package io.cancelgateway.simulator;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A request as it came over the socket.
 *
 * @param headers by lower-case name
 */
public record RecordedRequest(
        String method, String uri, Map<String, List<String>> headers, String body, Optional<Operation> operation) {

    /** The only value of a header, or empty. */
    public Optional<String> header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()).stream()
                .findFirst();
    }
}
