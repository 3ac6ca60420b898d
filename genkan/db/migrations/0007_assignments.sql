-- Who has which permission set where, what was asked for, and which role stands for it (§3.4, §4).
CREATE TABLE assignments (
    instance_id {text} NOT NULL,
    account_id {text} NOT NULL,
    permission_set_id {text} NOT NULL,
    principal_type {text} NOT NULL,
    principal_id {text} NOT NULL,
    created_at {int64} NOT NULL,
    PRIMARY KEY (account_id, permission_set_id, principal_id, principal_type)
) {strict};
CREATE INDEX assignments_principal
    ON assignments (principal_id, account_id, permission_set_id, principal_type, instance_id);
-- `kind` is CREATION, DELETION, PROVISIONING, or TARGET for one account of a PROVISIONING of all.
CREATE TABLE assignment_requests (
    request_id {text} PRIMARY KEY,
    instance_id {text} NOT NULL,
    kind {text} NOT NULL,
    status {text} NOT NULL,
    failure_reason {text} NOT NULL,
    account_id {text} NOT NULL,
    permission_set_id {text} NOT NULL,
    principal_type {text} NOT NULL,
    principal_id {text} NOT NULL,
    parent_id {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX assignment_requests_listed
    ON assignment_requests (instance_id, kind, created_at, request_id);
CREATE INDEX assignment_requests_running
    ON assignment_requests (status, permission_set_id, account_id);
CREATE INDEX assignment_requests_targets ON assignment_requests (parent_id, status);
CREATE INDEX assignment_requests_age ON assignment_requests (created_at);
-- `content_hash` is what the role says; empty until it was made once.
CREATE TABLE provisioned_permission_sets (
    account_id {text} NOT NULL,
    permission_set_id {text} NOT NULL,
    instance_id {text} NOT NULL,
    role_name {text} NOT NULL,
    role_path {text} NOT NULL,
    role_arn {text} NOT NULL,
    saml_provider_name {text} NOT NULL,
    content_hash {text} NOT NULL,
    created_at {int64} NOT NULL,
    updated_at {int64} NOT NULL,
    PRIMARY KEY (account_id, permission_set_id)
) {strict};
CREATE INDEX provisioned_permission_sets_set
    ON provisioned_permission_sets (permission_set_id, account_id);
CREATE UNIQUE INDEX provisioned_permission_sets_role ON provisioned_permission_sets (role_arn);
CREATE TABLE provisioned_accounts (
    instance_id {text} NOT NULL,
    account_id {text} NOT NULL,
    saml_provider_name {text} NOT NULL,
    PRIMARY KEY (instance_id, account_id)
) {strict};
