package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.TaskInstance;

/**
 * A follow-up task in the database. There is one for each life of a cancellation, named by both: the task of a life that
 * is over may be about to be removed while the next one begins.
 */
record FollowUpTask(long id, int life) {

    static final TaskDescriptor<Void> DESCRIPTOR = TaskDescriptor.of("follow-up");

    static FollowUpTask parse(String instance) {
        String[] parts = instance.split("-", 2);
        return new FollowUpTask(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    String name() {
        return DESCRIPTOR.getTaskName();
    }

    /** What {@link #parse} reads. */
    String instance() {
        return id + "-" + life;
    }

    TaskInstance<Void> toInstance() {
        return DESCRIPTOR.instance(instance()).build();
    }
}
