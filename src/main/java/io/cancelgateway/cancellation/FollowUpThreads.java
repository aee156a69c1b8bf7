package io.cancelgateway.cancellation;

import com.github.kagkarlsson.scheduler.ExecutorUtils;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerCustomizer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of db-scheduler. When it stops, it would interrupt those that still work after a while. These are never
 * interrupted at work: an interrupt would make H2 close its file, while requests still use it.
 */
class FollowUpThreads implements DbSchedulerCustomizer {

    private static final int HOUSEKEEPERS = 3;

    private final int threads;

    /** @param threads how many follow-ups run at the same time */
    FollowUpThreads(int threads) {
        this.threads = threads;
    }

    @Override
    public Optional<ExecutorService> executorService() {
        return Optional.of(new Workers(threads, "-"));
    }

    @Override
    public Optional<ExecutorService> dueExecutor() {
        return Optional.of(new Workers(1, "-execute-due-"));
    }

    @Override
    public Optional<ScheduledExecutorService> housekeeperExecutor() {
        return Optional.of(new Housekeepers());
    }

    private static ThreadFactory named(String suffix) {
        return ExecutorUtils.defaultThreadFactoryWithPrefix(Scheduler.THREAD_PREFIX + suffix);
    }

    private static final class Workers extends ThreadPoolExecutor {

        Workers(int threads, String suffix) {
            super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named(suffix));
        }

        /** The scheduler calls this first where the thread only sleeps, and after {@link #shutdown} where it works. */
        @Override
        public List<Runnable> shutdownNow() {
            return isShutdown() ? List.of() : super.shutdownNow();
        }
    }

    private static final class Housekeepers extends ScheduledThreadPoolExecutor {

        Housekeepers() {
            super(HOUSEKEEPERS, named("-housekeeper-"));
        }

        /** Called after {@link #shutdown}. */
        @Override
        public List<Runnable> shutdownNow() {
            return isShutdown() ? List.of() : super.shutdownNow();
        }
    }
}
