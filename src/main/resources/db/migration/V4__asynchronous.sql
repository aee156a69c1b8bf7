-- Tells a request's row from any other: who repeats an INSERT whose commit got no answer finds it by this key. Null in
-- the rows of earlier versions
ALTER TABLE cancellation_request ADD COLUMN request_key uuid;

-- An asynchronous cancel goes on until it is delivered: no synchronous request may end it for its own failure. The
-- database enforces it, because earlier versions do not know asynchronous cancels and may run beside this one
ALTER TABLE cancellation ADD CONSTRAINT cancellation_asynchronous_end
    CHECK (NOT asynchronous OR state NOT IN ('failed', 'rejected'));

-- Deliveries run before polls: the higher priority first. Earlier versions insert tasks without a priority
UPDATE scheduled_tasks SET priority = 0 WHERE priority IS NULL;
ALTER TABLE scheduled_tasks ALTER COLUMN priority SET DEFAULT 0;
