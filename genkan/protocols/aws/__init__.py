"""AWS's own protocols: signatures, JSON 1.1, REST JSON and Query, driven by AWS's models.

Owns what stands between raw bytes and named parameters: `identify` (which operation is this),
`sigv4` (who signed it), decoding with validation, encoding of results and errors. Leaves to
others: finding secrets, deciding anything, the HTTP server. Pure functions; time is a parameter.

Reading order: `wire` (request and response), `model`, `walker`, then one codec.
"""
