"""Programs that cannot be run, and the errors that say so."""

import threading

from orquestra import sdk


@sdk.task
def one(x=0):
    return x


@sdk.task
def pair():
    return 1, 2


@sdk.workflow
def no_tasks():
    return 1


@sdk.workflow
def nothing_returned():
    one()


@sdk.workflow
def too_many_arguments():
    return one(1, 2)


@sdk.workflow
def an_unknown_argument():
    return one(y=1)


@sdk.workflow
def a_task_that_was_not_called():
    return one


@sdk.workflow
def a_task_as_an_argument():
    return one(pair)


@sdk.workflow
def a_result_in_a_set():
    return one({pair()})


@sdk.workflow
def a_dictionary_with_a_result():
    return {"result": one()}


@sdk.workflow
def a_value_that_cannot_be_sent():
    return one(threading.Lock())


@sdk.workflow
def a_generator():
    return (one(n) for n in range(2))


@sdk.workflow
def resources_of_an_element():
    return pair()[0].with_resources(cpu="1")


@sdk.workflow
def an_image_of_an_element():
    return pair()[0].with_custom_image("mine:1")


@sdk.workflow
def variables_of_an_element():
    return pair()[0].with_env_variables({"A": "1"})


@sdk.workflow
def an_element_of_one_output():
    return one()[0]


@sdk.workflow
def unpacking_one_output():
    a, b = one()
    return a, b


@sdk.workflow
def unpacking_into_too_many():
    a, b, c = pair()
    return a, b, c


@sdk.workflow
def an_element_beyond_the_last():
    return pair()[2]


@sdk.workflow
def an_element_before_the_first():
    return pair()[-9]


@sdk.workflow
def an_element_by_name():
    return pair()["a"]


@sdk.workflow
def arithmetic():
    return one() + 1


@sdk.workflow
def ordering():
    return one() < one()


@sdk.workflow
def the_length_of_a_result():
    return one(len(one()))


@sdk.workflow
def calling_a_result():
    return one()()


@sdk.workflow
def an_attribute_of_a_result():
    return one().shape


@sdk.workflow
def a_part_of_a_cpu():
    return sdk.task(one, resources=sdk.Resources(cpu="1.5"))()


@sdk.workflow
def a_part_of_a_gpu():
    return sdk.task(one, resources=sdk.Resources(gpu="0.5"))()


@sdk.workflow
def cpus_that_are_no_quantity():
    return sdk.task(one, resources=sdk.Resources(cpu="many"))()


@sdk.workflow
def no_outputs():
    return sdk.task(one, n_outputs=0)()


@sdk.workflow
def outputs_as_a_text():
    return sdk.task(one, n_outputs="2")()


@sdk.workflow
def a_builtin():
    return sdk.task(len)([])


@sdk.workflow
def a_token_as_a_text():
    github = sdk.GithubImport("org/project", personal_access_token="token")
    return sdk.task(one, dependency_imports=[github])()


@sdk.workflow
def extras_without_a_package():
    github = sdk.GithubImport("org/project", extras=["a"])
    return sdk.task(one, dependency_imports=[github])()


@sdk.workflow
def a_password_in_an_address():
    git = sdk.GitImport(repo_url="https://user:password@example.com/project", git_ref="main")
    return sdk.task(one, dependency_imports=[git])()
