-- What `sandbox.json` tells, sealed: the sample users' passwords and the administrator's key.
CREATE TABLE sandbox_facts (
    name {text} PRIMARY KEY,
    sealed {bytes} NOT NULL
) {strict};
