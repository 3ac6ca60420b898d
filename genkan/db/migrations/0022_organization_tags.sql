-- keeps: 0020
-- Tags of roots, units and accounts; a policy's are in its own row. `tags` is a JSON object.
CREATE TABLE organization_tags (
    resource_id {text} PRIMARY KEY,
    tags {text} NOT NULL
) {strict};
