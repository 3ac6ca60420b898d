-- Identity stores with their users, groups and memberships (reference §2).
-- "_folded" columns hold compatibility caseless forms, computed in Python: engines fold ASCII only.
CREATE TABLE identity_stores (
    id {text} PRIMARY KEY,
    owner_account_id {text} NOT NULL,
    user_count {int64} NOT NULL,
    group_count {int64} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE TABLE users (
    id {text} PRIMARY KEY,
    identity_store_id {text} NOT NULL REFERENCES identity_stores (id),
    user_name {text} NOT NULL,
    user_name_folded {text} NOT NULL,
    display_name {text} NOT NULL,
    email_folded {text},
    status {text} NOT NULL,
    attributes {text} NOT NULL,
    extensions {text} NOT NULL,
    revision {int64} NOT NULL,
    created_at {int64} NOT NULL,
    created_by {text} NOT NULL,
    updated_at {int64} NOT NULL,
    updated_by {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX users_user_name ON users (identity_store_id, user_name_folded);
CREATE UNIQUE INDEX users_email ON users (identity_store_id, email_folded);
CREATE INDEX users_page ON users (identity_store_id, id);
CREATE TABLE groups (
    id {text} PRIMARY KEY,
    identity_store_id {text} NOT NULL REFERENCES identity_stores (id),
    display_name {text} NOT NULL,
    display_name_folded {text} NOT NULL,
    description {text},
    external_ids {text} NOT NULL,
    revision {int64} NOT NULL,
    created_at {int64} NOT NULL,
    created_by {text} NOT NULL,
    updated_at {int64} NOT NULL,
    updated_by {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX groups_display_name ON groups (identity_store_id, display_name_folded);
CREATE INDEX groups_page ON groups (identity_store_id, id);
CREATE TABLE group_memberships (
    id {text} PRIMARY KEY,
    identity_store_id {text} NOT NULL REFERENCES identity_stores (id),
    group_id {text} NOT NULL REFERENCES groups (id),
    user_id {text} NOT NULL REFERENCES users (id),
    created_at {int64} NOT NULL,
    created_by {text} NOT NULL
) {strict};
CREATE UNIQUE INDEX group_memberships_of_group ON group_memberships (group_id, user_id);
CREATE UNIQUE INDEX group_memberships_of_user ON group_memberships (user_id, group_id);
-- Who an external identity provider's id belongs to; the ids are also in their user or group.
CREATE TABLE external_ids (
    identity_store_id {text} NOT NULL REFERENCES identity_stores (id),
    resource_type {text} NOT NULL,
    issuer {text} NOT NULL,
    external_id {text} NOT NULL,
    resource_id {text} NOT NULL,
    PRIMARY KEY (identity_store_id, resource_type, issuer, external_id)
) {strict};
CREATE INDEX external_ids_resource ON external_ids (resource_id);
