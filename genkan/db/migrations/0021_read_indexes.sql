-- keeps: 0020
-- Lists that are read often (docs/benchmarks.md). `listed` is a user as ListUsers tells it or a group
-- as ListGroups does, JSON in AWS's names, as of `listed_revision`: what a node of the release before
-- changed, or was there before, is told from its other columns until it is changed again.
ALTER TABLE users ADD COLUMN listed {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN listed_revision {int64} NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN listed {text} NOT NULL DEFAULT '';
ALTER TABLE groups ADD COLUMN listed_revision {int64} NOT NULL DEFAULT 0;
-- Which accounts have a permission set, and whether its role is up to date, from the index alone.
DROP INDEX provisioned_permission_sets_set;
CREATE INDEX provisioned_permission_sets_set
    ON provisioned_permission_sets (permission_set_id, account_id, content_hash);
-- The members of a group from the index alone, wherever their rows lie; that a user is in a group
-- once is what `group_memberships_of_user` says, too.
DROP INDEX group_memberships_of_group;
CREATE INDEX group_memberships_of_group
    ON group_memberships (group_id, user_id, id, created_at, created_by);
-- Lists of requests, those of one status among them, from the index alone.
DROP INDEX assignment_requests_listed;
CREATE INDEX assignment_requests_listed
    ON assignment_requests (instance_id, kind, created_at, request_id, status);
