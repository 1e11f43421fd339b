"""Other names of the modules of `orquestra.sdk.schema`."""
