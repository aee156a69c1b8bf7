-- The span of a request, with which what is done for it later is linked; null in the rows of earlier versions
ALTER TABLE cancellation_request ADD COLUMN span_id varchar(16);
