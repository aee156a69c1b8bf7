package io.cancelgateway.install;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;

/** A Java agent that is shown every class, and changes none. */
public final class Agent implements ClassFileTransformer {

    private Agent() {}

    public static void premain(String arguments, Instrumentation instrumentation) {
        instrumentation.addTransformer(new Agent());
    }
}
