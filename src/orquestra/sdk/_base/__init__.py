"""Where earlier releases, 0.57 among them, had what 1.1 has in `orquestra.sdk._client._base`."""
