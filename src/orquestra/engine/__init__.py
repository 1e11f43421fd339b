"""The Compute Engine: the service that stores workflow definitions, runs them, keeps results.

A folder per domain, with the same few files in each: `endpoints` (FastAPI), `service` (what can
be done), `store` (queries, nowhere else). `reconciling` makes what exists agree with what should;
`provisioning` starts and stops containers; `assembly` puts an engine together and
`serving` serves until told to stop.
The engine imports the SDK's contracts, never the executor: they meet on the wire only.
"""
