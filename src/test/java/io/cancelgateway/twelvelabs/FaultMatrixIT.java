package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.support.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.test.context.TestPropertySource;

/** Every fault, on the first attempt, the first two, and all, followed by each answer that may come then. */
@TestPropertySource(
        properties = {
            "gateway.retry.max-attempts=3",
            "gateway.retry.budget-floor=1000",
            "gateway.upstream.attempt-timeout=400ms",
            "gateway.upstream.deadline=5s",
        })
class FaultMatrixIT extends EndToEnd {

    /** What one fault means: is it retried, may it have taken effect, and what is the answer when it does not end. */
    private record Row(String name, Fault fault, String result, boolean ambiguous, int status, String code) {}

    private static final List<Row> RETRIED = List.of(
            row("408", Fault.status(408, "timeout"), "4xx", true, 502, "upstream_error"),
            row("429", Fault.status(429, "too_many_requests"), "4xx", false, 429, "too_many_requests"),
            row("500", Fault.status(500, "oops"), "5xx", true, 502, "upstream_error"),
            row("502", Fault.html502(), "5xx", true, 502, "upstream_error"),
            row("503", Fault.status(503, "oops", Map.of("Retry-After", "0")), "5xx", true, 502, "upstream_error"),
            row("504", Fault.flatStatus(504, "oops", "late"), "5xx", true, 502, "upstream_error"),
            row("reset before", Fault.resetBefore(), "reset", true, 502, "upstream_error"),
            row("reset after", Fault.resetAfter(), "reset", true, 502, "upstream_error"),
            row("hang before", Fault.hangBefore(), "timeout", true, 504, "deadline_exceeded"),
            row("hang after", Fault.hangAfter(), "timeout", true, 504, "deadline_exceeded"),
            row(
                    "slow beyond the attempt timeout",
                    Fault.slow(Duration.ofMillis(900)),
                    "timeout",
                    true,
                    504,
                    "deadline_exceeded"),
            row("truncated", Fault.truncated(), "reset", true, 502, "upstream_error"),
            row("truncated 409", Fault.truncated(409, "batch_canceled"), "reset", true, 502, "upstream_error"),
            row("truncated 404", Fault.truncated(404, "resource_not_exist"), "reset", true, 502, "upstream_error"));

    private static final List<Row> FINAL = List.of(
            row("400", Fault.status(400, "odd"), "4xx", false, 400, "odd"),
            row("401", Fault.status(401, "api_key_invalid"), "4xx", false, 502, "tenant_key_rejected"),
            row("403", Fault.status(403, "api_not_allowed"), "4xx", false, 502, "tenant_key_rejected"),
            row("404", Fault.status(404, "resource_not_exist"), "4xx", false, 404, "resource_not_exist"),
            row("409 completed", Fault.status(409, "batch_completed"), "4xx", false, 409, "batch_completed"),
            row("409 canceled", Fault.status(409, "batch_canceled"), "4xx", false, 409, "batch_canceled"),
            row("409 expired", Fault.status(409, "batch_expired"), "4xx", false, 409, "batch_expired"),
            row("418", Fault.status(418, "teapot"), "4xx", false, 502, "upstream_error"),
            row("501", Fault.status(501, "no"), "5xx", true, 502, "upstream_error"),
            row("302", Fault.status(302, "moved"), "3xx", true, 502, "upstream_error"));

    private static Row row(String name, Fault fault, String result, boolean ambiguous, int status, String code) {
        return new Row(name, fault, result, ambiguous, status, code);
    }

    private double attemptsBefore;

    @BeforeEach
    void readMeters() {
        // no connection that a reset would find stale
        SIMULATOR.dropConnections(false);
        retrieve(ACME.createBatch().id());
        SIMULATOR.reset();
        attemptsBefore = count("cancel.gateway.upstream.attempts");
    }

    static Stream<Arguments> retriedThenAnswered() {
        List<Arguments> rows = new ArrayList<>();
        for (Row row : RETRIED) {
            for (int faults : new int[] {1, 2}) {
                for (String then : List.of("202", "batch_completed", "batch_canceled", "batch_expired")) {
                    rows.add(Arguments.of(row.name(), row, faults, then));
                }
            }
        }
        return rows.stream();
    }

    @ParameterizedTest(name = "{0}, {2} times, then {3}")
    @MethodSource("retriedThenAnswered")
    void aFaultThatEnds(String name, Row row, int faults, String then) {
        SimulatedBatch batch = then.equals("202") ? ACME.createBatch() : canceledBatch();
        double faultsBefore = attempts("cancel", row.result());
        for (int i = 0; i < faults; i++) {
            SIMULATOR.next(Operation.CANCEL, row.fault());
        }
        SIMULATOR.next(Operation.CANCEL, then.equals("202") ? Fault.none() : Fault.status(409, then));

        Reply reply = cancel(batch.id());

        boolean reconciled = row.ambiguous() && then.equals("batch_canceled");
        if (then.equals("202")) {
            assertThat(reply.status()).as(reply.text()).isEqualTo(202);
        } else if (reconciled) {
            assertThat(reply.status()).as(reply.text()).isEqualTo(200);
            assertThat(reply.json().path("status").stringValue()).isEqualTo("canceled");
        } else {
            reply.isProblem(409, then);
        }
        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(faults + 1);
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(reconciled ? 1 : 0);
        double conflict = row.result().equals("4xx") && !then.equals("202") ? 1 : 0;
        assertThat(attempts("cancel", row.result())).isEqualTo(faultsBefore + faults + conflict);
        assertMetersAgreeWithTheWire();
    }

