package io.cancelgateway.bench;

import com.github.kagkarlsson.scheduler.Clock;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.TaskResolver;
import com.github.kagkarlsson.scheduler.event.SchedulerListeners;
import com.github.kagkarlsson.scheduler.jdbc.AutodetectJdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.JdbcTaskRepository;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.ScheduledTaskInstance;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.cancelgateway.ledger.BatchSnapshot;
import io.cancelgateway.ledger.Cancellation;
import io.cancelgateway.ledger.CancellationKey;
import io.cancelgateway.ledger.CancellationQuery;
import io.cancelgateway.ledger.CancellationQuery.Position;
import io.cancelgateway.ledger.CancellationState;
import io.cancelgateway.ledger.FollowUpTask;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Intent;
import io.cancelgateway.ledger.ItemCounts;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerOverDataSource;
import io.cancelgateway.ledger.LedgerQueries;
import io.cancelgateway.tenant.TenantId;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * Prints the plan of every statement of the ledger and of the scheduler over a ledger of a million records, on H2 and
 * on PostgreSQL. Run by hand; docs/TESTING.md.
 */
public final class QueryPlans {

    private static final TenantId BIG = new TenantId(LedgerFill.tenant(0));
    private static final TenantId SMALL = new TenantId(LedgerFill.tenant(290));
    private static final BatchSnapshot SNAPSHOT =
            new BatchSnapshot("pegasus1.5", "general", new ItemCounts(73, 0, 3, 0, 0, 70));

    private final String name;
    private final Connection connection;
    private final boolean postgres;
    private final int records;
    private final Instant now;
    private final ExplainingDataSource database;
    private final LedgerOverDataSource deletions;
    private final Ledger ledger;
    private final LedgerQueries queries;
    private final JdbcTaskRepository tasks;
    private final List<String> summary = new ArrayList<>();

    private QueryPlans(String name, Connection connection, int records, Instant now) throws SQLException {
        this.name = name;
        this.connection = connection;
        this.postgres = name.equals("PostgreSQL");
        this.records = records;
        this.now = now;
        this.database = new ExplainingDataSource(connection);
        this.deletions = new LedgerOverDataSource(database);
        this.ledger = deletions.ledger();
        this.queries = deletions.queries();
        Clock clock = () -> now;
        TaskDescriptor<Void> followUp = TaskDescriptor.of("follow-up");
        TaskResolver resolver = new TaskResolver(
                SchedulerListeners.NOOP, clock, List.of(Tasks.oneTime(followUp).execute((_, _) -> {})));
        this.tasks = new JdbcTaskRepository(
                database,
                false,
                new AutodetectJdbcCustomization(database),
                "scheduled_tasks",
                resolver,
                new SchedulerName.Fixed("replica"),
                false,
                clock);
    }

    /** @param args how many records; those of {@code h2} and {@code postgresql} that are wanted; SQL to run before */
    static void start(String[] args) throws Exception {
        int records = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        String databases = args.length > 1 ? args[1] : "h2,postgresql";
        String before = args.length > 2 ? args[2] : "";
        if (databases.contains("h2")) {
            Path directory = Files.createTempDirectory("ledger");
            try {
                run("H2", "jdbc:h2:file:" + directory.resolve("ledger"), "sa", records, before);
            } finally {
                FileSystemUtils.deleteRecursively(directory);
            }
        }
        if (databases.contains("postgresql")) {
            try (EmbeddedPostgres postgres = LocalPostgres.start()) {
                String url = postgres.getJdbcUrl("postgres", "postgres") + "&reWriteBatchedInserts=true";
                run("PostgreSQL", url, "postgres", records, before);
            }
        }
    }

    private static void run(String name, String url, String user, int records, String before) throws Exception {
        Flyway.configure().dataSource(url, user, "").load().migrate();
        Instant now = Instant.now();
        try (Connection connection = DriverManager.getConnection(url, user, "")) {
            long start = System.nanoTime();
            new LedgerFill(connection, records, now).fill();
            System.out.printf("%s: %d records in %d s%n", name, records, (System.nanoTime() - start) / 1_000_000_000);
            try (Statement statement = connection.createStatement()) {
                if (!before.isBlank()) {
                    statement.execute(before);
                }
                if (name.equals("PostgreSQL")) {
                    statement.execute("VACUUM ANALYZE");
                }
            }
            connection.setAutoCommit(false);
            new QueryPlans(name, connection, records, now).explainAll();
        }
    }

