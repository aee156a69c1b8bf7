package io.cancelgateway.platform;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Reports an invalid setting in two lines instead of a stack trace. */
class InvalidSettingFailureAnalyzer extends AbstractFailureAnalyzer<InvalidSettingException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InvalidSettingException cause) {
        return new FailureAnalysis(
                "The setting " + cause.key() + " is wrong: it " + cause.reason() + ".",
                "Correct " + cause.key() + " (docs/CONFIGURATION.md) and start again.",
                cause);
    }
}
