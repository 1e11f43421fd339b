from orquestra import sdk


@sdk.task
def make_data(n, *, scale):
    return [scale * i for i in range(n)]


@sdk.task(
    resources=sdk.Resources(cpu="2", memory="2Gi"),
    custom_image="registry.example.com/team/trainer:1.0",
    dependency_imports=[sdk.PythonImports("numpy>=1.26")],
    max_retries=1,
    env_vars={"OMP_NUM_THREADS": "2"},
)
def summarise(data, weights):
    return sum(data), len(weights)


@sdk.workflow(
    resources=sdk.Resources(cpu="4", memory="8Gi", nodes=2),
    head_node_resources=sdk.Resources(cpu="1", memory="2Gi"),
)
def train_demo():
    data = make_data(4, scale=0.5)
    total, count = summarise(data, weights={1, 2, 3})
    return total, count
