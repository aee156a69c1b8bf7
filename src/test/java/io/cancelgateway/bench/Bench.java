package io.cancelgateway.bench;

import io.cancelgateway.install.DashboardPictures;
import java.util.Arrays;

/** What is run by hand, by its name. Its main is not static: only the demo's is to be found among the tests. */
final class Bench {

    void main(String[] args) throws Exception {
        String[] rest = Arrays.copyOfRange(args, 1, args.length);
        switch (args[0]) {
            case "plans" -> QueryPlans.start(rest);
            case "cost" -> LedgerCost.start(rest);
            case "upstream" -> CostUpstream.start(rest);
            case "pictures" -> DashboardPictures.start(rest);
            default -> throw new IllegalArgumentException("plans, cost, upstream or pictures, not " + args[0]);
        }
    }
}
