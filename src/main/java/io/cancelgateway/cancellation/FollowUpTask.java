package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.TaskInstance;

/**
 * A follow-up task in the database. Each life of a cancellation has a task of its own, because the task of the life
 * before may not be removed yet when the next life begins.
 *
 * @param id the id of the cancellation
 * @param life the life of the cancellation, from 1
 */
record FollowUpTask(long id, int life) {

    static final TaskDescriptor<Void> DESCRIPTOR = TaskDescriptor.of("follow-up");

    /** The task of this instance id, as {@link #instance} gives it. */
    static FollowUpTask parse(String instance) {
        String[] parts = instance.split("-", 2);
        return new FollowUpTask(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    String name() {
        return DESCRIPTOR.getTaskName();
    }

    /** The id of the task instance. */
    String instance() {
        return id + "-" + life;
    }

    TaskInstance<Void> toInstance() {
        return DESCRIPTOR.instance(instance()).build();
    }
}
