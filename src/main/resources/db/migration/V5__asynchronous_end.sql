-- An asynchronous cancel goes on until it is delivered: no synchronous request may end it for its own failure. The
-- database enforces it, because earlier versions do not know asynchronous cancels and may run beside this one.
-- Not with NOT IN: H2 would compare in the session of this migration, and fail once its connection is closed
ALTER TABLE cancellation ADD CONSTRAINT cancellation_asynchronous_end
    CHECK (NOT asynchronous OR (state <> 'failed' AND state <> 'rejected'));
