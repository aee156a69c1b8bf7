package io.cancelgateway.install;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The meters that queries may use: those of docs/METRICS.md, and standard ones. */
final class Meters {

    private static final Set<String> STANDARD = Set.of(
            "up",
            "http_server_requests",
            "http_client_requests",
            "hikaricp_connections_active",
            "hikaricp_connections_idle",
            "hikaricp_connections_pending",
            "hikaricp_connections_max",
            "hikaricp_connections_acquire",
            "resilience4j_circuitbreaker_state",
            "ssl_chain_expiry",
            "jvm_memory_used_bytes",
            "jvm_memory_max_bytes",
            "jvm_gc_pause",
            "jvm_threads_live_threads",
            "process_cpu_usage",
            "process_files_open_files",
            "process_uptime");

    private static final Pattern DOCUMENTED = Pattern.compile("`(cancel\\.gateway\\.[a-z.]+[a-z])`");

    /** What Prometheus adds to a meter's name, by its type and unit. */
    private static final String ENDING = "(_seconds)?(_total|_bucket|_count|_sum|_max)?$";

    private static final Set<String> WORDS = Set.of("and", "or", "unless", "on", "ignoring", "by", "without", "offset");

    private static final Pattern RECORDED = Pattern.compile("[a-z_]+:[a-z_:0-9]+");

    private final Set<String> known = new TreeSet<>(STANDARD);

    Meters() {
        DOCUMENTED
                .matcher(Chart.read(Path.of("docs", "METRICS.md")))
                .results()
                .forEach(meter -> known.add(meter.group(1).replace('.', '_')));
    }

    /** The metrics of a query that nobody exports, or has recorded. */
    Set<String> unknownIn(String query) {
        String bare = query.replaceAll("\"[^\"]*\"", "")
                .replaceAll("\\{[^}]*}", "")
                .replaceAll("\\[[^]]*]", "")
                .replaceAll("(by|without|on) ?\\([^)]*\\)", "")
                .replaceAll("\\$\\w+", "");
        Set<String> unknown = new TreeSet<>();
        Pattern.compile("\\b[a-zA-Z_][a-zA-Z0-9_:]*+(?!\\s*\\()")
                .matcher(bare)
                .results()
                .map(name -> name.group())
                .filter(name -> !WORDS.contains(name) && !RECORDED.matcher(name).matches())
                .filter(name -> !known.contains(name) && !known.contains(name.replaceFirst(ENDING, "")))
                .forEach(unknown::add);
        return unknown;
    }
}
