"""See `orquestra.sdk._client`."""
