-- The organization: its root, organizational units and accounts (reference §10).
-- "path" is AWS's own: organization, root and units from the top, each with a slash behind it.
CREATE TABLE organizations (
    id {text} PRIMARY KEY,
    management_account_id {text} NOT NULL,
    root_id {text} NOT NULL UNIQUE,
    created_at {int64} NOT NULL
) {strict};
CREATE TABLE organizational_units (
    id {text} PRIMARY KEY,
    organization_id {text} NOT NULL REFERENCES organizations (id),
    parent_id {text} NOT NULL,
    name {text} NOT NULL,
    path {text} NOT NULL,
    depth {int64} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE UNIQUE INDEX organizational_units_name ON organizational_units (parent_id, name);
CREATE INDEX organizational_units_page ON organizational_units (parent_id, id);
CREATE TABLE accounts (
    id {text} PRIMARY KEY,
    organization_id {text} NOT NULL REFERENCES organizations (id),
    parent_id {text} NOT NULL,
    path {text} NOT NULL,
    name {text} NOT NULL,
    email {text} NOT NULL,
    email_folded {text} NOT NULL UNIQUE,
    alias {text} UNIQUE,
    environment {text} NOT NULL,
    colour {text} NOT NULL,
    status {text} NOT NULL,
    joined_method {text} NOT NULL,
    joined_at {int64} NOT NULL
) {strict};
CREATE INDEX accounts_page ON accounts (parent_id, id);
