package io.cancelgateway.bench;

import io.cancelgateway.support.Sha256;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.springframework.util.FileSystemUtils;

/**
 * Measures what the ledger costs a cancel: packaged gateways side by side, alive at once and loaded in turn, so that
 * what else the machine does meets all of them. Processor time, by {@code /proc}. Run by hand; docs/TESTING.md.
 */
public final class LedgerCost {

    private static final String TOKEN = "token-of-the-bench";
    private static final int TENANTS = 4;

    private final Path directory = Files.createTempDirectory("ledger-cost");
    private final List<Process> processes = new ArrayList<>();
    private final int rounds = Integer.getInteger("rounds", 8);
    private final int requests = Integer.getInteger("requests", 1500);
    private final int warmUps = Integer.getInteger("warm-ups", 4);
    private final String settings = System.getProperty("settings", "");
    private final EmbeddedPostgres postgres;
    private final long postmaster;
    private int batches;

    private LedgerCost() throws IOException {
        postgres = LocalPostgres.start();
        postmaster = ProcessHandle.allProcesses()
                .filter(process -> process.info().arguments().stream()
                        .flatMap(Arrays::stream)
                        .anyMatch(Integer.toString(postgres.getPort())::equals))
                .filter(process -> process.info().command().orElse("").endsWith("/postgres"))
                .findFirst()
                .orElseThrow()
                .pid();
    }

    /** A gateway, and what its rounds took for each request in microseconds. */
    private record Gateway(String name, Process process, int port, int management, Map<String, List<Round>> rounds) {}

    private record Round(double gateway, double postgres, long p50, long p99) {}

    /**
     * @param args gateways: {@code name=jar} with no ledger, {@code name=jar,h2} or {@code name=jar,postgresql}, of
     *     which the last word may go on with parameters of the URL; more settings after commas
     */
    static void start(String[] args) throws Exception {
        LedgerCost cost = new LedgerCost();
        try {
            cost.run(args);
        } finally {
            cost.close();
        }
        System.exit(0);
    }

