package io.cancelgateway.support;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.LevelResolver;
import com.atlassian.oai.validator.report.ValidationReport;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.springframework.http.server.PathContainer;
import org.springframework.web.util.UriComponentsBuilder;
import org.springframework.web.util.UriUtils;
import org.springframework.web.util.pattern.PathPatternParser;
import tools.jackson.databind.json.JsonMapper;

/** The committed OpenAPI document. What tests send, and what they are answered, is checked against it. */
public final class ApiDocument {

    public static final Path FILE = Path.of("docs", "openapi.yaml");

    /** Those that an answer has only if the document says so. */
    private static final Set<String> HEADERS = Set.of(
            "location",
            "retry-after",
            "preference-applied",
            "cancellation-recorded",
            "www-authenticate",
            "etag",
            "content-disposition");

    /** The statuses that may mean that the request was wrong; tests send wrong ones on purpose. */
    private static final Set<Integer> WRONG_REQUEST = Set.of(400, 401, 403, 408, 413, 415, 417, 501, 505);

    private static final OpenApiInteractionValidator VALIDATOR =
            OpenApiInteractionValidator.createForInlineApiSpecification(text())
                    // a body and parameters of a cancel are ignored
                    .withLevelResolver(LevelResolver.create()
                            .withLevel("validation.request.parameter.query.unexpected", ValidationReport.Level.IGNORE)
                            // an error is the one shape and a record is JSON, whatever the request accepts
                            .withLevel("validation.request.accept", ValidationReport.Level.IGNORE)
                            // it takes no array of OpenAPI 3.1 for one
                            .withLevel("validation.request.parameter.collection", ValidationReport.Level.IGNORE)
                            .withLevel("validation.request.body.unexpected", ValidationReport.Level.IGNORE)
                            // otherwise no object may have others, whatever the document says; those that say so still
                            // may not
                            .withLevel("validation.schema.additionalProperties", ValidationReport.Level.IGNORE)
                            .build())
                    .build();
    private static final JsonNode DOCUMENT = parse();

    private ApiDocument() {}

