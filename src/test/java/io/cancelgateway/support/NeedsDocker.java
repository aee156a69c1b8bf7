package io.cancelgateway.support;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * A test that is skipped where there is no Docker, and says so. With the environment variable
 * {@code CANCEL_GATEWAY_DOCKER=required} it is not skipped: it fails.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsDocker.Condition.class)
public @interface NeedsDocker {

    /** Looks for Docker. */
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if ("required".equals(System.getenv("CANCEL_GATEWAY_DOCKER"))) {
                return ConditionEvaluationResult.enabled("Docker is required");
            }
            return DockerClientFactory.instance().isDockerAvailable()
                    ? ConditionEvaluationResult.enabled("There is Docker")
                    : ConditionEvaluationResult.disabled("Skipped: Docker is not available");
        }
    }
}
