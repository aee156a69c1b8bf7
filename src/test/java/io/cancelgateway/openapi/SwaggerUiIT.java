package io.cancelgateway.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.ApiDocument;
import io.cancelgateway.support.Browser;
import io.cancelgateway.support.EndToEnd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Swagger UI in a real browser. What it looked like is in target/swagger-ui. */
class SwaggerUiIT extends EndToEnd {

    private static final Path PICTURES = Path.of("target", "swagger-ui");
    private static final String CANCEL = "#operations-batches-cancelBatch ";

    @Test
    void thePageListsTheOperationsAndTriesACancelWithEitherCredential(@TempDir Path directory) throws IOException {
        try (Browser browser = Browser.start(directory)) {
            browser.open("http://127.0.0.1:" + port + "/swagger-ui.html");
            browser.click(CANCEL + ".opblock-summary-control");
            browser.screenshot(PICTURES.resolve("operations.png"));

            assertThat(browser.texts(".opblock-summary-path"))
                    .map(path -> path.replace("\u200b", ""))
                    .containsAll(ApiDocument.paths())
                    .hasSize(7);

            cancels(browser, 1, "Bearer " + TOKEN);
            cancels(browser, 2, TOKEN);

            assertThat(browser.messages()).as("what the browser reports").isEmpty();
        }
    }

    /** @param field of the dialog that asks for credentials: one for each kind */
    private void cancels(Browser browser, int field, String credential) throws IOException {
        SimulatedBatch batch = ACME.createBatch(73, 3, Duration.ofHours(1));
        String entry = ".auth-container:nth-of-type(" + field + ") ";
        browser.click(".auth-wrapper .authorize");
        browser.type(entry + "input", credential.replace("Bearer ", ""));
        browser.click(entry + "button.authorize");
        browser.screenshot(PICTURES.resolve("authorize-" + field + ".png"));
        browser.click(".modal-ux .close-modal");

        browser.click(CANCEL + ".try-out__btn");
        browser.type(CANCEL + "tr[data-param-name='batch_id'] input", batch.id());
        browser.click(CANCEL + ".execute");
        await().untilAsserted(() -> assertThat(browser.texts(CANCEL + ".live-responses-table .response-col_status"))
                .anyMatch(status -> status.startsWith("202")));
        browser.screenshot(PICTURES.resolve("cancel-" + field + ".png"), CANCEL + ".live-responses-table");

        assertThat(browser.text(CANCEL + ".live-responses-table")).contains(batch.id(), "\"canceled_items\": 70");
        assertThat(batch.status(Instant.now())).isEqualTo("canceling");
        browser.click(CANCEL + ".try-out__btn");
        browser.click(".auth-wrapper .authorize");
        browser.click(entry + "button:not(.authorize)");
        browser.click(".modal-ux .close-modal");
    }
}
