package io.cancelgateway.cancellation;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerProperties;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FollowUpConfigurationTests {

    @Test
    void aShutdownWaitsForPollsUnderWayHoweverLongTheyMayTake() {
        DbSchedulerProperties scheduler = new DbSchedulerProperties();

        FollowUpConfiguration.waitAtShutdown(scheduler, Duration.ofSeconds(40));

        // db-scheduler waits for this long twice
        assertThat(scheduler.getShutdownMaxWait())
                .isEqualTo(Duration.ofSeconds(40 + 6).dividedBy(2));
    }

    @Test
    void anotherWaitThatWasSetIsKept() {
        DbSchedulerProperties scheduler = new DbSchedulerProperties();
        scheduler.setShutdownMaxWait(Duration.ofSeconds(3));

        FollowUpConfiguration.waitAtShutdown(scheduler, Duration.ofSeconds(40));

        assertThat(scheduler.getShutdownMaxWait()).isEqualTo(Duration.ofSeconds(3));
    }
}
