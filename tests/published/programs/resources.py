"""Resources, images, variables and repeats, on tasks, calls and workflows."""

from orquestra import sdk


@sdk.task
def plain():
    return 1


@sdk.task(resources=sdk.Resources(cpu="2", memory="2Gi", disk="10G", gpu="1"))
def demanding():
    return 1


@sdk.task(resources=sdk.Resources(cpu="500m", memory="100M"))
def modest():
    return 1


@sdk.task(resources=sdk.Resources(gpu=2))
def gpus_as_a_number():
    return 1


@sdk.task(resources=sdk.Resources(cpu="1", nodes=3))
def nodes_of_a_task():
    return 1


@sdk.task(custom_image="registry.example.com/team/image:1")
def in_an_image():
    return 1


@sdk.task(custom_image="registry.example.com/team/gpu:1", resources=sdk.Resources(gpu="1"))
def in_an_image_with_a_gpu():
    return 1


@sdk.task(env_vars={"A": "1", "B": ""})
def with_variables():
    return 1


@sdk.task(max_retries=3)
def repeated():
    return 1


@sdk.task(max_retries=0, env_vars={})
def nothing_asked_for():
    return 1


@sdk.task(resources=sdk.Resources(cpu="1"), n_outputs=2)
def two_outputs():
    return 1, 2


@sdk.task(resources=sdk.Resources(gpu="0"))
def no_gpu():
    return 1


@sdk.workflow
def none_at_all():
    return plain(), nothing_asked_for()


@sdk.workflow
def of_a_task():
    return demanding(), modest()


@sdk.workflow
def gpus_are_numbers_or_texts():
    return gpus_as_a_number(), plain().with_resources(gpu=1)


@sdk.workflow
def nodes_of_a_task_are_dropped():
    return nodes_of_a_task()


@sdk.workflow
def of_a_call():
    return plain().with_resources(cpu="4", memory="1Ti"), demanding().with_resources(memory="1Gi")


@sdk.workflow
def cleared_by_a_call():
    task = demanding()
    return task, task.with_resources(cpu=None, memory=None, disk=None), task.with_resources()


@sdk.workflow
def all_at_once():
    return plain().with_invocation_meta(
        cpu="1", memory="1Gi", disk="1Gi", gpu="1", custom_image="mine:1", env_vars={"X": "y"}
    )


@sdk.workflow
def one_after_another():
    future = plain().with_resources(cpu="1").with_custom_image("mine:2")
    return future.with_env_variables({"X": "y"}).with_resources(memory="1Gi")


@sdk.workflow
def images():
    return (
        in_an_image(),
        in_an_image().with_custom_image("another:2"),
        in_an_image().with_custom_image(None),
        plain().with_custom_image("mine:1"),
    )


@sdk.workflow
def images_of_tasks_with_gpus():
    return (
        plain().with_resources(gpu="1"),
        in_an_image_with_a_gpu(),
        in_an_image().with_resources(gpu="1"),
    )


@sdk.workflow
def variables():
    return (
        with_variables(),
        with_variables().with_env_variables({"C": "3"}),
        with_variables().with_env_variables(None),
        plain().with_env_variables({}),
    )


@sdk.workflow
def repeats():
    return repeated()


@sdk.workflow
def set_before_unpacking():
    first, second = two_outputs().with_resources(cpu="2")
    return first, second


@sdk.workflow(resources=sdk.Resources(cpu="8", memory="16Gi", disk="1T", gpu="2", nodes=4))
def of_the_workflow():
    return plain()


@sdk.workflow(resources=sdk.Resources(), head_node_resources=sdk.Resources())
def empty_ones_of_the_workflow():
    return plain()


@sdk.workflow(head_node_resources=sdk.Resources(cpu="1", memory="2Gi", disk="5Gi"))
def of_the_head_node():
    return plain()


@sdk.workflow(head_node_image="registry.example.com/head:1")
def head_node_image():
    return plain()


changed_workflow_resources = of_the_workflow().with_resources(cpu="1", gpu=None, nodes=None)
resources_for_a_workflow_without = none_at_all().with_resources(memory="3Gi", nodes=2)
changed_head_node_resources = of_the_head_node().with_head_node_resources(memory="9Gi")
a_head_node_for_a_workflow_without = none_at_all().with_head_node_resources(cpu="2")
another_head_node_image = none_at_all().with_head_node_image(image="registry.example.com/head:2")
the_default_head_node_image_again = head_node_image().with_head_node_image(image=None)


# A GPU count of zero chose the image for GPUs.


@sdk.workflow
def no_gpus():
    return no_gpu()


@sdk.workflow
def a_gpu_cleared_by_a_call():
    return demanding().with_resources(gpu=None)
