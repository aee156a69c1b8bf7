package io.cancelgateway.twelvelabs;

import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.web.util.UriBuilder;

/** One request to the upstream's API, which an attempt sends with a tenant's key. */
sealed interface VendorRequest {

    Operation operation();

    /**
     * The address. Every value goes in as a variable, so that it is encoded and cannot change the path or add a
     * parameter.
     *
     * @param path the builder of the operation's path
     */
    URI address(UriBuilder path);

    /** Cancels the batch. */
    record Cancel(BatchId batch) implements VendorRequest {

        @Override
        public Operation operation() {
            return Operation.CANCEL;
        }

        @Override
        public URI address(UriBuilder path) {
            return path.build(batch.value());
        }

        /** For the log. */
        @Override
        public String toString() {
            return "cancel batch " + batch;
        }
    }

    /** Retrieves the batch. */
    record Retrieve(BatchId batch) implements VendorRequest {

        @Override
        public Operation operation() {
            return Operation.RETRIEVE;
        }

        @Override
        public URI address(UriBuilder path) {
            return path.build(batch.value());
        }

        /** For the log. */
        @Override
        public String toString() {
            return "retrieve batch " + batch;
        }
    }

    /** Lists a page of the account's batches. */
    record ListBatches(BatchQuery query) implements VendorRequest {

        @Override
        public Operation operation() {
            return Operation.LIST;
        }

        @Override
        public URI address(UriBuilder path) {
            Map<String, Object> variables = new HashMap<>();
            query.parameters().forEach((name, values) -> add(name, values, path, variables));
            return path.build(variables);
        }

        private static void add(String name, List<String> values, UriBuilder path, Map<String, Object> variables) {
            for (String value : values) {
                String variable = "value" + variables.size();
                path.queryParam(name, "{" + variable + "}");
                variables.put(variable, value);
            }
        }

        /** For the log, without what the caller wrote. */
        @Override
        public String toString() {
            return "list batches";
        }
    }
}
