-- CloudTrail-shaped records. The columns beside `record` are what LookupEvents searches.
CREATE TABLE audit_events (
    event_id {text} PRIMARY KEY,
    event_time {int64} NOT NULL,
    account_id {text} NOT NULL,
    event_name {text} NOT NULL,
    event_source {text} NOT NULL,
    user_name {text} NOT NULL,
    access_key_id {text} NOT NULL,
    read_only {int64} NOT NULL,
    record {text} NOT NULL
) {strict};
CREATE INDEX audit_events_time ON audit_events (account_id, event_time, event_id);