    private static String text() {
        try {
            return Files.readString(FILE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse() {
        try {
            return new YAMLMapper().readTree(text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The document. */
    public static JsonNode tree() {
        return DOCUMENT;
    }

    /** The paths, as templates. */
    public static List<String> paths() {
        return DOCUMENT.path("paths").properties().stream()
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Makes ready what takes long the first time, so that no test measures it. */
    static void prepare() {
        SimpleResponse some = SimpleResponse.Builder.status(200)
                .withContentType("application/json")
                .withBody("{}")
                .build();
        VALIDATOR.validateResponse("/v1/caller", Request.Method.GET, some);
    }

    /**
     * Asserts that an answer is as the document says, and its request too, unless the answer says that it was wrong.
     *
     * @param upstreamSendsNonsense whether the body of a success, which may be the upstream's, can be anything
     */
    static void check(HttpResponse<byte[]> answer, boolean upstreamSendsNonsense) {
        HttpRequest request = answer.request();
        String method = request.method().toLowerCase(Locale.ROOT);
        Optional<String> path = path(answer.uri());
        JsonNode operation = DOCUMENT.path("paths").path(path.orElse("")).path(method);
        if (operation.isMissingNode()) {
            return; // no such path or method, which Reply.isProblem checks
        }
        String what = request.method() + " " + answer.uri().getRawPath() + " answered " + answer.statusCode();
        List<ValidationReport.Message> errors = new ArrayList<>(VALIDATOR
                .validateResponse(
                        example(path.orElseThrow()), Request.Method.valueOf(request.method()), response(answer))
                .getMessages());
        if (!WRONG_REQUEST.contains(answer.statusCode())) {
            errors.addAll(VALIDATOR
                    .validateRequest(request(request, operation.has("requestBody")))
                    .getMessages());
        }
        errors.removeIf(message -> message.getLevel() != ValidationReport.Level.ERROR
                // an export without a record has no lines
                || (answer.body().length == 0 && message.getKey().equals("validation.response.body.missing")));
        if (upstreamSendsNonsense && answer.statusCode() < 300) {
            errors.clear();
        }
        assertThat(errors).as("%s: against %s", what, FILE).isEmpty();

        JsonNode described = operation.path("responses").path(Integer.toString(answer.statusCode()));
        assertThat(answer.headers().map().keySet())
                .as("%s: headers that %s does not name", what, FILE)
                .noneMatch(header -> HEADERS.contains(header) && !names(described.path("headers"), header));
        if (answer.statusCode() >= 400) {
            assertThat(described.path("x-problem-types"))
                    .as("%s: its problem type", what)
                    .map(JsonNode::asText)
                    .contains(problemType(answer.body()));
        }
    }

    /** Asserts that the examples of requests and answers fit, and returns how many there are. */
    public static int checkExamples() {
        int checked = 0;
        for (Map.Entry<String, JsonNode> path : DOCUMENT.path("paths").properties()) {
            String address = example(path.getKey());
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                Request.Method method =
                        Request.Method.valueOf(operation.getKey().toUpperCase(Locale.ROOT));
                for (JsonNode body : examples(operation.getValue().path("requestBody"))) {
                    SimpleRequest request = new SimpleRequest.Builder(method, address)
                            .withContentType("application/json")
                            .withHeader("x-api-key", "token")
                            .withBody(body.toString())
                            .build();
                    assertThat(VALIDATOR.validateRequest(request).getMessages())
                            .as("%s %s with %s", method, address, body)
                            .isEmpty();
                    checked++;
                }
                for (Map.Entry<String, JsonNode> response :
                        operation.getValue().path("responses").properties()) {
                    int status = Integer.parseInt(response.getKey());
                    for (JsonNode body : examples(response.getValue())) {
                        SimpleResponse answer = SimpleResponse.Builder.status(status)
                                .withContentType(status < 400 ? "application/json" : "application/problem+json")
                                .withBody(body.toString())
                                .build();
                        assertThat(VALIDATOR
                                        .validateResponse(address, method, answer)
                                        .getMessages())
                                .as("%s %s answered %s with %s", method, address, status, body)
                                .isEmpty();
                        assertThat(body.path("status").asInt(status))
                                .as("the status in %s", body)
                                .isIn(0, status); // a batch has a status, too
                        checked++;
                    }
                }
            }
        }
        return checked;
    }

    private static List<JsonNode> examples(JsonNode message) {
        List<JsonNode> values = new ArrayList<>();
        message.path("content")
                .forEach(content -> content.path("examples").forEach(example -> {
                    String reference = example.path("$ref").asText();
                    values.add((reference.isEmpty() ? example : DOCUMENT.at(reference.substring(1))).path("value"));
                }));
        return values;
    }

    private static boolean names(JsonNode headers, String header) {
        List<String> names = new ArrayList<>();
        headers.fieldNames().forEachRemaining(name -> names.add(name.toLowerCase(Locale.ROOT)));
        return names.contains(header);
    }

    private static String problemType(byte[] body) {
        String type = JsonMapper.shared().readTree(body).path("type").asString("");
        return type.substring(type.lastIndexOf(':') + 1);
    }

    /** The one whose template fits. One without a variable goes first. */
    private static Optional<String> path(URI address) {
        List<String> templates = new ArrayList<>();
        DOCUMENT.path("paths").fieldNames().forEachRemaining(templates::add);
        return templates.stream()
                .sorted(Comparator.comparing(template -> template.contains("{")))
                .filter(template -> PathPatternParser.defaultInstance
                        .parse(template)
                        .matches(PathContainer.parsePath(address.getRawPath())))
                .findFirst();
    }

    private static String example(String template) {
        return template.replace("{batch_id}", "68f4ddaf8aaa60d33df0e800");
    }

    private static SimpleRequest request(HttpRequest request, boolean hasBody) {
        SimpleRequest.Builder built =
                new SimpleRequest.Builder(request.method(), request.uri().getRawPath());
        request.headers().map().forEach((name, values) -> {
            // an empty one counts as absent; the type of a body that is ignored is, too
            if (!values.contains("") && (hasBody || !name.equalsIgnoreCase("Content-Type"))) {
                built.withHeader(name, values);
            }
        });
        UriComponentsBuilder.fromUri(request.uri()).build().getQueryParams().forEach((name, values) -> {
            if (!values.contains("")) { // likewise
                built.withQueryParam(
                        name,
                        values.stream()
                                .map(value -> UriUtils.decode(value, StandardCharsets.UTF_8))
                                .toList());
            }
        });
        request.bodyPublisher().filter(body -> body.contentLength() > 0).ifPresent(body -> built.withBody(bytes(body)));
        return built.build();
    }

    private static SimpleResponse response(HttpResponse<byte[]> answer) {
        SimpleResponse.Builder built =
                SimpleResponse.Builder.status(answer.statusCode()).withBody(answer.body());
        answer.headers().map().forEach(built::withHeader);
        return built.build();
    }

    private static byte[] bytes(HttpRequest.BodyPublisher body) {
        HttpResponse.BodySubscriber<byte[]> all = HttpResponse.BodySubscribers.ofByteArray();
        body.subscribe(new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                all.onSubscribe(subscription);
            }

            @Override
            public void onNext(ByteBuffer part) {
                all.onNext(List.of(part));
            }

            @Override
            public void onError(Throwable failure) {
                all.onError(failure);
            }

            @Override
            public void onComplete() {
                all.onComplete();
            }
        });
        return ((CompletableFuture<byte[]>) all.getBody()).join();
    }
}
