-- What an installation made by `genkan init` says of itself. `state`: begun, ready.
CREATE TABLE installation (
    name {text} PRIMARY KEY,
    value {text} NOT NULL
) {strict};
