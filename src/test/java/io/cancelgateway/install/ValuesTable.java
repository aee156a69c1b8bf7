package io.cancelgateway.install;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The table of values: each key that has a comment {@code # -- meaning} above it, its default and that meaning. */
final class ValuesTable {

    private static final Pattern KEY = Pattern.compile("( *)([A-Za-z]+):.*");
    private static final Pattern MEANING = Pattern.compile(" *# -- (.+)");

    private ValuesTable() {}

    /** @throws IllegalStateException naming a value that has no meaning */
    static String of(String valuesYaml) {
        JsonNode values = Chart.yaml(valuesYaml);
        StringBuilder table = new StringBuilder("| value | default | |\n|---|---|---|\n");
        Deque<String> path = new ArrayDeque<>();
        String meaning = null;
        String documented = null;
        for (String line : valuesYaml.lines().toList()) {
            Matcher comment = MEANING.matcher(line);
            Matcher key = KEY.matcher(line);
            if (comment.matches()) {
                meaning = comment.group(1);
            } else if (key.matches()) {
                while (path.size() > key.group(1).length() / 2) {
                    path.removeLast();
                }
                path.addLast(key.group(2));
                String name = String.join(".", path);
                JsonNode value = values.at("/" + String.join("/", path));
                if (meaning != null) {
                    table.append("| `%s` | `%s` | %s |\n".formatted(name, value, meaning));
                    documented = name;
                } else if ((!value.isObject() || value.isEmpty())
                        && (documented == null || !name.startsWith(documented + "."))) {
                    throw new IllegalStateException(name + " has no comment that says what it means");
                }
                meaning = null;
            }
        }
        return table.toString();
    }
}
