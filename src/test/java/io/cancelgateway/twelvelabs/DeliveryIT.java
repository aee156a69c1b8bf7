package io.cancelgateway.twelvelabs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cancelgateway.simulator.Fault;
import io.cancelgateway.simulator.Operation;
import io.cancelgateway.simulator.SimulatedBatch;
import io.cancelgateway.support.EndToEnd;
import io.cancelgateway.tenant.Tenant;
import io.cancelgateway.tenant.TenantId;
import io.cancelgateway.tenant.Tenants;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;

/** A cancel that is sent in the background, with no caller waiting. */
@TestPropertySource(properties = "gateway.retry.max-attempts=3")
class DeliveryIT extends EndToEnd {

    @Autowired
    private TwelveLabs twelveLabs;

    @Autowired
    private Tenants tenants;

    private Tenant acme;

    @BeforeEach
    void noConnectionThatAResetWouldFindStale() {
        acme = tenants.find(new TenantId("acme")).orElseThrow();
        SIMULATOR.dropConnections(false);
        retrieve(ACME.createBatch().id());
        SIMULATOR.reset();
    }

    @Test
    void isSentOnce() {
        SimulatedBatch batch = ACME.createBatch();

        CancelResult delivered = deliver(batch, false);

        assertThat(delivered.answer()).isInstanceOf(Answer.Accepted.class);
        assertThat(delivered.sent()).isEqualTo(1);
        assertThat(delivered.ambiguous()).isFalse();
        assertThat(batch.status(Instant.now())).isEqualTo("canceling");
    }

    @Test
    void isNotRetried() {
        SIMULATOR.next(Operation.CANCEL, Fault.status(503, "busy"));

        CancelResult failed = deliver(ACME.createBatch(), false);

        assertThat(failed).isEqualTo(new CancelResult(new Answer.Failed("status 503", null), 1, true));
        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @Test
    void findsTheBatchThatAnEarlierOneCanceled() {
        SimulatedBatch batch = ACME.createBatch(70, 0, Duration.ofHours(1));
        SIMULATOR.next(Operation.CANCEL, Fault.resetAfter());
        assertThat(deliver(batch, false))
                .isEqualTo(new CancelResult(new Answer.Failed("it ended the connection", null), 1, true));

        CancelResult found = deliver(batch, true);

        assertThat(found.answer())
                .isInstanceOfSatisfying(
                        Answer.Found.class,
                        answer -> assertThat(answer.batch().canceled()).isTrue());
        assertThat(found.sent()).isEqualTo(1);
        assertThat(found.ambiguous()).isFalse();
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(1);
    }

    @Test
    void leavesAConflictAloneThatNoEarlierOneExplains() {
        SimulatedBatch batch = ACME.createBatch(70, 0, Duration.ofHours(1));
        batch.cancelNow(Instant.now());

        assertThat(deliver(batch, false).answer()).isInstanceOf(Answer.AlreadyTerminal.class);
        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    @Test
    void looksIntoASuccessThatCannotBeRead() {
        SIMULATOR.next(Operation.CANCEL, Fault.html());

        CancelResult found = deliver(ACME.createBatch(), false);

        assertThat(found.answer()).isInstanceOf(Answer.Accepted.class);
        assertThat(found.ambiguous()).isTrue();
        assertThat(SIMULATOR.requests(Operation.RETRIEVE)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void replacesADeadConnection(boolean reset) {
        if (reset) {
            SIMULATOR.killConnections();
        } else {
            SIMULATOR.dropConnections(false);
        }
        time.push(Duration.ofSeconds(2)); // idle for long enough to have died of it

        assertThat(deliver(ACME.createBatch(), false).answer()).isInstanceOf(Answer.Accepted.class);
    }

    @Test
    void isNotSentDuringAPause() {
        SIMULATOR.next(Operation.CANCEL, Fault.rateLimited("1"));
        assertThat(deliver(ACME.createBatch(), false).sent()).isEqualTo(1);

        CancelResult paused = deliver(ACME.createBatch(), false);

        assertThat(paused.answer()).isInstanceOf(Answer.RateLimited.class);
        assertThat(paused.sent()).isZero();
        assertThat(SIMULATOR.requests()).hasSize(1);
    }

    private CancelResult deliver(SimulatedBatch batch, boolean unresolved) {
        return twelveLabs.deliver(acme, new BatchId(batch.id()), unresolved);
    }
}
