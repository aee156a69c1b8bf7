package io.cancelgateway.twelvelabs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the few fields that the gateway needs from the upstream's bodies. The bodies themselves are passed on
 * unchanged. Everything else in a body is skipped, so that a number of a thousand digits, for example, makes it neither
 * unreadable nor slow to read. Safe for use by many threads.
 */
class BatchReader {

    private static final Set<String> FIELDS = Set.of(
            "status",
            "model_name",
            "analysis_mode",
            "total_items",
            "queued_items",
            "processing_items",
            "ready_items",
            "failed_items",
            "canceled_items",
            "error",
            "code",
            "message",
            "data",
            "batch_id",
            "page_info",
            "total_page");

    private static final Set<String> NESTED = Set.of("error", "page_info");

    /** Names are stored and shown, so they must be short text that every database and terminal takes. */
    private static final Pattern NAME = Pattern.compile("[\\x20-\\x7e]{1,100}");

    private final JsonFactory json = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** The batch object in {@code body}, or empty where it is not a JSON object with a string {@code status}. */
    Optional<Batch> batch(byte[] body) {
        return fields(body)
                .filter(batch -> batch.get("status") instanceof String)
                .map(batch -> new Batch(
                        text(batch, "status"),
                        name(batch, "model_name"),
                        name(batch, "analysis_mode"),
                        items(batch),
                        body));
    }

    /** The page of batches in {@code body}, or empty where it is not a JSON object with an array {@code data}. */
    Optional<BatchPage> page(byte[] body) {
        return fields(body)
                .flatMap(page -> page.get("data") instanceof Elements(List<Map<String, @Nullable Object>> elements)
                        ? Optional.of(new BatchPage(entries(elements), totalPages(page), body))
                        : Optional.empty());
    }

    private static List<BatchPage.Entry> entries(List<Map<String, @Nullable Object>> elements) {
        return elements.stream()
                .map(element -> new BatchPage.Entry(
                        BatchId.parse(text(element, "batch_id")).orElse(null),
                        element.get("status") instanceof String status ? status : null))
                .toList();
    }

    private static @Nullable Integer totalPages(Map<String, @Nullable Object> page) {
        return page.get("page_info") instanceof Nested(Map<String, @Nullable Object> info)
                ? count(info, "total_page")
                : null;
    }

    private static BatchItems items(Map<String, @Nullable Object> batch) {
        return new BatchItems(
                count(batch, "total_items"),
                count(batch, "queued_items"),
                count(batch, "processing_items"),
                count(batch, "ready_items"),
                count(batch, "failed_items"),
                count(batch, "canceled_items"));
    }

    private static @Nullable String name(Map<String, @Nullable Object> batch, String field) {
        String text = text(batch, field);
        return NAME.matcher(text).matches() ? text : null;
    }

    /** The error in {@code body}, in either of the upstream's two shapes, or empty where there is none. */
    Optional<VendorError> error(byte[] body) {
        return fields(body)
                .map(object ->
                        object.get("error") instanceof Nested(Map<String, @Nullable Object> error) ? error : object)
                .filter(error -> !text(error, "code").isBlank())
                .map(error -> new VendorError(text(error, "code"), text(error, "message")));
    }

    private static String text(Map<String, @Nullable Object> object, String field) {
        return object.get(field) instanceof String text ? text : "";
    }

    /** JSON has one kind of number: {@code 70}, {@code 70.0} and {@code 7E1} are the same count. */
    private static @Nullable Integer count(Map<String, @Nullable Object> batch, String field) {
        return batch.get(field) instanceof Double number
                        && number >= 0
                        && number <= Integer.MAX_VALUE
                        && number == Math.rint(number)
                ? (Integer) number.intValue()
                : null;
    }

    /** The fields of the JSON object in {@code body}, or empty where it is anything else. */
    private Optional<Map<String, @Nullable Object>> fields(byte[] body) {
        try (JsonParser parser = json.createParser(ObjectReadContext.empty(), body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            Map<String, @Nullable Object> fields = fields(parser);
            return parser.nextToken() == null ? Optional.of(fields) : Optional.empty();
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    private static Map<String, @Nullable Object> fields(JsonParser parser) {
        Map<String, @Nullable Object> fields = new HashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (FIELDS.contains(name)) {
                fields.put(name, value(parser, token, name));
            }
            parser.skipChildren();
        }
        return fields;
    }

    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token, String name) {
        return switch (token) {
            case VALUE_STRING -> parser.getString();
            // a number too large for a double becomes infinite, which is no count
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> Double.valueOf(parser.getString());
            case START_OBJECT -> NESTED.contains(name) ? new Nested(fields(parser)) : null;
            case START_ARRAY -> name.equals("data") ? new Elements(elements(parser)) : null;
            case null, default -> null;
        };
    }

    /** The fields of each element; none of an element that is not an object. */
    private static List<Map<String, @Nullable Object>> elements(JsonParser parser) {
        List<Map<String, @Nullable Object>> elements = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            elements.add(token == JsonToken.START_OBJECT ? fields(parser) : Map.of());
            parser.skipChildren();
        }
        return elements;
    }

    private record Nested(Map<String, @Nullable Object> fields) {}

    private record Elements(List<Map<String, @Nullable Object>> elements) {}
}
