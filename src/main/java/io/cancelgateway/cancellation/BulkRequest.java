package io.cancelgateway.cancellation;

import io.cancelgateway.problem.Problem;
import io.cancelgateway.problem.ProblemException;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.twelvelabs.BatchId;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The body of a bulk request: {@code {"batch_ids": […], "reason": "…"}}, or {@code {"all_active": true}} with or
 * without a reason.
 *
 * @param batches the batches in the order of the request, an id that is given twice included; empty for all that run
 * @param reason why, or empty if it gives no reason
 */
record BulkRequest(Optional<List<Named>> batches, Optional<CancelReason> reason) {

    /**
     * A batch of the request.
     *
     * @param text the id as the caller wrote it
     */
    record Named(BatchId batch, String text) {

        static Named of(BatchId batch) {
            return new Named(batch, batch.toString());
        }
    }

    private static final int MAX_BYTES = 1024 * 1024;
    private static final int MAX_BATCHES = 50;
    private static final Set<String> MEMBERS = Set.of("batch_ids", "all_active", "reason");

    /** Two members of the same name would let two readers of one body see different batches. */
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /**
     * Reads the body.
     *
     * @throws ProblemException {@code parameter_invalid} or {@code content_too_large}
     * @throws IOException if it cannot be received
     */
    static BulkRequest read(HttpServletRequest request) throws IOException {
        JsonNode body = parse(body(request));
        if (!body.isObject()) {
            throw Requests.malformed("The body must be a JSON object.");
        }
        for (String member : body.propertyNames()) {
            if (!MEMBERS.contains(member)) {
                throw Requests.malformed("The body has a member other than batch_ids, all_active and reason.");
            }
        }
        Optional<CancelReason> reason = body.has("reason")
                ? CancelReason.of("The reason", text(body.get("reason"), "The reason must be a string."))
                : CancelReason.of(Requests.headers(request, CancelReason.HEADER));
        JsonNode ids = body.path("batch_ids");
        JsonNode all = body.path("all_active");
        if (!all.isMissingNode() && !all.isBoolean()) {
            throw Requests.malformed("all_active must be true or false.");
        }
        if (all.asBoolean(false) != ids.isMissingNode()) {
            throw Requests.malformed("The body must have either batch_ids, or all_active with the value true.");
        }
        return new BulkRequest(ids.isMissingNode() ? Optional.empty() : Optional.of(batches(ids)), reason);
    }

    private static byte[] body(HttpServletRequest request) throws IOException {
        byte[] body = request.getContentLengthLong() > MAX_BYTES
                ? new byte[MAX_BYTES + 1]
                : request.getInputStream().readNBytes(MAX_BYTES + 1);
        if (body.length > MAX_BYTES) {
            throw Problem.of(ProblemType.CONTENT_TOO_LARGE, "The body is larger than 1 MiB.")
                    .toException();
        }
        return body;
    }

    private static JsonNode parse(byte[] body) {
        try {
            return STRICT.readTree(body);
        } catch (JacksonException e) {
            throw Requests.malformed("The body is not JSON.");
        }
    }

    private static List<Named> batches(JsonNode ids) {
        if (!ids.isArray() || ids.isEmpty() || ids.size() > MAX_BATCHES) {
            throw Requests.malformed("batch_ids must be an array of 1 to 50 batch ids.");
        }
        List<Named> batches = new ArrayList<>();
        for (JsonNode id : ids) {
            String text = text(id, "Each of batch_ids must be a string.");
            batches.add(new Named(Requests.batchId(text), text));
        }
        return batches;
    }

    private static String text(JsonNode node, String otherwise) {
        if (!node.isString()) {
            throw Requests.malformed(otherwise);
        }
        return node.stringValue();
    }
}
