package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.exceptions.FailedToScheduleBatchException;
import io.cancelgateway.ledger.OpenedRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;

/** Schedules the first poll of a cancellation. */
@Component
class FollowUpSchedule {

    private final SchedulerClient scheduler;
    private final PollDelay pollDelay;
    private final Clock clock;

    FollowUpSchedule(SchedulerClient scheduler, PollDelay pollDelay, Clock clock) {
        this.scheduler = scheduler;
        this.pollDelay = pollDelay;
        this.clock = clock;
    }

    /**
     * Adds the task of a cancellation, in the transaction that opened the request.
     *
     * @throws DataAccessResourceFailureException if the task could not be written
     */
    void add(OpenedRequest opened) {
        // as a batch this is one INSERT; scheduling a single task would select it first
        try {
            scheduler.scheduleBatch(
                    List.of(new FollowUpTask(opened.id(), opened.life()).toInstance()),
                    clock.instant().plus(pollDelay.after(Duration.ZERO)));
        } catch (FailedToScheduleBatchException e) {
            throw new DataAccessResourceFailureException("The follow-up's task was not written", e);
        }
    }
}
