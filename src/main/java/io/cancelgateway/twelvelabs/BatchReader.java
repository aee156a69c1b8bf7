package io.cancelgateway.twelvelabs;

import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the upstream's bodies on the side; the bytes themselves are never rewritten. */
class BatchReader {

    private final JsonMapper json;

    BatchReader(JsonMapper json) {
        this.json = json;
    }

    /** The batch object in {@code body}; empty where it is not a JSON object with a string {@code status}. */
    Optional<Batch> batch(byte[] body) {
        return object(body)
                .filter(batch -> batch.path("status").isString())
                .map(batch -> new Batch(batch.path("status").stringValue(), count(batch.path("canceled_items")), body));
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
    private static OptionalLong count(JsonNode node) {
        if (!node.isNumber()) {
            return OptionalLong.empty();
        }
        double value = node.doubleValue();
        return value >= 0 && value <= Integer.MAX_VALUE && value == Math.rint(value)
                ? OptionalLong.of((long) value)
                : OptionalLong.empty();
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
