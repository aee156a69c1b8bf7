package io.cancelgateway.bench;

import java.util.Arrays;

/** What is run by hand, by its name. Not static: the demo's main is to be the only one that is found among the tests. */
final class Bench {

    void main(String[] args) throws Exception {
        String[] rest = Arrays.copyOfRange(args, 1, args.length);
        switch (args[0]) {
            case "plans" -> QueryPlans.start(rest);
            case "cost" -> LedgerCost.start(rest);
            case "upstream" -> CostUpstream.start(rest);
            default -> throw new IllegalArgumentException("plans, cost or upstream, not " + args[0]);
        }
    }
}
