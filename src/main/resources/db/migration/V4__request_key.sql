-- Tells a request's row from any other: who repeats an INSERT whose commit got no answer finds it by this key. Null in
-- the rows of earlier versions
ALTER TABLE cancellation_request ADD COLUMN request_key uuid;
