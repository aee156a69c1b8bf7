-- Deliveries run before polls: the higher priority first. Earlier versions insert tasks without a priority. The table
-- is locked before its rows: the other way round, whoever waits for one of the rows would be waited for
ALTER TABLE scheduled_tasks ALTER COLUMN priority SET DEFAULT 0;
UPDATE scheduled_tasks SET priority = 0 WHERE priority IS NULL;
