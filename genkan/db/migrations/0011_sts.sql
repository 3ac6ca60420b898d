-- Role sessions: temporary credentials, their holder and what they hang on.
CREATE TABLE role_sessions (
    access_key_id {text} PRIMARY KEY,
    secret_sealed {bytes} NOT NULL,
    token_hash {bytes} NOT NULL,
    account_id {text} NOT NULL,
    role_id {text} NOT NULL,
    role_name {text} NOT NULL,
    role_arn {text} NOT NULL,
    session_name {text} NOT NULL,
    source {text} NOT NULL,
    person_id {text} NOT NULL,
    parent {text} NOT NULL,
    session_policy {text} NOT NULL,
    tags {text} NOT NULL,
    issued_at {int64} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX role_sessions_expiry ON role_sessions (expires_at);
CREATE INDEX role_sessions_person ON role_sessions (person_id);
-- Assertions already exchanged; a row stays until the assertion could no longer be accepted.
CREATE TABLE used_assertions (
    assertion_hash {bytes} PRIMARY KEY,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX used_assertions_expiry ON used_assertions (expires_at);
