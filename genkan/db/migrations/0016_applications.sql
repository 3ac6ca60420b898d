-- Applications with what hangs on them, and trusted token issuers (reference §5).
-- `sign_in_options`, `document` and `tags` are JSON. A part is an access scope, an authentication
-- method or a grant: `kind` says which, `name` is the scope, the method's type or the grant's.
-- A client token is remembered as long as what it made, with a digest of the request that made it.
CREATE TABLE applications (
    application_id {text} PRIMARY KEY,
    instance_id {text} NOT NULL,
    application_account {text} NOT NULL,
    application_provider_arn {text} NOT NULL,
    name {text} NOT NULL,
    description {text} NOT NULL,
    status {text} NOT NULL,
    visibility {text} NOT NULL,
    sign_in_options {text} NOT NULL,
    assignment_required {int64} NOT NULL,
    background_sessions {text} NOT NULL,
    tags {text} NOT NULL,
    client_token {text},
    request_digest {text} NOT NULL,
    created_from {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX applications_instance ON applications (instance_id, application_id);
CREATE INDEX applications_account ON applications (instance_id, application_account, application_id);
CREATE INDEX applications_provider
    ON applications (instance_id, application_provider_arn, application_id);
CREATE UNIQUE INDEX applications_client_token
    ON applications (instance_id, application_account, client_token);
CREATE TABLE application_assignments (
    application_id {text} NOT NULL,
    principal_id {text} NOT NULL,
    principal_type {text} NOT NULL,
    PRIMARY KEY (application_id, principal_id, principal_type)
) {strict};
CREATE INDEX application_assignments_principal
    ON application_assignments (principal_id, application_id);
CREATE TABLE application_parts (
    application_id {text} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (application_id, kind, name)
) {strict};
CREATE TABLE trusted_token_issuers (
    issuer_id {text} PRIMARY KEY,
    instance_id {text} NOT NULL,
    account_id {text} NOT NULL,
    name {text} NOT NULL,
    issuer_url {text} NOT NULL,
    claim_attribute_path {text} NOT NULL,
    identity_store_attribute_path {text} NOT NULL,
    jwks_retrieval_option {text} NOT NULL,
    tags {text} NOT NULL,
    client_token {text},
    request_digest {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE INDEX trusted_token_issuers_instance ON trusted_token_issuers (instance_id, issuer_id);
CREATE UNIQUE INDEX trusted_token_issuers_url ON trusted_token_issuers (instance_id, issuer_url);
CREATE UNIQUE INDEX trusted_token_issuers_client_token
    ON trusted_token_issuers (instance_id, account_id, client_token);
