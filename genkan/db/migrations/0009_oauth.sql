-- Device codes, authorization codes, grants and tokens (reference §8.3). Secrets are kept as hashes
-- only. A registered client has no row: its id and secret are signed and carry all it said.
CREATE TABLE device_authorizations (
    request_id {text} PRIMARY KEY,
    device_code_hash {bytes} NOT NULL UNIQUE,
    -- A keyed hash: eight letters alone could be found by trying them all.
    user_code_hash {bytes} NOT NULL UNIQUE,
    client_key {bytes} NOT NULL,
    client_name {text} NOT NULL,
    scopes {text} NOT NULL,
    source {text} NOT NULL,
    state {text} NOT NULL,
    user_id {text} NOT NULL,
    session_id {text} NOT NULL,
    -- When the next poll is due, epoch milliseconds.
    next_poll_at {int64} NOT NULL,
    created_at {int64} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX device_authorizations_source ON device_authorizations (source, expires_at);
CREATE INDEX device_authorizations_end ON device_authorizations (expires_at);

-- User codes that a signed-in person tried and that did not exist.
CREATE TABLE user_code_guesses (
    user_id {text} PRIMARY KEY,
    guesses {int64} NOT NULL,
    counted_from {int64} NOT NULL
) {strict};

CREATE TABLE authorization_codes (
    code_hash {bytes} PRIMARY KEY,
    -- The grant that this code gives or gave, so that its reuse can take it back.
    grant_id {text} NOT NULL,
    client_key {bytes} NOT NULL,
    client_name {text} NOT NULL,
    redirect_uri {text} NOT NULL,
    code_challenge {text} NOT NULL,
    scopes {text} NOT NULL,
    user_id {text} NOT NULL,
    session_id {text} NOT NULL,
    -- 0: not used yet.
    used_at {int64} NOT NULL,
    expires_at {int64} NOT NULL,
    -- Kept so long after use that a reuse is recognised.
    keep_until {int64} NOT NULL
) {strict};
CREATE INDEX authorization_codes_end ON authorization_codes (keep_until);

CREATE TABLE token_grants (
    grant_id {text} PRIMARY KEY,
    client_key {bytes} NOT NULL,
    client_name {text} NOT NULL,
    scopes {text} NOT NULL,
    user_id {text} NOT NULL,
    session_id {text} NOT NULL,
    created_at {int64} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX token_grants_user ON token_grants (user_id);
CREATE INDEX token_grants_session ON token_grants (session_id);
CREATE INDEX token_grants_end ON token_grants (expires_at);

CREATE TABLE access_tokens (
    token_hash {bytes} PRIMARY KEY,
    token_id {text} NOT NULL UNIQUE,
    grant_id {text} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX access_tokens_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_end ON access_tokens (expires_at);

CREATE TABLE refresh_tokens (
    token_hash {bytes} PRIMARY KEY,
    grant_id {text} NOT NULL,
    -- 0: not used yet.
    used_at {int64} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_end ON refresh_tokens (expires_at);
