package io.cancelgateway.install;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** The Maven that builds the gateway is the one that is meant. */
class WrapperTests {

    @Test
    void mavenIsCheckedByItsSha256() throws IOException {
        Properties wrapper = new Properties();
        try (Reader in = Files.newBufferedReader(Path.of(".mvn", "wrapper", "maven-wrapper.properties"))) {
            wrapper.load(in);
        }
        assertThat(wrapper.getProperty("distributionUrl"))
                .startsWith("https://")
                .endsWith("-bin.zip");
        assertThat(wrapper.getProperty("distributionSha256Sum")).matches("[0-9a-f]{64}");
        assertThat(wrapper.getProperty("tarGzSha256Sum"))
                .matches("[0-9a-f]{64}")
                .isNotEqualTo(wrapper.getProperty("distributionSha256Sum"));
        assertThat(Files.readString(Path.of("Dockerfile"))).contains("s/^tarGzSha256Sum=/distributionSha256Sum=/");
    }
}
