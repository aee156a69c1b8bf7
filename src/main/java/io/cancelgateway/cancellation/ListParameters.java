package io.cancelgateway.cancellation;

import io.cancelgateway.ledger.CancellationQuery;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.tenant.TenantId;
import jakarta.servlet.http.HttpServletRequest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The parameters of a request for a list of records. An empty parameter counts as absent. */
record ListParameters(
        @Nullable CancellationState state,
        @Nullable String requestedBy,
        @Nullable Instant since,
        @Nullable Instant until,
        int limit,
        CancellationQuery.@Nullable Position after) {

    private static final List<String> NAMES = List.of("state", "requested_by", "since", "until", "limit", "cursor");
    private static final Pattern CALLER = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final int MAX_LIMIT = 200;
    private static final int DEFAULT_LIMIT = 50;

    /** @throws ProblemException {@code parameter_invalid} if one is unknown, malformed or given twice */
    static ListParameters of(HttpServletRequest request) {
        // a misspelled filter that is ignored would show too many records
        for (String name : Collections.list(request.getParameterNames())) {
            if (!NAMES.contains(name)) {
                throw Requests.malformed(
                        "A parameter is unknown; there are only these: " + String.join(", ", NAMES) + ".");
            }
        }
        return new ListParameters(
                read(request, "state", ListParameters::state),
                read(request, "requested_by", ListParameters::caller),
                read(request, "since", ListParameters::time),
                read(request, "until", ListParameters::time),
                Optional.ofNullable(read(request, "limit", ListParameters::limit))
                        .orElse(DEFAULT_LIMIT),
                read(request, "cursor", Cursor::parse));
    }

    CancellationQuery query(TenantId tenant) {
        return new CancellationQuery(tenant, state, requestedBy, since, until, after);
    }

    private static <T> @Nullable T read(HttpServletRequest request, String name, Function<String, Optional<T>> parser) {
        String @Nullable [] values = request.getParameterValues(name);
        if (values == null || (values.length == 1 && values[0].isBlank())) {
            return null;
        }
        if (values.length > 1) {
            throw Requests.malformed("The parameter " + name + " is given more than once.");
        }
        return parser.apply(values[0]).orElseThrow(() -> Requests.malformed(rule(name)));
    }

    private static String rule(String name) {
        return switch (name) {
            case "state" ->
                "The parameter state is one of "
                        + Arrays.stream(CancellationState.values())
                                .map(CancellationState::word)
                                .collect(Collectors.joining(", "))
                        + ".";
            case "requested_by" ->
                "The parameter requested_by is a caller's name: 1 to 128 characters of printable ASCII, no space.";
            case "limit" -> "The parameter limit is a number from 1 to " + MAX_LIMIT + ".";
            case "cursor" -> "The parameter cursor is not one that this gateway returned as next_cursor.";
            default ->
                "The parameter " + name
                        + " is a time as in RFC 3339, such as 2026-01-31T00:00:00Z (a + is written %2B).";
        };
    }

    private static Optional<CancellationState> state(String text) {
        return CancellationState.ofWord(text);
    }

    private static Optional<String> caller(String text) {
        return Optional.of(text).filter(name -> CALLER.matcher(name).matches());
    }

    private static Optional<Integer> limit(String text) {
        try {
            return Optional.of(Integer.parseInt(text)).filter(number -> number >= 1 && number <= MAX_LIMIT);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Optional<Instant> time(String text) {
        try {
            OffsetDateTime time = OffsetDateTime.parse(text);
            // RFC 3339 has years of four digits; databases support few beyond them
            return Optional.of(time.toInstant()).filter(instant -> time.getYear() >= 1 && time.getYear() <= 9999);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
