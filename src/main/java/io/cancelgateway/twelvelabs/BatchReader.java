package io.cancelgateway.twelvelabs;

import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the upstream's bodies on the side; the bytes themselves are never rewritten. */
class BatchReader {

    /** What is kept beyond the answer is text that every database and terminal takes, and not much of it. */
    private static final Pattern NAME = Pattern.compile("[\\x20-\\x7e]{1,100}");

    private final JsonMapper json;

    BatchReader(JsonMapper json) {
        this.json = json;
    }

    /** The batch object in {@code body}; empty where it is not a JSON object with a string {@code status}. */
    Optional<Batch> batch(byte[] body) {
        return object(body)
                .filter(batch -> batch.path("status").isString())
                .map(batch -> new Batch(
                        batch.path("status").stringValue(),
                        name(batch, "model_name"),
                        name(batch, "analysis_mode"),
                        items(batch),
                        body));
    }

    private static BatchItems items(JsonNode batch) {
        return new BatchItems(
                count(batch, "total_items"),
                count(batch, "queued_items"),
                count(batch, "processing_items"),
                count(batch, "ready_items"),
                count(batch, "failed_items"),
                count(batch, "canceled_items"));
    }

    private static @Nullable String name(JsonNode batch, String field) {
        String text = text(batch, field);
        return NAME.matcher(text).matches() ? text : null;
    }

    /** The error in {@code body}, from either of the upstream's shapes; empty where there is none. */
    Optional<VendorError> error(byte[] body) {
        return object(body)
                .map(object -> object.path("error").isObject() ? object.path("error") : object)
                .filter(error -> !text(error, "code").isBlank())
                .map(error -> new VendorError(text(error, "code"), text(error, "message")));
    }

    private static String text(JsonNode object, String field) {
        return object.path(field).isString() ? object.path(field).stringValue() : "";
    }

    /** JSON has one kind of number: {@code 70}, {@code 70.0} and {@code 7E1} are the same count. */
    private static @Nullable Integer count(JsonNode batch, String field) {
        JsonNode node = batch.path(field);
        if (!node.isNumber()) {
            return null;
        }
        double value = node.doubleValue();
        return value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value) ? (int) value : null;
    }

    private Optional<JsonNode> object(byte[] body) {
        try {
            JsonNode node = json.readTree(body);
            return Optional.ofNullable(node).filter(JsonNode::isObject);
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }
}
