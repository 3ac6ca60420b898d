-- Long-term access keys and signing keys; secrets sealed for their row (DESIGN §8).
CREATE TABLE access_keys (
    access_key_id {text} PRIMARY KEY,
    account_id {text} NOT NULL,
    user_name {text} NOT NULL,
    secret_sealed {bytes} NOT NULL,
    status {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX access_keys_user ON access_keys (account_id, user_name);
CREATE TABLE signing_keys (
    key_id {text} PRIMARY KEY,
    purpose {text} NOT NULL,
    private_key_sealed {bytes} NOT NULL,
    certificate {text} NOT NULL,
    state {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX signing_keys_purpose ON signing_keys (purpose, state);
