package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.exceptions.FailedToScheduleBatchException;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import io.cancelgateway.ledger.Ledger;
import io.cancelgateway.ledger.OpenedRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;

/**
 * The follow-up tasks in the database. There is one for each life of a cancellation, named by both: the task of a life
 * that is over may be about to be removed while the next one begins.
 */
@Component
class FollowUpSchedule {

    static final TaskDescriptor<Void> TASK = TaskDescriptor.of("follow-up");

    private final SchedulerClient scheduler;
    private final Ledger ledger;
    private final PollDelay pollDelay;
    private final Clock clock;

    FollowUpSchedule(SchedulerClient scheduler, Ledger ledger, PollDelay pollDelay, Clock clock) {
        this.scheduler = scheduler;
        this.ledger = ledger;
        this.pollDelay = pollDelay;
        this.clock = clock;
    }

    /** Takes part in the transaction that opened it. */
    void add(OpenedRequest opened) {
        // one INSERT; scheduling a single task would look first whether it is there
        try {
            scheduler.scheduleBatch(
                    List.of(TASK.instance(instance(opened)).build()),
                    clock.instant().plus(pollDelay.after(Duration.ZERO)));
        } catch (FailedToScheduleBatchException e) {
            throw new DataAccessResourceFailureException("The follow-up's task was not written", e);
        }
    }

    /** Takes part in the transaction that ended it. A task that runs already finds that out and removes itself. */
    void remove(OpenedRequest opened) {
        ledger.removeFollowUp(TASK.getTaskName(), instance(opened));
    }

    private static String instance(OpenedRequest opened) {
        return opened.id() + "-" + opened.life();
    }

    static Step parse(String instance) {
        String[] parts = instance.split("-", 2);
        return new Step(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    /** Which cancellation, and which life of it. */
    record Step(long id, int life) {}
}
