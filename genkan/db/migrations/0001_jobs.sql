-- The leased job table: claim, heartbeat, fence, back-off, dead letter (DESIGN §7).
CREATE TABLE jobs (
    id {text} PRIMARY KEY,
    kind {text} NOT NULL,
    payload {text} NOT NULL,
    concurrency_key {text} NOT NULL,
    state {text} NOT NULL,
    attempts {int64} NOT NULL,
    run_at {int64} NOT NULL,
    lease_until {int64} NOT NULL,
    fence {int64} NOT NULL,
    error {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX jobs_due ON jobs (state, run_at, id);
CREATE INDEX jobs_key ON jobs (concurrency_key, state);
