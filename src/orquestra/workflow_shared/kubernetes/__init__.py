"""Another name of `orquestra.sdk.kubernetes`."""
