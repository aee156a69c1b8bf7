package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler.OnCompleteRemove;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.tenant.Tenants;
import io.cancelgateway.twelvelabs.TwelveLabs;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class FollowUpConfiguration {

    /** What a poll's statements may take beside the poll itself. */
    private static final Duration FOR_THE_LEDGER = Duration.ofSeconds(6);

    @Bean
    PollDelay pollDelay(FollowUpProperties properties, RandomGenerator random) {
        return new PollDelay(properties.initialDelay(), properties.maxDelay(), random);
    }

    @Bean
    FollowUp followUp(
            Ledger ledger,
            Lifecycle lifecycle,
            Recorder recorder,
            TwelveLabs twelveLabs,
            Tenants tenants,
            Clock clock,
            PollDelay pollDelay) {
        return new FollowUp(records(ledger, recorder), lifecycle, twelveLabs, tenants::find, clock, pollDelay);
    }

    private static FollowUp.Records records(Ledger ledger, Recorder recorder) {
        return new FollowUp.Records() {
            @Override
            public Optional<FollowedCancellation> find(long id, int life) {
                return ledger.followed(id, life);
            }

            @Override
            public Effect record(Change change) {
                return recorder.record(change);
            }
        };
    }

    /** Run by any replica; taken over from one that dies; run again later where it fails, such as without a database. */
    @Bean
    Task<Void> followUps(
            FollowUp followUp,
            FollowUpProperties properties,
            Clock clock,
            PollDelay pollDelay,
            TwelveLabs twelveLabs,
            DbSchedulerProperties scheduler) {
        // here, since the scheduler is made of its tasks: it reads its settings after this
        waitAtShutdown(scheduler, twelveLabs.longestPoll());
        return Tasks.custom(FollowUpTask.DESCRIPTOR)
                .onDeadExecutionRevive()
                .onFailure((execution, operations) -> operations.reschedule(
                        execution, clock.instant().plus(pollDelay.jittered(properties.maxDelay()))))
                .execute((instance, context) -> {
                    FollowUpTask task = FollowUpTask.parse(instance.getId());
                    return followUp.run(task.id(), task.life())
                            .<CompletionHandler<Void>>map(delay -> {
                                Instant next = clock.instant().plus(delay);
                                return (execution, operations) -> operations.reschedule(execution, next);
                            })
                            .orElseGet(OnCompleteRemove::new);
                });
    }

    /** A poll that is interrupted makes H2 close its file. A wait that somebody has set is theirs to answer for. */
    static void waitAtShutdown(DbSchedulerProperties scheduler, Duration longestPoll) {
        if (scheduler.getShutdownMaxWait().equals(SchedulerBuilder.SHUTDOWN_MAX_WAIT)) {
            scheduler.setShutdownMaxWait(longestPoll.plus(FOR_THE_LEDGER));
        }
    }
}
