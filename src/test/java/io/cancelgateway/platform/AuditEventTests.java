package io.cancelgateway.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AuditEventTests {

    private static final Pattern NAME = Pattern.compile("`([^`]+)`");

    @Test
    void thePageForOperatorsHasEachFieldAndEachAction() throws IOException {
        String page = Files.readString(Path.of("docs", "OPERATIONS.md"));
        String section = page.substring(page.indexOf("## The audit log"), page.indexOf("These lines have fields, too"));
        List<String> rows =
                section.lines().filter(line -> line.startsWith("| ")).toList();

        assertThat(section).contains("`" + AuditEvent.LOGGER + "`");
        assertThat(rows.stream().skip(1).flatMap(row -> names(row.split("\\|")[1])))
                .containsExactlyInAnyOrderElementsOf(Stream.of(AuditEvent.Field.values())
                        .map(AuditEvent.Field::fieldName)
                        .toList());
        assertThat(names(rows.getFirst()))
                .containsExactlyElementsOf(Stream.of(AuditEvent.Action.values())
                        .map(AuditEvent.Action::word)
                        .toList());
    }

    private static Stream<String> names(String cell) {
        return NAME.matcher(cell).results().map((MatchResult name) -> name.group(1));
    }
}
