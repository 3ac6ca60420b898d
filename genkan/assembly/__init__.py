"""Settings → application: the only place that constructs and wires.

`wiring` has what every assembly has, `sandbox` the one of `genkan up`, `node` those of
`genkan serve` and `genkan worker`, which know nothing of the sandbox.
"""
