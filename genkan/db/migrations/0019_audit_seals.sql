-- keeps: 0018
-- The sealed chain over the records (docs/audit.md). A record's `batch` is 0 until it is sealed; its
-- `resources` are lines of type, tab and name between line feeds. `members` is JSON: the id and the
-- SHA-256 of each record in the batch's order. Digests are hexadecimal, signatures base64; times
-- are epoch milliseconds.
ALTER TABLE audit_events ADD COLUMN batch {int64} NOT NULL DEFAULT 0;
ALTER TABLE audit_events ADD COLUMN resources {text} NOT NULL DEFAULT '';
CREATE INDEX audit_events_batch ON audit_events (batch, event_time);
CREATE TABLE audit_batches (
    sequence {int64} PRIMARY KEY,
    made_at {int64} NOT NULL,
    records {int64} NOT NULL,
    first_time {int64} NOT NULL,
    last_time {int64} NOT NULL,
    horizon {int64} NOT NULL,
    previous {text} NOT NULL,
    digest {text} NOT NULL,
    signature {text} NOT NULL,
    members {text} NOT NULL
) {strict};
-- The last of the batches that `genkan audit prune` removed; one row at most.
CREATE TABLE audit_pruned (
    sequence {int64} PRIMARY KEY,
    digest {text} NOT NULL,
    records {int64} NOT NULL,
    pruned_at {int64} NOT NULL,
    signature {text} NOT NULL
) {strict};
