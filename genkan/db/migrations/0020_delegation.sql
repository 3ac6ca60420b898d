-- Which services may work in the organization, and which accounts administer them (reference §1.7,
-- §10). An organization instance comes with trusted access for sso.amazonaws.com.
CREATE TABLE organization_service_access (
    service_principal {text} PRIMARY KEY,
    enabled_at {int64} NOT NULL
) {strict};
INSERT INTO organization_service_access
    SELECT 'sso.amazonaws.com', created_at FROM instances WHERE kind = 'ORGANIZATION';
CREATE TABLE delegated_administrators (
    account_id {text} NOT NULL,
    service_principal {text} NOT NULL,
    enabled_at {int64} NOT NULL,
    PRIMARY KEY (account_id, service_principal)
) {strict};
CREATE INDEX delegated_administrators_service
    ON delegated_administrators (service_principal, account_id);
-- Versions of a customer managed policy are numbered on, whatever was deleted. `tags` is JSON.
ALTER TABLE iam_policies ADD COLUMN last_version {int64} NOT NULL DEFAULT 1;
ALTER TABLE iam_policies ADD COLUMN tags {text} NOT NULL DEFAULT '[]';
CREATE INDEX iam_role_attachments_policy ON iam_role_attachments (policy_arn, account_id);
CREATE INDEX iam_user_attachments_policy ON iam_user_attachments (policy_arn, account_id);
-- Service control policies (reference §10). AWS's own `p-FullAWSAccess` has attachments, but no row.
CREATE TABLE organization_policy_types (
    policy_type {text} PRIMARY KEY,
    enabled_at {int64} NOT NULL
) {strict};
CREATE TABLE organization_policies (
    policy_id {text} PRIMARY KEY,
    name {text} NOT NULL UNIQUE,
    description {text} NOT NULL,
    content {text} NOT NULL,
    tags {text} NOT NULL
) {strict};
CREATE TABLE organization_policy_attachments (
    target_id {text} NOT NULL,
    policy_id {text} NOT NULL,
    PRIMARY KEY (target_id, policy_id)
) {strict};
CREATE INDEX organization_policy_attachments_policy
    ON organization_policy_attachments (policy_id, target_id);
