-- Copies the ledger from the H2 file that this runs in to a PostgreSQL database. The gateway must have created its
-- schema there, and it must be empty otherwise. Nobody may use either database meanwhile. The address, user and
-- password of the target are in three files. If a copy breaks off, begin again with an empty database.
-- docs/INSTALL.md tells how to run it.

SET @url = REGEXP_REPLACE(FILE_READ('/target-database/url', 'UTF-8'), '\s+$', '');
SET @username = REGEXP_REPLACE(FILE_READ('/target-database/username', 'UTF-8'), '\s+$', '');
SET @password = REGEXP_REPLACE(FILE_READ('/target-database/password', 'UTF-8'), '\s+$', '');

CREATE LOCAL TEMPORARY LINKED TABLE target_cancellation
    ('org.postgresql.Driver', @url, @username, @password, 'public', 'cancellation');
CREATE LOCAL TEMPORARY LINKED TABLE target_cancellation_request
    ('org.postgresql.Driver', @url, @username, @password, 'public', 'cancellation_request');
CREATE LOCAL TEMPORARY LINKED TABLE target_item_total
    ('org.postgresql.Driver', @url, @username, @password, 'public', 'item_total');
CREATE LOCAL TEMPORARY LINKED TABLE target_scheduled_tasks
    ('org.postgresql.Driver', @url, @username, @password, 'public', 'scheduled_tasks');

INSERT INTO target_cancellation SELECT * FROM cancellation ORDER BY id;
-- without request_key, which only a request that is being recorded needs
INSERT INTO target_cancellation_request
    ("id", "cancellation_id", "life", "caller", "reason", "received_at", "outcome", "trace_id", "span_id")
    SELECT id, cancellation_id, life, caller, reason, received_at, outcome, trace_id, span_id
        FROM cancellation_request ORDER BY id;
INSERT INTO target_item_total SELECT * FROM item_total;
-- the retention's own task may be there already
INSERT INTO target_scheduled_tasks SELECT * FROM scheduled_tasks moved
    WHERE NOT EXISTS (SELECT 1 FROM target_scheduled_tasks there
        WHERE there."task_name" = moved.task_name AND there."task_instance" = moved.task_instance);

-- new rows get ids after those that were copied
CREATE LOCAL TEMPORARY LINKED TABLE next_ids
    ('org.postgresql.Driver', @url, @username, @password,
    '(SELECT setval(pg_get_serial_sequence(''cancellation'', ''id''),
                    (SELECT coalesce(max(id), 0) + 1 FROM cancellation), false) AS cancellation,
             setval(pg_get_serial_sequence(''cancellation_request'', ''id''),
                    (SELECT coalesce(max(id), 0) + 1 FROM cancellation_request), false) AS cancellation_request)');
SELECT * FROM next_ids;