    private void explainAll() throws SQLException {
        lists();
        lookups();
        writes();
        retention();
        scheduler();
        System.out.printf("%n%-52s %-50s %9s %9s%n", name, "index or scan", "rows", "ms");
        summary.forEach(System.out::println);
    }

    private void lists() throws SQLException {
        Instant days45 = now.minus(Duration.ofDays(45));
        Instant days44 = now.minus(Duration.ofDays(44));
        Position middle = new Position(days45, records / 2);
        list("big", BIG, null, null, null, null, null);
        list("small", SMALL, null, null, null, null, null);
        list("unknown tenant", new TenantId("nobody"), null, null, null, null, null);
        list("big state", BIG, CancellationState.CANCELED, null, null, null, null);
        list("big rare state", BIG, CancellationState.REJECTED, null, null, null, null);
        list("small state", SMALL, CancellationState.CANCELED, null, null, null, null);
        list("big caller", BIG, null, LedgerFill.caller(0), null, null, null);
        list("big rare caller", BIG, null, LedgerFill.caller(7), null, null, null);
        list("big unknown caller", BIG, null, "nobody", null, null, null);
        list("big state+caller", BIG, CancellationState.CANCELED, LedgerFill.caller(0), null, null, null);
        list("big rare state+caller", BIG, CancellationState.REJECTED, LedgerFill.caller(0), null, null, null);
        list("big state+rare caller", BIG, CancellationState.CANCELED, LedgerFill.caller(7), null, null, null);
        list("big rare state+rare caller", BIG, CancellationState.REJECTED, LedgerFill.caller(7), null, null, null);
        list("big since", BIG, null, null, days45, null, null);
        list("big since, nothing there", BIG, null, null, now.plusSeconds(60), null, null);
        list("big until", BIG, null, null, null, days45, null);
        list("big since+until", BIG, null, null, days45, days44, null);
        list("small since+until", SMALL, null, null, days45, days44, null);
        list("big state+since", BIG, CancellationState.CANCELED, null, days45, null, null);
        list("big state+until", BIG, CancellationState.CANCELED, null, null, days45, null);
        list("big state+since+until", BIG, CancellationState.CANCELED, null, days45, days44, null);
        list("big rare state+since+until", BIG, CancellationState.REJECTED, null, days45, days44, null);
        list("big caller+since+until", BIG, null, LedgerFill.caller(0), days45, days44, null);
        list(
                "big state+caller+since+until",
                BIG,
                CancellationState.CANCELED,
                LedgerFill.caller(0),
                days45,
                days44,
                null);
        list("big after", BIG, null, null, null, null, middle);
        list("big after, the last page", BIG, null, null, null, null, new Position(now.minus(LedgerFill.SPREAD), 0));
        list("small after", SMALL, null, null, null, null, middle);
        list("big state, after", BIG, CancellationState.CANCELED, null, null, null, middle);
        list("big rare state, after", BIG, CancellationState.REJECTED, null, null, null, middle);
        list("big caller, after", BIG, null, LedgerFill.caller(0), null, null, middle);
        list("big since+until, after", BIG, null, null, now.minus(Duration.ofDays(60)), days44, middle);
        list("big state+caller, after", BIG, CancellationState.CANCELED, LedgerFill.caller(0), null, null, middle);
        explain("list: export, big", () -> queries.list(new CancellationQuery(BIG, null, null, null, null, null), 500));
        explain(
                "list: export, big, after",
                () -> queries.list(new CancellationQuery(BIG, null, null, null, null, middle), 500));
    }

    private void list(
            String what,
            TenantId tenant,
            @Nullable CancellationState state,
            @Nullable String caller,
            @Nullable Instant since,
            @Nullable Instant until,
            @Nullable Position after)
            throws SQLException {
        explain(
                "list: " + what,
                () -> queries.list(new CancellationQuery(tenant, state, caller, since, until, after), 51));
    }

