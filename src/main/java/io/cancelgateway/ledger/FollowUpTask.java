package io.cancelgateway.ledger;

/**
 * A follow-up task in the scheduler's table. Each life of a cancellation has a task of its own, because the task of the
 * life before may not be removed yet when the next life begins.
 *
 * @param id the id of the cancellation
 * @param life the life of the cancellation, from 1
 */
public record FollowUpTask(long id, int life) {

    /** The name of every follow-up task. */
    public static final String NAME = "follow-up";

    /** A task that polls a batch. */
    static final int POLL = 0;

    /** A task that delivers a cancel, which goes before all polls that are due. */
    static final int DELIVERY = 1;

    /** The task of this instance id, as {@link #instance} gives it. */
    public static FollowUpTask parse(String instance) {
        String[] parts = instance.split("-", 2);
        return new FollowUpTask(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    /** The id of the task instance. */
    public String instance() {
        return id + "-" + life;
    }
}
