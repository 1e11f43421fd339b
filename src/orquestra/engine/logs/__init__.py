"""Output of tasks, nodes and installers: kept in files, handed out as archives and streams."""
