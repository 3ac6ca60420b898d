-- Instances of Identity Center (reference §1). One organization instance; account instances later.
CREATE TABLE instances (
    id {text} PRIMARY KEY,
    arn {text} NOT NULL UNIQUE,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    identity_store_id {text} NOT NULL UNIQUE,
    owner_account_id {text} NOT NULL UNIQUE,
    region {text} NOT NULL,
    alias {text} UNIQUE,
    status {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX instances_kind ON instances (kind);