    static Stream<Arguments> retried() {
        return RETRIED.stream().map(row -> Arguments.of(row.name(), row));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("retried")
    void aFaultThatDoesNotEnd(String name, Row row) {
        String id = ACME.createBatch().id();
        SIMULATOR.always(Operation.CANCEL, row.fault());
        SIMULATOR.always(Operation.RETRIEVE, row.fault());
        SIMULATOR.always(Operation.LIST, row.fault());

        cancel(id).isProblem(row.status(), row.code());
        retrieve(id).isProblem(row.status(), row.code());
        list().isProblem(row.status(), row.code());

        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(3);
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(3);
        assertThat(SIMULATOR.requests(Operation.LIST)).hasSize(3);
        assertMetersAgreeWithTheWire();
    }

    static Stream<Arguments> finals() {
        return FINAL.stream().map(row -> Arguments.of(row.name(), row));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("finals")
    void anAnswerThatAnotherAttemptWouldNotChange(String name, Row row) {
        String id = ACME.createBatch().id();
        SIMULATOR.always(Operation.CANCEL, row.fault());
        SIMULATOR.always(Operation.LIST, row.fault());

        cancel(id).isProblem(row.status(), row.code());
        list().isProblem(row.status(), row.code());

        assertThat(SIMULATOR.requests()).hasSize(2);
        assertMetersAgreeWithTheWire();
    }

    static Stream<Fault> unreadable() {
        return Stream.of(Fault.html(), Fault.noStatus(), Fault.body(202, "application/json", ""));
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void anUnreadableSuccessIsReconciledOnceAndNotRepeated(Fault fault) {
        SIMULATOR.always(Operation.CANCEL, fault);

        Reply canceling = cancel(ACME.createBatch().id());
        assertThat(canceling.status()).as(canceling.text()).isEqualTo(202);
        assertThat(canceling.json().path("status").stringValue()).isEqualTo("canceling");

        Reply canceled = cancel(ACME.createBatch(5, 0, Duration.ofHours(1)).id());
        assertThat(canceled.status()).as(canceled.text()).isEqualTo(200);
        assertThat(canceled.json().path("status").stringValue()).isEqualTo("canceled");

        cancel(ACME.createCompletedBatch().id()).isProblem(502, "upstream_error");

        SIMULATOR.next(Operation.RETRIEVE, Fault.status(500, "oops"));
        cancel(ACME.createBatch().id()).isProblem(502, "upstream_error");

        assertThat(SIMULATOR.requests(Operation.CANCEL)).hasSize(4);
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(4);
        assertMetersAgreeWithTheWire();
    }

    @Test
    void anUnreadableRetrieveIsNotRepeated() {
        SIMULATOR.always(Operation.RETRIEVE, Fault.html());

        retrieve(ACME.createBatch().id()).isProblem(502, "upstream_error");

        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @Test
    void whatTheReconcilingRetrieveShowsDecides() {
        // still canceling: 202
        SimulatedBatch canceling = ACME.createBatch();
        assertThat(cancel(canceling.id()).status()).isEqualTo(202);
        SIMULATOR.next(Operation.CANCEL, Fault.resetAfter(), Fault.status(409, "batch_canceled"));
        Reply accepted = cancel(canceling.id());
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);
        assertThat(accepted.json().path("status").stringValue()).isEqualTo("canceling");

        // the retrieve fails: the 409 itself
        SIMULATOR.next(Operation.CANCEL, Fault.resetAfter(), Fault.status(409, "batch_canceled"));
        SIMULATOR.next(Operation.RETRIEVE, Fault.status(500, "oops"));
        cancel(canceling.id()).isProblem(409, "batch_canceled");

        // neither: the 409 itself
        SIMULATOR.next(Operation.CANCEL, Fault.resetBefore(), Fault.status(409, "batch_canceled"));
        cancel(ACME.createBatch().id()).isProblem(409, "batch_canceled");
        assertMetersAgreeWithTheWire();
    }

    @Test
    void aTimeoutThatWentThroughAnswersTheCanceledBatch() {
        double confirmed = count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "confirmed");
        SIMULATOR.next(Operation.CANCEL, Fault.hangAfter());

        // nothing in process: canceled by the first attempt, so the second is a real 409 batch_canceled
        Reply reply = cancel(ACME.createBatch(70, 0, Duration.ofHours(1)).id());

        assertThat(reply.status()).as(reply.text()).isEqualTo(200);
        assertThat(reply.json().path("canceled_items").intValue()).isEqualTo(70);
        assertThat(count("cancel.gateway.cancellations", "tenant", "acme", "outcome", "confirmed"))
                .isEqualTo(confirmed + 1);
    }

    private static SimulatedBatch canceledBatch() {
        SimulatedBatch batch = ACME.createBatch(3, 0, Duration.ofHours(1));
        batch.cancelNow(Instant.now());
        return batch;
    }

    private double attempts(String operation, String result) {
        return count("cancel.gateway.upstream.attempts", "operation", operation, "result", result);
    }

    private void assertMetersAgreeWithTheWire() {
        assertThat(count("cancel.gateway.upstream.attempts") - attemptsBefore)
                .isEqualTo(SIMULATOR.requests().size());
    }
}
