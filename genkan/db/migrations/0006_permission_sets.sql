-- Permission sets and the policies attached to them (reference §3). `boundary` is JSON or empty.
-- Only the organization instance has permission sets (§1.1), so a name is unique by itself.
CREATE TABLE permission_sets (
    permission_set_id {text} PRIMARY KEY,
    instance_id {text} NOT NULL,
    name {text} NOT NULL,
    description {text} NOT NULL,
    session_duration {text} NOT NULL,
    relay_state {text} NOT NULL,
    inline_policy {text} NOT NULL,
    boundary {text} NOT NULL,
    content_hash {text} NOT NULL,
    tags {text} NOT NULL,
    created_at {int64} NOT NULL
) {strict};
CREATE UNIQUE INDEX permission_sets_name ON permission_sets (name);
CREATE INDEX permission_sets_instance ON permission_sets (instance_id, permission_set_id);
CREATE TABLE permission_set_managed_policies (
    permission_set_id {text} NOT NULL,
    policy_arn {text} NOT NULL,
    PRIMARY KEY (permission_set_id, policy_arn)
) {strict};
CREATE TABLE permission_set_customer_policies (
    permission_set_id {text} NOT NULL,
    path {text} NOT NULL,
    name {text} NOT NULL,
    PRIMARY KEY (permission_set_id, path, name)
) {strict};
