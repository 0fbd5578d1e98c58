"""The configuration templates as `tickwright config template` prints them: links to deploy/config (catalogue: K8)."""
