package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.support.Browser;
import io.cancelgateway.support.Http;
import io.cancelgateway.support.Reply;
import io.cancelgateway.support.TestGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page at the root of the management port. */
class ManagementPageIT {

    private static final Pattern LINK = Pattern.compile("<li><a href=\"\\.([^\"]+)\">\\1</a>: [^<]{10,}</li>");

    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        gateway = TestGateway.builder().start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    @Test
    void listsWhatTheManagementPortHasWithoutACredential() {
        Reply page = gateway.management("/");

        assertThat(page.status()).as(page.text()).isEqualTo(200);
        assertThat(page.header("Content-Type")).isEqualToIgnoringCase("text/html;charset=UTF-8");
        assertThat(links(page))
                .containsExactly(
                        "/actuator/health",
                        "/actuator/health/liveness",
                        "/actuator/health/readiness",
                        "/actuator/info",
                        "/actuator/prometheus",
                        "/actuator");
        assertThat(links(page))
                .allSatisfy(
                        path -> assertThat(gateway.management(path).status()).isEqualTo(200));
        assertThat(page.text()).doesNotContain(TestGateway.KEY, "acme");
    }

    @Test
    void doesNotListWhatIsSwitchedOff() {
        try (TestGateway few = TestGateway.builder()
                .with("management.endpoints.web.exposure.include", "health,env")
                .with("management.endpoint.health.probes.enabled", false)
                .with("management.endpoints.web.discovery.enabled", false)
                .start()) {
            assertThat(links(few.management("/"))).containsExactly("/actuator/health");
        }
        try (TestGateway moved = TestGateway.builder()
                .with("management.endpoint.health.access", "none")
                .with("management.endpoints.web.base-path", "/ops")
                .start()) {
            assertThat(links(moved.management("/"))).containsExactly("/ops/info", "/ops/prometheus", "/ops");
        }
    }

    @Test
    void isNeitherStoredNorFramedAndOnlyRead() {
        Reply page = gateway.management("/");

        assertThat(page.header("Cache-Control")).isEqualTo("no-store");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(page.header("Content-Security-Policy"))
                .isEqualTo("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        assertThat(Http.send("POST", "http://127.0.0.1:" + gateway.managementPort() + "/")
                        .status())
                .isEqualTo(405);
    }

    @Test
    void thePortOfCallersHasNoSuchPageAndNothingElseIsOpened() {
        gateway.getWith("/").isProblem(401, "unauthorized");
        gateway.get("/").isProblem(404, "not_found");
        assertThat(gateway.management("/else").status()).isEqualTo(401);
        assertThat(gateway.management("/v1/caller").status()).isEqualTo(401);
    }

    @Test
    void aBrowserShowsItAndReportsNothing(@TempDir Path directory) throws IOException {
        try (Browser browser = Browser.start(directory)) {
            browser.open("http://127.0.0.1:" + gateway.managementPort() + "/");

            assertThat(browser.texts("h1")).containsExactly("Cancel Gateway: management");
            assertThat(browser.messages()).isEmpty();

            browser.click("a[href$='readiness']");
            assertThat(browser.text("body")).contains("\"UP\"");
        }
    }

    private static List<String> links(Reply page) {
        return LINK.matcher(page.text()).results().map(link -> link.group(1)).toList();
    }
}
