-- What stands inside a sandbox account: roles, policies, SAML providers, users (reference §3.4).
-- `*_key` is the name in lower case: IAM names are unique without regard to case.
CREATE TABLE iam_roles (
    account_id {text} NOT NULL,
    role_name {text} NOT NULL,
    role_key {text} NOT NULL,
    path {text} NOT NULL,
    role_id {text} NOT NULL,
    trust_policy {text} NOT NULL,
    description {text} NOT NULL,
    max_session_duration {int64} NOT NULL,
    boundary_arn {text} NOT NULL,
    tags {text} NOT NULL,
    created_at {int64} NOT NULL,
    PRIMARY KEY (account_id, role_name)
) {strict};
CREATE UNIQUE INDEX iam_roles_key ON iam_roles (account_id, role_key);
CREATE TABLE iam_role_policies (
    account_id {text} NOT NULL,
    role_name {text} NOT NULL,
    policy_name {text} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (account_id, role_name, policy_name)
) {strict};
CREATE TABLE iam_role_attachments (
    account_id {text} NOT NULL,
    role_name {text} NOT NULL,
    policy_arn {text} NOT NULL,
    PRIMARY KEY (account_id, role_name, policy_arn)
) {strict};
CREATE TABLE iam_policies (
    policy_arn {text} PRIMARY KEY,
    account_id {text} NOT NULL,
    policy_name {text} NOT NULL,
    policy_key {text} NOT NULL,
    path {text} NOT NULL,
    policy_id {text} NOT NULL,
    description {text} NOT NULL,
    default_version_id {text} NOT NULL,
    created_at {int64} NOT NULL,
    updated_at {int64} NOT NULL
) {strict};
CREATE UNIQUE INDEX iam_policies_key ON iam_policies (account_id, policy_key);
CREATE TABLE iam_policy_versions (
    policy_arn {text} NOT NULL,
    version_id {text} NOT NULL,
    document {text} NOT NULL,
    created_at {int64} NOT NULL,
    PRIMARY KEY (policy_arn, version_id)
) {strict};
CREATE TABLE iam_saml_providers (
    account_id {text} NOT NULL,
    name {text} NOT NULL,
    uuid {text} NOT NULL,
    metadata {text} NOT NULL,
    created_at {int64} NOT NULL,
    valid_until {int64} NOT NULL,
    PRIMARY KEY (account_id, name)
) {strict};
CREATE TABLE iam_users (
    account_id {text} NOT NULL,
    user_name {text} NOT NULL,
    user_key {text} NOT NULL,
    path {text} NOT NULL,
    user_id {text} NOT NULL,
    created_at {int64} NOT NULL,
    PRIMARY KEY (account_id, user_name)
) {strict};
CREATE UNIQUE INDEX iam_users_key ON iam_users (account_id, user_key);
CREATE TABLE iam_user_attachments (
    account_id {text} NOT NULL,
    user_name {text} NOT NULL,
    policy_arn {text} NOT NULL,
    PRIMARY KEY (account_id, user_name, policy_arn)
) {strict};
