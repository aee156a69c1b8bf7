package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler.OnCompleteRemove;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.time.Clock;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class FollowUpConfiguration {

    @Bean
    Pace pace(FollowUpProperties properties, RandomGenerator random) {
        return new Pace(properties.initialDelay(), properties.maxDelay(), random);
    }

    /** Run by any replica; taken over from one that dies; run again later where it fails, such as without a database. */
    @Bean
    Task<Void> followUps(FollowUp followUp, FollowUpProperties properties, Clock clock, Pace pace) {
        return Tasks.custom(FollowUpSchedule.TASK)
                .onDeadExecutionRevive()
                .onFailure((execution, operations) ->
                        operations.reschedule(execution, clock.instant().plus(pace.jittered(properties.maxDelay()))))
                .execute((instance, context) -> {
                    FollowUpSchedule.Step step = FollowUpSchedule.parse(instance.getId());
                    return followUp.run(step.id(), step.life())
                            .<CompletionHandler<Void>>map(delay -> {
                                Instant next = clock.instant().plus(delay);
                                return (execution, operations) -> operations.reschedule(execution, next);
                            })
                            .orElseGet(OnCompleteRemove::new);
                });
    }
}