    private void lookups() throws SQLException {
        Cancellation some = record(BIG, CancellationState.CANCELED);
        explain("find", () -> queries.find(some.key()));
        explain("find, not there", () -> queries.find(new CancellationKey(BIG, "000000000000000000000000")));
        explain("requests", () -> queries.requests(some.id(), 100));
        explain("followed", () -> ledger.followed(some.id(), 1));
        explain("backlog", queries::backlog);
        explain("totals", queries::totals);
    }

    private void writes() throws SQLException {
        Cancellation canceling = record(BIG, CancellationState.CANCELING);
        Cancellation requested = record(BIG, CancellationState.REQUESTED);
        explain("open: new", () -> ledger.open(intent("000000000000000000000000")));
        explain("open: of a terminal one", () -> ledger.open(intent(batch(BIG, CancellationState.CANCELED))));
        explain(
                "open: of a pending one",
                () -> ledger.open(intent(canceling.key().batchId())));
        explain("open: starts again", () -> ledger.open(intent(batch(BIG, CancellationState.FAILED))));
        explain("accept", () -> ledger.accept(requested.id(), 1, SNAPSHOT, now));
        explain("attempted", () -> ledger.attempted(requested.id(), 1, false, now));
        explain("answered", () -> ledger.answered(records, "accepted"));
        explain(
                "endWithBatch",
                () -> ledger.endWithBatch(canceling.id(), 1, CancellationState.CANCELED, SNAPSHOT, now));
        explain(
                "endIfNothingUnresolved",
                () -> ledger.endIfNothingUnresolved(requested.id(), CancellationState.FAILED, now));
        FollowedCancellation seen = ledger.followed(requested.id(), 1).orElseThrow();
        database.take();
        explain("endIfUnchangedSince", () -> ledger.endIfUnchangedSince(seen, CancellationState.FAILED, now));
        explain("removeFollowUp", () -> ledger.removeFollowUp(new FollowUpTask(requested.id(), 1)));
        explain("addToTotals", () -> ledger.addToTotals(BIG, SNAPSHOT.counts()));
        explain("addToTotals: the first", () -> ledger.addToTotals(new TenantId("nobody"), SNAPSHOT.counts()));
    }

    private Cancellation record(TenantId tenant, CancellationState state) {
        Cancellation found = queries.list(new CancellationQuery(tenant, state, null, null, null, null), 1)
                .getFirst();
        database.take();
        return found;
    }

    private String batch(TenantId tenant, CancellationState state) {
        return record(tenant, state).key().batchId();
    }

    private Intent intent(String batch) {
        return new Intent(
                UUID.randomUUID(),
                new CancellationKey(BIG, batch),
                "service-0",
                null,
                null,
                now,
                now.plusSeconds(15),
                false,
                now.plusSeconds(2));
    }

    private void retention() throws SQLException {
        Instant oldest = now.minus(LedgerFill.SPREAD);
        explain("retention: nothing to delete", () -> deletions.deleteFinishedBefore(oldest.minusSeconds(60), 500));
        explain(
                "retention: 500 of a day to delete",
                () -> deletions.deleteFinishedBefore(oldest.plus(Duration.ofDays(1)), 500));
        explain("retention: 500 of nearly all", () -> deletions.deleteFinishedBefore(now, 500));
    }

    private void scheduler() throws SQLException {
        explain(
                "scheduler: add",
                () -> tasks.createBatch(List.of(new ScheduledTaskInstance(
                        TaskDescriptor.of("follow-up").instance("0-1").build(), now))));
        explain("scheduler: poll", () -> tasks.getDue(now, 48));
        explain("scheduler: poll, nothing due", () -> tasks.getDue(now.minusSeconds(3600), 48));
        if (postgres) {
            explain("scheduler: lock and fetch", () -> tasks.lockAndGetDue(now, 16));
        }
        Execution due = tasks.getDue(now, 1).getFirst();
        database.take();
        explain("scheduler: pick", () -> tasks.pick(due, now));
        explain("scheduler: heartbeat", () -> tasks.updateHeartbeat(due, now));
        explain("scheduler: dead", () -> tasks.getDeadExecutions(now.minusSeconds(16)));
        explain("scheduler: reschedule", () -> tasks.reschedule(due, now.plusSeconds(2), now, null, 0));
        explain("scheduler: remove", () -> tasks.remove(due));
    }

