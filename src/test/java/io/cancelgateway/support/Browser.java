package io.cancelgateway.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A real browser: Debian's Chromium without a window, by its chromedriver. The few commands that are needed are sent to
 * it as they are.
 *
 * @see <a href="https://www.w3.org/TR/webdriver2/">WebDriver</a>
 */
public final class Browser implements AutoCloseable {

    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");
    private static final Pattern PORT = Pattern.compile("started successfully on port (\\d+)");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Process driver;
    private final String session;

    private Browser(Process driver, String session) {
        this.driver = driver;
        this.session = session;
    }

    /**
     * Starts it. Skips the test where it is not installed.
     *
     * @param directory for its log and its profile
     */
    public static Browser start(Path directory) throws IOException {
        assumeThat(CHROMIUM)
                .as("No Chromium: apt-get install chromium chromium-driver")
                .exists();
        assumeThat(DRIVER)
                .as("No chromedriver: apt-get install chromium-driver")
                .exists();
        Path log = directory.resolve("chromedriver.log");
        Process driver = new ProcessBuilder(DRIVER.toString(), "--port=0")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            await().atMost(PATIENCE)
                    .until(() -> PORT.matcher(Files.readString(log)).find());
            Matcher port = PORT.matcher(Files.readString(log));
            assertThat(port.find()).isTrue();
            String sessions = "http://127.0.0.1:" + port.group(1) + "/session";
            Map<String, Object> options = Map.of(
                    "binary",
                    CHROMIUM.toString(),
                    "args",
                    List.of(
                            "--headless=new",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--disable-quic",
                            "--no-first-run",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync",
                            "--window-size=1200,1600",
                            "--user-data-dir=" + directory.resolve("profile")));
            JsonNode session = post(
                    sessions,
                    Map.of(
                            "capabilities",
                            Map.of(
                                    "alwaysMatch",
                                    Map.of(
                                            "goog:chromeOptions",
                                            options,
                                            "goog:loggingPrefs",
                                            Map.of("browser", "ALL")))));
            return new Browser(
                    driver, sessions + "/" + session.path("sessionId").stringValue());
        } catch (RuntimeException e) {
            driver.destroyForcibly();
            throw e;
        }
    }

    public void open(String url) {
        post(session + "/url", Map.of("url", url));
    }

    /** Clicks the element that this CSS selector finds first, as soon as there is one. */
    public void click(String selector) {
        post(element(selector) + "/click", Map.of());
    }

    /** Types into it, as a user would. */
    public void type(String selector, String text) {
        post(element(selector) + "/clear", Map.of());
        post(element(selector) + "/value", Map.of("text", text));
    }

    /** What a user can read in it. */
    public String text(String selector) {
        return get(element(selector) + "/text").stringValue();
    }

    /** The texts of all elements that the selector finds now. */
    public List<String> texts(String selector) {
        JsonNode texts = post(
                session + "/execute/sync",
                Map.of(
                        "script",
                        "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)",
                        "args",
                        List.of(selector)));
        return texts.valueStream().map(JsonNode::stringValue).toList();
    }

    /** What it has reported since the last call: errors of scripts, refused by the page's policy, failed requests. */
    public List<String> messages() {
        return post(session + "/se/log", Map.of("type", "browser"))
                .valueStream()
                .map(entry -> entry.path("message").stringValue())
                .toList();
    }

    /** A PNG of what is seen. */
    public void screenshot(Path file) throws IOException {
        save(get(session + "/screenshot"), file);
    }

    /** A PNG of what is seen once it is scrolled to an element. */
    public void screenshot(Path file, String selector) throws IOException {
        post(
                session + "/execute/sync",
                Map.of("script", "document.querySelector(arguments[0]).scrollIntoView()", "args", List.of(selector)));
        screenshot(file);
    }

    private static void save(JsonNode picture, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode(picture.stringValue()));
    }

    @Override
    public void close() {
        try {
            Http.send("DELETE", session);
        } catch (UncheckedIOException e) {
            // it is gone
        } finally {
            driver.descendants().forEach(ProcessHandle::destroyForcibly);
            driver.destroyForcibly();
        }
    }

    /** The address of an element of the page. */
    private String element(String selector) {
        return await("an element " + selector)
                .atMost(PATIENCE)
                .until(
                        () -> Http.send(
                                        "POST",
                                        session + "/element",
                                        json(Map.of("using", "css selector", "value", selector)))
                                .json()
                                .path("value")
                                .properties(),
                        found -> found.size() == 1)
                .stream()
                .map(found -> session + "/element/" + found.getValue().stringValue())
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode get(String url) {
        return value(Http.send("GET", url));
    }

    private static JsonNode post(String url, Map<String, ?> body) {
        return value(Http.send("POST", url, json(body)));
    }

    private static HttpRequest.BodyPublisher json(Map<String, ?> body) {
        return HttpRequest.BodyPublishers.ofString(JsonMapper.shared().writeValueAsString(body));
    }

    private static JsonNode value(Reply reply) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        return reply.json().path("value");
    }
}
