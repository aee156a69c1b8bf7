package io.cancelgateway.install;

import static io.cancelgateway.install.Chart.elements;

import io.cancelgateway.support.DatabaseProxy;
import io.cancelgateway.support.Databases;
import io.cancelgateway.support.TestGateway;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.webjars.WebJarVersionLocator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Pictures of the chart's dashboards. A real Prometheus scrapes two packaged gateways under {@link SimulatedTraffic};
 * then each panel's own queries are asked, and drawn in the panel's own place by a page in Chromium. It is not Grafana
 * that draws.
 */
public final class DashboardPictures {

    private static final Duration STEP = Duration.ofSeconds(5);

    /** What Grafana makes of a scrape interval of 5 s: four of them. */
    private static final String RATE_INTERVAL = "20s";

    private static final int WIDTH = 1600;

    private DashboardPictures() {}

    /**
     * Writes {@code docs/dashboard-*.png}.
     *
     * @param arguments for how many minutes there is traffic, 8 where it is empty; or {@code again}, to draw what the
     *     latest traffic gave
     */
    public static void start(String[] arguments) throws Exception {
        Path directory = Files.createDirectories(Path.of("target", "dashboards").toAbsolutePath());
        String argument = arguments.length == 0 ? "8" : arguments[0];
        if (!argument.equals("again")) {
            ask(directory, Duration.ofMinutes(Long.parseLong(argument)));
        }
        for (String name : DashboardTests.NAMES) {
            draw(directory.resolve(name), Path.of("docs", "dashboard-" + name + ".png"));
        }
    }

    /** Writes what each query of each panel gives after this much traffic. */
    private static void ask(Path directory, Duration duration) throws Exception {
        Path keys = Files.createDirectories(directory.resolve("keys"));
        try (SimulatedTraffic traffic = new SimulatedTraffic(keys);
                DatabaseProxy database = DatabaseProxy.before(Databases.postgres());
                Prometheus prometheus = Prometheus.start(
                        Files.createTempDirectory(directory, "run"),
                        Prometheus.rules().toString())) {
            List<TestGateway.Packaged> replicas = new CopyOnWriteArrayList<>();
            try {
                for (int i = 0; i < 2; i++) {
                    replicas.add(traffic.gateway(database.address()).startPackaged(directory));
                }
                prometheus.scrape(replicas);
                // a rate needs two scrapes
                Awaitility.await()
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> prometheus.value(
                                        "count(rate(cancel_gateway_unrecorded_total[%s]))".formatted(RATE_INTERVAL))
                                == replicas.size());
                Instant from = Instant.now().truncatedTo(ChronoUnit.SECONDS);
                traffic.run(duration, replicas, database, () -> {
                    replicas.removeLast().stop();
                    replicas.add(traffic.gateway(database.address()).startPackaged(directory));
                    prometheus.scrape(replicas);
                    return null;
                });
                Instant to = Instant.now();
                for (String name : DashboardTests.NAMES) {
                    write(directory.resolve(name), data(prometheus, DashboardTests.dashboard(name), from, to));
                }
            } finally {
                replicas.forEach(TestGateway::close);
            }
        }
    }

    /** What the page needs: the dashboard, and what each query of each panel gave. */
    private static Map<String, Object> data(Prometheus prometheus, JsonNode dashboard, Instant from, Instant to) {
        Map<String, Object> results = new LinkedHashMap<>();
        for (JsonNode panel : elements(dashboard.path("panels"))) {
            results.put(
                    panel.path("id").asString(),
                    elements(panel.path("targets")).stream()
                            .map(target -> {
                                String query = target.path("expr")
                                        .stringValue()
                                        .replace("$namespace", ".*")
                                        .replace("$tenant", ".*")
                                        .replace("$__rate_interval", RATE_INTERVAL)
                                        .replace(
                                                "$__range",
                                                Duration.between(from, to).toSeconds() + "s");
                                return target.path("instant").booleanValue(false)
                                        ? prometheus.query(query, to)
                                        : prometheus.range(query, from, to, STEP);
                            })
                            .toList());
        }
        return Map.of(
                "dashboard", dashboard,
                "results", results,
                "from", from.getEpochSecond(),
                "to", to.getEpochSecond(),
                "step", STEP.toSeconds());
    }

    private static void write(Path directory, Map<String, Object> data) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("data.js"),
                "const DATA = " + JsonMapper.shared().writeValueAsString(data) + ";\n");
    }

    private static void draw(Path directory, Path picture) throws IOException, InterruptedException {
        Path page = directory.resolve("dashboard.html");
        Files.copy(Path.of("src/test/resources/observe/dashboard.html"), page, StandardCopyOption.REPLACE_EXISTING);
        String echarts = new WebJarVersionLocator().fullPath("echarts", "dist/echarts.min.js");
        try (InputStream script = DashboardPictures.class.getClassLoader().getResourceAsStream(echarts)) {
            Files.copy(script, directory.resolve("echarts.min.js"), StandardCopyOption.REPLACE_EXISTING);
        }
        int lines = elements(DashboardTests.dashboard(directory.getFileName().toString())
                        .path("panels"))
                .stream()
                .map(panel -> panel.path("gridPos"))
                .mapToInt(place -> place.path("y").intValue() + place.path("h").intValue())
                .max()
                .orElseThrow();
        Process chromium = new ProcessBuilder(
                        "/usr/bin/chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-background-networking",
                        "--disable-lcd-text",
                        "--hide-scrollbars",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--window-size=" + WIDTH + "," + (37 * lines + 46),
                        "--screenshot=" + picture.toAbsolutePath(),
                        page.toUri().toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chromium.log").toFile())
                .start();
        if (!chromium.waitFor(1, TimeUnit.MINUTES) || chromium.exitValue() != 0) {
            chromium.destroyForcibly();
            throw new IllegalStateException(Files.readString(directory.resolve("chromium.log")));
        }
        reduceColors(picture.toFile());
    }

    /** Keeps its 256 most frequent colors, and takes the nearest for the others: that halves the file. */
    private static void reduceColors(File picture) throws IOException {
        BufferedImage full = ImageIO.read(picture);
        int width = full.getWidth();
        int[] pixels = full.getRGB(0, 0, width, full.getHeight(), null, 0, width);
        int[] palette = Arrays.stream(pixels)
                .boxed()
                .collect(Collectors.groupingBy(color -> color, Collectors.counting()))
                .entrySet()
                .stream()
                .sorted(Map.Entry.<Integer, Long>comparingByValue().reversed())
                .limit(256)
                .mapToInt(Map.Entry::getKey)
                .toArray();
        Map<Integer, Integer> indexes = new HashMap<>();
        BufferedImage indexed = new BufferedImage(
                width,
                full.getHeight(),
                BufferedImage.TYPE_BYTE_INDEXED,
                new IndexColorModel(8, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE));
        int[] nearest = Arrays.stream(pixels)
                .map(color -> indexes.computeIfAbsent(color, other -> nearest(palette, other)))
                .toArray();
        indexed.getRaster().setPixels(0, 0, width, full.getHeight(), nearest);
        ImageIO.write(indexed, "png", picture);
    }

    private static int nearest(int[] palette, int color) {
        return IntStream.range(0, palette.length)
                .boxed()
                .min(Comparator.comparingInt(i -> distance(palette[i], color)))
                .orElseThrow();
    }

    private static int distance(int one, int other) {
        return IntStream.of(16, 8, 0)
                .map(shift -> (one >> shift & 255) - (other >> shift & 255))
                .map(difference -> difference * difference)
                .sum();
    }
}
