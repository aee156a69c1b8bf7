package io.cancelgateway.simulator;

/** What the simulated API can be asked. */
public enum Operation {
    CANCEL,
    RETRIEVE,
    LIST
}
