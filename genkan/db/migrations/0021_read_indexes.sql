-- keeps: 0020
-- Lists that are read often (docs/benchmarks.md). `listed` is a user as ListUsers tells it, JSON in
-- AWS's names, as of `listed_revision`: a user that a node of the release before changed, or that
-- was there before, is told from its other columns until it is changed again.
ALTER TABLE users ADD COLUMN listed {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN listed_revision {int64} NOT NULL DEFAULT 0;
-- Which accounts have a permission set, and whether its role is up to date, from the index alone.
DROP INDEX provisioned_permission_sets_set;
CREATE INDEX provisioned_permission_sets_set
    ON provisioned_permission_sets (permission_set_id, account_id, content_hash);
