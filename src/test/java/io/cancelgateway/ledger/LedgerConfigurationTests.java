package io.cancelgateway.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LedgerConfigurationTests {

    @ParameterizedTest
    @CsvSource({
        "jdbc:h2:file:/data/ledger, /data",
        "jdbc:h2:file:/data/ledger;MODE=PostgreSQL, /data",
        "jdbc:h2:file:./data/ledger, {dir}/./data",
        "jdbc:h2:file:~/data/ledger, {home}/data",
    })
    void theDiskOfTheH2FileIsMeasured(String url, String directory) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();

        new LedgerConfiguration().ledgerDiskSpace(url).bindTo(meters);

        assertThat(meters.get("disk.free")
                        .tag(
                                "path",
                                directory
                                        .replace(
                                                "{dir}",
                                                Path.of("").toAbsolutePath().toString())
                                        .replace("{home}", System.getProperty("user.home")))
                        .gauge())
                .isNotNull();
    }
}
