package io.cancelgateway.support;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.stereotype.Component;

/** Keeps every span as text, as an exporter would send it. */
@Component
public class Spans implements SpanProcessor {

    private final List<String> ended = new CopyOnWriteArrayList<>();

    public List<String> ended() {
        return ended;
    }

    @Override
    public void onStart(Context parent, ReadWriteSpan span) {}

    @Override
    public boolean isStartRequired() {
        return false;
    }

    @Override
    public void onEnd(ReadableSpan span) {
        ended.add(span.toSpanData().toString());
    }

    @Override
    public boolean isEndRequired() {
        return true;
    }
}
