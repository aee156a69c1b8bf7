-- When it was last started again; null where it was not. requested_at stays that of the first request
ALTER TABLE cancellation ADD COLUMN restarted_at timestamp(6) with time zone;
