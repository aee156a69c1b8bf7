package io.cancelgateway.openapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cancelgateway.problem.ProblemType;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.core.util.Yaml31;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.Paths;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code description.yaml}. It is an OpenAPI document whose operations name the {@linkplain ProblemType types} of
 * their problems; here each gets the responses, the headers and the examples that follow from them.
 */
final class ApiDescription {

    private static final String SOURCE = "/openapi/description.yaml";

    private final ObjectNode document;
    private final ObjectNode problems;
    private final List<String> ofAll;

    private ApiDescription(ObjectNode document) {
        this.document = document;
        this.problems = (ObjectNode) document.remove("x-problems");
        this.ofAll = texts(document.remove("x-problems-of-all"));
    }

    /** The description with its problems written out. */
    static ApiDescription read() throws IOException {
        try (InputStream source = Objects.requireNonNull(ApiDescription.class.getResourceAsStream(SOURCE))) {
            ApiDescription description =
                    new ApiDescription((ObjectNode) Yaml31.mapper().readTree(source));
            description.describeProblems();
            return description;
        }
    }

    /**
     * Describes the operations that were found. One without a description stays as it was found; what is described but
     * was not found is left out.
     */
    void describe(OpenAPI found) throws JsonProcessingException {
        OpenAPI described = Json31.mapper().treeToValue(document, OpenAPI.class);
        Paths paths = new Paths();
        described.getPaths().forEach((path, item) -> {
            PathItem of = found.getPaths().remove(path);
            if (of != null) {
                paths.addPathItem(path, describe(of, item));
            }
        });
        paths.putAll(found.getPaths());
        found.info(described.getInfo())
                .servers(described.getServers())
                .security(described.getSecurity())
                .tags(described.getTags())
                .paths(paths)
                .components(described.getComponents());
    }

    private static PathItem describe(PathItem found, PathItem described) {
        found.readOperationsMap().keySet().forEach(method -> {
            Operation operation = described.readOperationsMap().get(method);
            if (operation != null) {
                found.operation(method, operation);
            }
        });
        return found;
    }

    private void describeProblems() {
        for (JsonNode path : document.path("paths")) {
            for (JsonNode operation : path) {
                describeProblems((ObjectNode) operation);
            }
        }
        ArrayNode types = document.withObject("/components/schemas/Problem/properties/type")
                .putArray("enum");
        Stream.of(ProblemType.values()).map(ProblemType::uri).forEach(types::add);
    }

    /** A response for each status, with all that may be meant by it. */
    private void describeProblems(ObjectNode operation) {
        List<String> names = new ArrayList<>(ofAll);
        names.addAll(texts(operation.remove("x-problems")));
        List<String> recorded = texts(operation.remove("x-recorded"));
        TreeMap<Integer, List<ProblemType>> byStatus = new TreeMap<>();
        for (ProblemType type : ProblemType.values()) {
            if (names.contains(type.code())) {
                statuses(type)
                        .forEach(status -> byStatus.computeIfAbsent(status, _ -> new ArrayList<>())
                                .add(type));
            }
        }
        byStatus.forEach((status, types) -> {
            ObjectNode response = operation.withObject("/responses").putObject(status.toString());
            response.put("description", types.stream().map(this::meaning).collect(Collectors.joining("\n")));
            headers(status)
                    .forEach(header -> refer(response.withObject("/headers").putObject(header), "headers", header));
            if (recorded.contains(status.toString())) {
                refer(
                        response.withObject("/headers").putObject("Cancellation-Recorded"),
                        "headers",
                        "Cancellation-Recorded");
            }
            ObjectNode content = response.putObject("content").putObject("application/problem+json");
            refer(content.putObject("schema"), "schemas", "Problem");
            for (ProblemType type : types) {
                refer(content.withObject("/examples").putObject(type.code()), "examples", example(type, status));
            }
            ArrayNode named = response.putArray("x-problem-types");
            types.forEach(type -> named.add(type.code()));
        });
    }

    private List<Integer> statuses(ProblemType type) {
        List<String> statuses = texts(problems.path(type.code()).path("statuses"));
        return statuses.isEmpty()
                ? List.of(type.status())
                : statuses.stream().map(Integer::valueOf).toList();
    }

    private static List<String> headers(int status) {
        return switch (status) {
            case 401 -> List.of("WWW-Authenticate");
            case 429, 502, 503 -> List.of("Retry-After");
            default -> List.of();
        };
    }

    private String meaning(ProblemType type) {
        return codes(type).stream().map(code -> "`" + code + "`").collect(Collectors.joining(", ", "- ", ": "))
                + problems.path(type.code()).path("means").asText();
    }

    /** {@code error.code}: the type's own, or the upstream's. */
    private List<String> codes(ProblemType type) {
        List<String> codes = texts(problems.path(type.code()).path("codes"));
        return codes.isEmpty() ? List.of(type.code()) : codes;
    }

    /** Adds the example of a problem with this status, and returns its name. */
    private String example(ProblemType type, int status) {
        String name = status == type.status() ? type.code() : type.code() + "_" + status;
        String message = problems.path(type.code()).path("message").asText();
        ObjectNode example = document.withObject("/components/examples/" + name);
        example.put("summary", type.title());
        ObjectNode value = example.putObject("value");
        value.put("type", type.uri());
        value.put("title", type.title());
        value.put("status", status);
        value.put("detail", message);
        value.put(
                "instance",
                problems.path(type.code()).path("at").asText("/v1.3/analyze/batches/68f4ddaf8aaa60d33df0e800/cancel"));
        value.put("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
        value.putObject("error").put("code", codes(type).getFirst()).put("message", message);
        return name;
    }

    private static void refer(ObjectNode node, String kind, String name) {
        node.put("$ref", "#/components/" + kind + "/" + name);
    }

    private static List<String> texts(@Nullable JsonNode array) {
        List<String> texts = new ArrayList<>();
        if (array != null) {
            array.forEach(element -> texts.add(element.asText()));
        }
        return texts;
    }
}
