"""From calls of tasks in a workflow function to the graph that becomes the definition."""