    private void run(String[] args) throws Exception {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            for (String setting : List.of("server_version", "fsync", "synchronous_commit", "full_page_writes")) {
                ResultSet row = statement.executeQuery("SHOW " + setting);
                row.next();
                System.out.println("PostgreSQL " + setting + " = " + row.getString(1));
            }
        }
        int upstream = freePort();
        start(
                "upstream",
                List.of(
                        "-cp",
                        System.getProperty("java.class.path"),
                        Bench.class.getName(),
                        "upstream",
                        "" + upstream));
        List<Gateway> gateways = new ArrayList<>();
        for (String arg : args) {
            gateways.add(gateway(arg, upstream));
        }
        for (Gateway gateway : gateways) {
            awaitReady(gateway);
        }
        for (int i = 0; i < warmUps; i++) {
            for (Gateway gateway : gateways) {
                round(gateway, false);
            }
        }
        for (int i = 0; i < rounds; i++) {
            for (Gateway gateway : gateways) {
                round(gateway, true);
            }
        }
        print(gateways);
    }

    private Gateway gateway(String arg, int upstream) throws Exception {
        String name = arg.substring(0, arg.indexOf('='));
        String[] parts = arg.substring(arg.indexOf('=') + 1).split(",");
        int port = freePort();
        int management = freePort();
        List<String> command = new ArrayList<>(List.of(
                "-Xmx512m",
                "-jar",
                parts[0],
                "--server.address=127.0.0.1",
                "--server.port=" + port,
                "--management.server.port=" + management,
                "--gateway.upstream.base-url=http://127.0.0.1:" + upstream + "/v1.3",
                "--gateway.callers.bench.token-sha256=" + Sha256.hex(TOKEN),
                "--gateway.callers.bench.tenants=*"));
        for (int tenant = 0; tenant < TENANTS; tenant++) {
            command.add("--gateway.tenants.tenant" + tenant + ".api-key=tlk_" + tenant);
        }
        if (!settings.isBlank()) {
            command.addAll(List.of(settings.split(" ")));
        }
        if (parts.length > 1 && parts[1].startsWith("h2")) {
            // the default, in a directory of its own
            command.add("--spring.datasource.url=jdbc:h2:file:" + directory.resolve(name) + ";DB_CLOSE_ON_EXIT=FALSE"
                    + parts[1].substring("h2".length()));
        }
        if (parts.length > 1 && parts[1].startsWith("postgresql")) {
            try (Connection connection = postgres.getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE DATABASE \"" + name + "\"");
            }
            command.add("--spring.datasource.url=" + postgres.getJdbcUrl("postgres", name)
                    + parts[1].substring("postgresql".length()));
            command.add("--spring.datasource.username=postgres");
        }
        command.addAll(Arrays.asList(parts).subList(Math.min(2, parts.length), parts.length));
        Gateway gateway = new Gateway(name, start(name, command), port, management, new LinkedHashMap<>());
        System.out.println(name + ": process " + gateway.process().pid() + ", port " + port);
        return gateway;
    }

    private Process start(String name, List<String> command) throws IOException {
        List<String> line = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
        line.add("--enable-native-access=ALL-UNNAMED");
        line.addAll(command);
        Process process = new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(new File(directory.toFile(), name + ".log"))
                .start();
        processes.add(process);
        return process;
    }

    private void awaitReady(Gateway gateway) throws Exception {
        HttpRequest health = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + gateway.management() + "/actuator/health/readiness"))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (int i = 0; i < 600 && gateway.process().isAlive(); i++) {
                if (answers(http, health)) {
                    return;
                }
                Thread.sleep(500);
            }
        }
        throw new IllegalStateException(Files.readString(directory.resolve(gateway.name() + ".log")));
    }

    private static boolean answers(HttpClient http, HttpRequest health) throws InterruptedException {
        try {
            return http.send(health, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false; // not started yet
        }
    }

    /** New batches, and the same once more. */
    private void round(Gateway gateway, boolean counts) throws Exception {
        int first = batches;
        batches += requests;
        for (String kind : List.of("new", "repeated")) {
            long process = gateway.process().pid();
            long postgresBefore = ProcessorTime.withChildren(postmaster);
            long gatewayBefore = ProcessorTime.of(process);
            long[] micros = Load.run(gateway.port(), requests, i -> request(first + i));
            Round round = new Round(
                    (ProcessorTime.of(process) - gatewayBefore) / (double) requests,
                    (ProcessorTime.withChildren(postmaster) - postgresBefore) / (double) requests,
                    micros[requests / 2],
                    micros[requests * 99 / 100]);
            if (counts) {
                gateway.rounds().computeIfAbsent(kind, _ -> new ArrayList<>()).add(round);
            }
        }
    }

    private static String request(int batch) {
        return "POST /v1.3/analyze/batches/68f4ddaf8aaa60d3%08x/cancel HTTP/1.1\r\nHost: bench\r\n".formatted(batch)
                + "Authorization: Bearer " + TOKEN + "\r\nX-Tenant-Id: tenant" + batch % TENANTS
                + "\r\nX-Cancel-Reason: superseded by a newer run\r\nContent-Length: 0\r\n\r\n";
    }

    private void print(List<Gateway> gateways) {
        System.out.printf(
                "%n%-10s %-16s %10s %10s %7s %9s %9s   (medians of %d rounds of %d)%n",
                "cancels", "gateway", "CPU µs", "pg CPU µs", "ratio", "p50 µs", "p99 µs", rounds, requests);
        for (String kind : List.of("new", "repeated")) {
            List<Round> base = gateways.getFirst().rounds().get(kind);
            for (Gateway gateway : gateways) {
                List<Round> own = gateway.rounds().get(kind);
                double[] ratios = new double[own.size()];
                for (int i = 0; i < ratios.length; i++) {
                    ratios[i] = own.get(i).gateway() / base.get(i).gateway();
                }
                System.out.printf(
                        "%-10s %-16s %10.0f %10.0f %7.2f %9.0f %9.0f   %s%n",
                        kind,
                        gateway.name(),
                        median(own.stream().mapToDouble(Round::gateway).toArray()),
                        median(own.stream().mapToDouble(Round::postgres).toArray()),
                        median(ratios),
                        median(own.stream().mapToDouble(Round::p50).toArray()),
                        median(own.stream().mapToDouble(Round::p99).toArray()),
                        own.stream().map(round -> Math.round(round.gateway())).toList());
            }
        }
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        int half = values.length / 2;
        return values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void close() throws Exception {
        processes.forEach(Process::destroy);
        for (Process process : processes) {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        postgres.close();
        if (!Boolean.getBoolean("keep")) {
            FileSystemUtils.deleteRecursively(directory);
        }
    }
}