    /** Each by itself; what it changes is taken back. */
    private void explain(String what, Runnable statements) throws SQLException {
        statements.run();
        connection.rollback();
        for (ExplainingDataSource.Explained explained : database.take()) {
            String sql = explained.sql().strip();
            String line = line(
                    what + " (" + sql.substring(0, 6).toUpperCase(Locale.ROOT) + ")",
                    explained.plan(),
                    explained.millis());
            summary.add(line);
            System.out.printf("%n== %s: %s%n%s", name, line, explained.plan());
            String generic = explained.generic();
            if (!generic.isEmpty()
                    && (!access(generic).equals(access(explained.plan()))
                            || rows(generic) > rows(explained.plan()) + 50)) {
                summary.add(line("  … for whatever parameters", generic, time(generic)));
                System.out.printf("-- for whatever parameters:%n%s", generic);
            }
        }
    }

    private String line(String what, String plan, double millis) {
        return String.format(Locale.ROOT, "%-52s %-50s %9d %9.2f", what, access(plan), rows(plan), millis);
    }

    private static final Pattern H2_ACCESS = Pattern.compile("/\\* PUBLIC\\.(\\w+?)(\\.tableScan)?(?=[: *])");
    private static final Pattern POSTGRES_ACCESS = Pattern.compile(
            "(?:Index Scan|Index Only Scan|Index Scan Backward) using (\\w+)|Bitmap Index Scan on (\\w+)"
                    + "|(Seq Scan on \\w+)|(Sort Key)");

    private String access(String plan) {
        List<String> found = new ArrayList<>();
        Matcher matcher = (postgres ? POSTGRES_ACCESS : H2_ACCESS).matcher(plan);
        while (matcher.find()) {
            if (postgres) {
                found.add(
                        matcher.group(4) != null
                                ? "sorts"
                                : matcher.group().replaceAll(".*(?:using|Index Scan on) ", ""));
            } else {
                found.add((matcher.group(2) != null ? "SCAN " : "")
                        + matcher.group(1).toLowerCase(Locale.ROOT));
            }
        }
        if (!postgres && plan.contains("ORDER BY") && !plan.contains("index sorted")) {
            found.add("sorts");
        }
        return found.stream().distinct().collect(Collectors.joining(", ")).replace("cancellation_", "c_");
    }

    private static final Pattern H2_ROWS = Pattern.compile("scanCount: (\\d+)");
    private static final Pattern POSTGRES_ROWS = Pattern.compile(
            "(?:Index Scan|Index Only Scan|Bitmap Heap Scan|Seq Scan)[^\\n]*actual[^\\n]*rows=([\\d.]+) loops=(\\d+)\\)"
                    + "((?:\\n(?!\\s*->)[^\\n]*)*)");
    private static final Pattern REMOVED = Pattern.compile("Rows Removed by (?:Filter|Index Recheck): (\\d+)");

    private long rows(String plan) {
        double rows = 0;
        Matcher matcher = (postgres ? POSTGRES_ROWS : H2_ROWS).matcher(plan);
        while (matcher.find()) {
            if (postgres) {
                double once = Double.parseDouble(matcher.group(1));
                Matcher removed = REMOVED.matcher(matcher.group(3));
                while (removed.find()) {
                    once += Long.parseLong(removed.group(1));
                }
                rows += once * Long.parseLong(matcher.group(2));
            } else {
                rows += Long.parseLong(matcher.group(1));
            }
        }
        return Math.round(rows);
    }

    private static final Pattern TIME = Pattern.compile("Execution Time: ([\\d.]+) ms");

    private static double time(String plan) {
        Matcher matcher = TIME.matcher(plan);
        return matcher.find() ? Double.parseDouble(matcher.group(1)) : 0;
    }
}
