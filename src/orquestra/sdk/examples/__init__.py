"""Small workflows to try things out with.

Here belong `workflow_defs`, whose code travels with the workflow, and `exportable_wf`, whose code
is taken from a git repository. Whatever is worth reading as an example of use belongs into the
folder `examples` of the repository.
"""
