package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler.OnCompleteRemove;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.cancelgateway.ledger.Change;
import io.cancelgateway.ledger.Effect;
import io.cancelgateway.ledger.FollowUpTask;
import io.cancelgateway.ledger.FollowedCancellation;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.LedgerAvailability;
import io.cancelgateway.tenant.TenantTags;
import io.cancelgateway.tenant.Tenants;
import io.cancelgateway.twelvelabs.TwelveLabs;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class FollowUpConfiguration {

    /** How long the statements of a follow-up may take, beside its call. */
    private static final Duration TIME_FOR_STATEMENTS = Duration.ofSeconds(6);

    @Bean
    CancellationMetrics cancellationMetrics(MeterRegistry registry, TenantTags tags, Tenants tenants) {
        CancellationMetrics metrics = new CancellationMetrics(registry, tags);
        tenants.onChange(metrics::registerTenants);
        return metrics;
    }

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
            PollDelay pollDelay,
            DbSchedulerProperties scheduler,
            BatchWaits waits,
            CancellationMetrics metrics,
            RequestTraces traces) {
        return new FollowUp(
                records(ledger, recorder),
                lifecycle,
                twelveLabs,
                tenants::find,
                clock,
                pollDelay,
                new TenantShares(scheduler.getThreads()),
                waits::isWatched,
                metrics::polled,
                traces);
    }

    @Bean
    FollowUpThreads followUpThreads(DbSchedulerProperties scheduler) {
        return new FollowUpThreads(scheduler.getThreads());
    }

    @Bean
    FollowUpStop followUpStop(Scheduler scheduler) {
        return new FollowUpStop(scheduler);
    }

    /** {@link FollowUpStop} does, earlier. Each second stop of the scheduler would be a warning in the log. */
    @Bean
    static BeanFactoryPostProcessor schedulerIsNotStoppedByItsBean() {
        return beans -> beans.getBeanDefinition("scheduler").setDestroyMethodName(null);
    }

    @Bean
    FollowUpWake followUpWake(Tenants tenants, Ledger ledger, Clock clock, FollowUpProperties properties) {
        FollowUpWake wake = new FollowUpWake(tenants, ledger, clock, FollowUp.longestDelay(properties.maxDelay()));
        tenants.onChange(wake::update);
        return wake;
    }

    @Bean
    BatchWaits batchWaits(
            TwelveLabs twelveLabs,
            Tenants tenants,
            Recorder recorder,
            Lifecycle lifecycle,
            LedgerAvailability availability,
            RequestTraces traces) {
        return new BatchWaits(twelveLabs, tenants::find, traces, (key, requests, answer) -> {
            if (availability.available()) {
                recorder.recordEnd(key, requests, followed -> lifecycle.polled(followed, answer));
            }
        });
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

    /**
     * Any replica runs these tasks. If it dies, another one takes over. A task that fails, such as without a database,
     * runs again later.
     */
    @Bean
    Task<Void> followUps(
            FollowUp followUp,
            Ledger ledger,
            FollowUpProperties properties,
            Clock clock,
            PollDelay pollDelay,
            TwelveLabs twelveLabs,
            DbSchedulerProperties scheduler) {
        // set here, because the scheduler is built from this task and reads its settings afterwards
        waitAtShutdown(scheduler, twelveLabs.longestBackgroundCall());
        return Tasks.custom(TaskDescriptor.of(FollowUpTask.NAME))
                // its replica died, or lost the database: perhaps after it had sent a cancel
                .onDeadExecution((execution, operations) -> {
                    noteDelivery(ledger, execution);
                    operations.reschedule(execution, clock.instant());
                })
                .onFailure((execution, operations) -> {
                    if (execution.getCause().orElse(null) instanceof FollowUp.DeliveryNotRecordedException) {
                        noteDelivery(ledger, execution);
                    }
                    operations.reschedule(execution, clock.instant().plus(pollDelay.jittered(properties.maxDelay())));
                })
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

    /** If this fails, the scheduler leaves the task as it is, takes it for dead later, and notes it then. */
    private static void noteDelivery(Ledger ledger, ExecutionComplete complete) {
        FollowUpTask task =
                FollowUpTask.parse(complete.getExecution().taskInstance.getId());
        ledger.deliveryMayHaveBeenSent(task.id(), task.life());
    }

    /**
     * Lets follow-ups under way end. The scheduler waits for this long twice, before and after it interrupts them,
     * which {@link FollowUpThreads} do not let it. A wait that is configured stays.
     */
    static void waitAtShutdown(DbSchedulerProperties scheduler, Duration longestCall) {
        if (scheduler.getShutdownMaxWait().equals(SchedulerBuilder.SHUTDOWN_MAX_WAIT)) {
            scheduler.setShutdownMaxWait(longestCall.plus(TIME_FOR_STATEMENTS).dividedBy(2));
        }
    }
}
