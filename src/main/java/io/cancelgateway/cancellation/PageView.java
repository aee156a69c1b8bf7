package io.cancelgateway.cancellation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.cancelgateway.ledger.Cancellation;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import tools.jackson.databind.annotation.JsonNaming;

/** A page of records as callers see it. */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
record PageView(
        List<CancellationView> cancellations, @Nullable String nextCursor) {

    /** @param found the records, up to {@code limit} and one more; with that one there is a next page */
    static PageView of(List<Cancellation> found, int limit) {
        List<Cancellation> shown = found.subList(0, Math.min(limit, found.size()));
        return new PageView(
                shown.stream().map(CancellationView::of).toList(),
                found.size() > limit ? Cursor.of(shown.getLast()) : null);
    }
}
