package io.cancelgateway.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.cancelgateway.problem.ProblemType;
import io.cancelgateway.support.ApiDocument;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springdoc.core.service.OpenAPIService;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.info.BuildProperties;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** The OpenAPI document: what it says of this application, and who gets it. */
class OpenApiIT extends EndToEnd {

    private static final JsonNode DESCRIPTION = description();

    @Autowired
    private RequestMappingHandlerMapping requestMappingHandlerMapping;

    @Autowired
    private BuildProperties build;

    @Autowired
    private OpenAPIService springdoc;

    @Test
    void theCommittedDocumentIsTheOneThatIsServed() throws IOException {
        String served = send("GET", "/v3/api-docs.yaml").text();
        if (Boolean.getBoolean("openapi.write")) {
            Files.writeString(ApiDocument.FILE, served);
        }

        assertThat(Files.readString(ApiDocument.FILE)).as("""
                        docs/openapi.yaml is not the document that the application serves. Write it anew, and \
                        read what has changed:
                          ./mvnw verify -Dtest=ArchitectureTests \\
                            -Dit.test='OpenApiIT#theCommitted*' -Dopenapi.write=true
                          git diff docs/openapi.yaml
                        """).isEqualTo(served);
    }

    @Test
    void theDocumentIsBuiltOnceForCallersOfAnyLanguage() {
        assertThat(send("GET", "/v3/api-docs", "Accept-Language", "de").status())
                .isEqualTo(200);

        assertThat(springdoc.getCachedOpenAPI(Locale.GERMAN)).isNull();
        assertThat(springdoc.getCachedOpenAPI(Locale.ENGLISH)).isNotNull();
    }

    @Test
    void everyOperationThatThereIsIsDescribedAndNoOther() {
        Set<String> served = requestMappingHandlerMapping.getHandlerMethods().keySet().stream()
                .flatMap(mapping -> mapping.getPatternValues().stream()
                        .flatMap(path -> mapping.getMethodsCondition().getMethods().stream()
                                .map(method -> method + " " + path)))
                .filter(operation -> operation.contains(" /v1"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(operations(DESCRIPTION).keySet())
                .as("src/main/resources/openapi/description.yaml against the controllers")
                .isEqualTo(served);
        assertThat(operations(ApiDocument.tree())).hasSameSizeAs(served).allSatisfy((name, operation) -> {
            assertThat(operation.path("operationId").asText()).as(name).isNotBlank();
            assertThat(operation.path("summary").asText()).as(name).isNotBlank();
            assertThat(operation.path("description").asText()).as(name).isNotBlank();
        });
    }

    @Test
    void everyTypeOfProblemIsDescribed() {
        List<String> types =
                Stream.of(ProblemType.values()).map(ProblemType::code).toList();
        assertThat(DESCRIPTION.path("x-problems").fieldNames())
                .as("x-problems of src/main/resources/openapi/description.yaml")
                .toIterable()
                .containsExactlyInAnyOrderElementsOf(types);

        String text = ApiDocument.tree().path("info").path("description").asText();
        Set<String> ofOperations = operations(ApiDocument.tree()).values().stream()
                .flatMap(operation -> operation.findValues("x-problem-types").stream())
                .flatMap(names -> Stream.of(new YAMLMapper().convertValue(names, String[].class)))
                .collect(Collectors.toSet());
        assertThat(types).allMatch(type -> ofOperations.contains(type) || text.contains("`" + type + "`"));
    }

    @Test
    void everyExampleFits() {
        assertThat(ApiDocument.checkExamples()).isGreaterThan(100);
    }

    @Test
    void itsVersionIsThatOfTheBuild() {
        assertThat(ApiDocument.tree().path("info").path("version").asText())
                .isEqualTo(build.getVersion().replace("-SNAPSHOT", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/v3/api-docs", "/v3/api-docs.yaml", "/v3/api-docs/swagger-config", "/swagger-ui/index.html"})
    void isReadWithoutACredential(String path) {
        Reply reply = send("GET", path);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.response().headers().allValues("Cache-Control")).containsExactly("no-store");
        assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(reply.header("Content-Security-Policy")).startsWith("default-src 'none'; script-src 'self';");
        assertThat(send("GET", path, "Authorization", "Bearer wrong").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v3/api-docs", "/swagger-ui.html", "/swagger-ui/index.html", "/swagger-ui/swagger-ui.css"})
    void isNotOnTheManagementPort(String path) {
        management(path).isProblem(404, "not_found");
    }

    @Test
    void thePageIsFoundByItsShortAddress() {
        Reply reply = send("GET", "/swagger-ui.html");

        assertThat(reply.status()).isEqualTo(302);
        assertThat(reply.header("Location")).isEqualTo("/swagger-ui/index.html");
    }

    @Test
    void nothingElseIsOpen() {
        send("GET", "/v3/api-docs/other").isProblem(404, "not_found");
        send("GET", "/swagger-ui/other.js").isProblem(404, "not_found");
        send("POST", "/v3/api-docs").isProblem(405, "method_not_allowed");
        send("GET", "/swagger-ui").isProblem(404, "not_found");
        send("GET", "/v3").isProblem(401, "unauthorized");
        send("GET", "/webjars/swagger-ui/index.html").isProblem(401, "unauthorized");
        send("GET", "/webjars/swagger-ui/index.html", "x-api-key", TOKEN).isProblem(404, "not_found");
        send("GET", "/swagger-ui/..%5c..%5capplication.yaml").isProblem(400, "bad_request");
        send("GET", "/swagger-ui/%2e%2e/%2e%2e/application.yaml").isProblem(400, "bad_request");
    }

    @Test
    void bothCanBeSwitchedOff() {
        try (TestGateway gateway = TestGateway.builder()
                .with("spring.datasource.url", "jdbc:h2:mem:openapi-off")
                .with("springdoc.api-docs.enabled", false)
                .start()) {
            for (String path : List.of("/v3/api-docs", "/swagger-ui.html", "/swagger-ui/index.html")) {
                gateway.getWith(path).isProblem(401, "unauthorized");
                gateway.get(path).isProblem(404, "not_found");
            }
        }
    }

    /** By method and path. */
    private static Map<String, JsonNode> operations(JsonNode document) {
        return document.path("paths").properties().stream()
                .flatMap(path -> path.getValue().properties().stream()
                        .map(operation -> Map.entry(
                                operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                                operation.getValue())))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static JsonNode description() {
        try {
            return new YAMLMapper().readTree(OpenApiIT.class.getResourceAsStream("/openapi/description.yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
