-- Passwords, the lock-out and interactive sessions (DESIGN §5, §8; reference §6).
CREATE TABLE passwords (
    user_id {text} PRIMARY KEY,
    -- Argon2id as a PHC string; never the password.
    password_hash {text} NOT NULL,
    state {text} NOT NULL,
    -- Changes whenever the password does: what was verified must still be what stands.
    version {text} NOT NULL,
    changed_at {int64} NOT NULL
) {strict};

-- Attempts since the last success. The key is a keyed hash of what is counted: no user name can be
-- read here, whether it exists or not.
CREATE TABLE sign_in_attempts (
    counter_key {bytes} PRIMARY KEY,
    attempts {int64} NOT NULL,
    blocked_until {int64} NOT NULL,
    counted_at {int64} NOT NULL
) {strict};
CREATE INDEX sign_in_attempts_age ON sign_in_attempts (counted_at);

CREATE TABLE interactive_sessions (
    session_id {text} PRIMARY KEY,
    token_hash {bytes} NOT NULL UNIQUE,
    user_id {text} NOT NULL,
    identity_store_id {text} NOT NULL,
    source_ip {text} NOT NULL,
    user_agent {text} NOT NULL,
    created_at {int64} NOT NULL,
    last_used_at {int64} NOT NULL,
    expires_at {int64} NOT NULL
) {strict};
CREATE INDEX interactive_sessions_user ON interactive_sessions (user_id);
CREATE INDEX interactive_sessions_end ON interactive_sessions (expires_at);
