-- What instances gained (reference §1, §3.5): regions beside the primary one, access-control
-- attributes, tags, and the token under which an account instance was asked for. `attributes`,
-- `tags` and `network_configuration` are JSON, empty when there is none.
ALTER TABLE instances ADD COLUMN tags {text} NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN client_token {text} NOT NULL DEFAULT '';
ALTER TABLE instances ADD COLUMN request_digest {text} NOT NULL DEFAULT '';
CREATE TABLE instance_regions (
    instance_id {text} NOT NULL,
    region_name {text} NOT NULL,
    status {text} NOT NULL,
    added_at {int64} NOT NULL,
    PRIMARY KEY (instance_id, region_name)
) {strict};
CREATE TABLE instance_access_control_attributes (
    instance_id {text} PRIMARY KEY,
    attributes {text} NOT NULL
) {strict};
ALTER TABLE identity_stores ADD COLUMN network_configuration {text} NOT NULL DEFAULT '';
CREATE INDEX identity_stores_owner ON identity_stores (owner_account_id, id);
