-- The installation's own keys, each wrapped by the key-encryption key, which is never here.
-- `purpose`: "seal" for data keys, of which one is active; "root" for the one secret that everything
-- else is derived from. `state`: active; retiring while values that it sealed are sealed anew.
CREATE TABLE data_keys (
    key_id {text} PRIMARY KEY,
    purpose {text} NOT NULL,
    state {text} NOT NULL,
    wrapped {bytes} NOT NULL,
    -- What the key-encryption key is called; tells nothing of it.
    wrapped_by {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE UNIQUE INDEX data_keys_active ON data_keys (purpose) WHERE state = 'active';
