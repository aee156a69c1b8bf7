package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.cancelgateway.support.TestGateway;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Starting with wrong settings, and with none. */
@ExtendWith(OutputCaptureExtension.class)
class StartupIT {

    private static final String HASH = "a".repeat(64);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gateway.upstream.base-url|ftp://example.com|gateway.upstream.base-url",
                "gateway.upstream.base-url|/v1.3|gateway.upstream.base-url",
                "gateway.upstream.base-url|http://u:p@example.com|gateway.upstream.base-url",
                "gateway.upstream.base-url|http://a b|gateway.upstream.base-url",
                "gateway.upstream.connect-timeout|0s|gateway.upstream.connect-timeout",
                "gateway.upstream.attempt-timeout|-1s|gateway.upstream.attempt-timeout",
                "gateway.upstream.deadline|soon|gateway.upstream.deadline",
                "gateway.upstream.max-connections|0|gateway.upstream.max-connections",
                "gateway.upstream.max-idle-time|0s|gateway.upstream.max-idle-time",
                "gateway.ledger.retention|-90d|gateway.ledger.retention",
                "gateway.metrics.max-tenants|-1|gateway.metrics.max-tenants",
                "gateway.tenants-dir|/no/such/directory|gateway.tenants-dir",
                "gateway.tenants.acme.api-key|SECRET value|gateway.tenants.acme.api-key",
                "gateway.tenants.acme.api-key|''|gateway.tenants.acme.api-key",
                "gateway.tenants.acme|SECRET|gateway.tenants.acme",
                "gateway.tenants.dir|/etc/SECRET|gateway.tenants.dir",
                "gateway.tenants[Acme!].api-key|SECRET|gateway.tenants.Acme!",
                "gateway.callers.x.token-sha256|SECRET|gateway.callers.x.token-sha256",
                "gateway.callers.x|SECRET|gateway.callers.x",
                "gateway.callers.x.tenants|Acme|gateway.callers.x.tenants",
                "gateway.callers.x.permissions|write|gateway.callers.x.permissions",
                "gateway.callers.x.subject|' '|gateway.callers.x.subject",
                "gateway.callers.x.max-requests-per-second|0|gateway.callers.x.max-requests-per-second",
                "gateway.callers.x.max-requests-per-second|SECRET|gateway.callers.x.max-requests-per-second",
                "gateway.callers-dir|/no/such/directory|gateway.callers-dir",
            })
    void aWrongValueStopsTheStartAndIsNamed(String key, String value, String named, CapturedOutput output) {
        Throwable failure =
                catchThrowable(() -> TestGateway.bare().with(key, value).start().close());

        assertThat(failure).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains(named)
                .doesNotContain("SECRET");
    }

    @Test
    void aRetentionThatIsNotLongerThanTheUpstreamsOwnStopsTheStartAndIsExplained(CapturedOutput output) {
        Throwable failure = catchThrowable(() -> TestGateway.bare()
                .with("gateway.ledger.retention", "30d")
                .start()
                .close());

        assertThat(failure).isNotNull();
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("gateway.ledger.retention")
                .contains("must be at least 31 days: the upstream keeps a batch for 30, and a batch whose record is "
                        + "deleted before could be counted again");

        TestGateway.bare().with("gateway.ledger.retention", "31d").start().close();
    }

    @Test
    void twoCallersWithOneTokenAreNamed(CapturedOutput output) {
        TestGateway.bare()
                .with("gateway.callers.a.token-sha256", HASH)
                .with("gateway.callers.b.token-sha256", HASH)
                .start()
                .close();

        assertThat(output).contains("Callers [a, b] have the same token: it is refused");
    }

    @Test
    void aSettingThatCannotBeReadIsExplainedByAPageThatExists(CapturedOutput output) {
        Throwable failure = catchThrowable(() ->
                TestGateway.bare().with("gateway.callers.x", "SECRET").start().close());

        assertThat(failure).isNotNull();
        assertThat(output).contains("Correct gateway.callers.x (docs/CONFIGURATION.md) and start again.");
        assertThat(Path.of("docs", "CONFIGURATION.md")).exists();
    }

    @Test
    void withNothingConfiguredNobodyGetsInAndTheLogSaysSo(CapturedOutput output) {
        TestGateway.bare().with("gateway.no-such-key", 1).start().close();

        assertThat(output).contains("No caller is configured").contains("No tenant has a key");
    }

    @Test
    void noTimeIsRefusedForBeingLargerThanAnother() {
        TestGateway.bare()
                .with("gateway.upstream.connect-timeout", "30s")
                .with("gateway.upstream.attempt-timeout", "20s")
                .with("gateway.upstream.deadline", "1s")
                .start()
                .close();
    }
}
